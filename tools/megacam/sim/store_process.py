"""The process behind store.Store: MiniStack on a socket that its parent has bound.

It ends with its parent: standard input is a pipe whose end of file means that the parent is gone.
It starts MiniStack by itself, because the command `ministack` also binds port 443 if it can.
"""

import asyncio
import os
import shutil
import sys
import threading


def main() -> None:
    """Serve until standard input ends; argv: the socket's descriptor, a folder to remove then."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{int(sys.argv[1])}"]
    config.certfile = os.environ["MINISTACK_SSL_CERT"]
    config.keyfile = os.environ["MINISTACK_SSL_KEY"]
    # AWS closes an idle connection much sooner (5 to 20 s): the client must live with both.
    config.keep_alive_timeout = 75
    asyncio.run(serve(app, config))


def _die_with_parent() -> None:
    while os.read(0, 1):
        pass
    shutil.rmtree(sys.argv[2], ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
