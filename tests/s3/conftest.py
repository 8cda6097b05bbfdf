"""One MiniStack for all tests of this folder that ask for it."""

from ministack_puts import device, reader, run, store
from servers.running import authority, compiled, root_der, server, session

__all__ = [
    "authority",
    "compiled",
    "device",
    "reader",
    "root_der",
    "run",
    "server",
    "session",
    "store",
]
