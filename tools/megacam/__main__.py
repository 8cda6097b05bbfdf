"""`megacam`, and `python -m megacam`: load the command line and run it."""

import os
import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 misused, 130 interrupted."""
    usual = signal.getsignal(signal.SIGINT)
    # What is loaded in the first half second may not be ready to be interrupted. A Ctrl-C that
    # the shell has switched off stays off.
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from megacam import cli, console

    signal.signal(signal.SIGINT, usual)
    code = console.run(cli.app)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    sys.exit(code)


def _leave(number: int, frame: object) -> None:
    os.write(2, b"megacam: interrupted\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
