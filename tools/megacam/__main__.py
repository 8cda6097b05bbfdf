"""The entry point of `megacam` and `python -m megacam`: load the command line and run it."""

import os
import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
    usual = signal.getsignal(signal.SIGINT)
    # The imports take half a second, and some modules do not survive an interrupt while they load.
    # If the shell has disabled Ctrl-C, it stays disabled.
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
