"""Files on the board's flash, over its raw REPL: hashes, sizes, contents."""

import ast
import base64
import contextlib
import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from megacam.board.device import Device, DeviceError, RemoteError

# A file takes complete blocks of the ESP32's flash.
BLOCK_BYTES = 4096
# A line of 1 KB in base64: little of the board's heap, but enough to be worth a round trip.
_CHUNK_BYTES = 768
_HASHES = """
import binascii,hashlib
def _h(p):
 try:f=open(p,'rb')
 except OSError:return
 h=hashlib.sha256()
 b=bytearray(512)
 m=memoryview(b)
 while 1:
  n=f.readinto(b)
  if not n:break
  h.update(m[:n])
 f.close()
 return binascii.hexlify(h.digest()).decode()
"""
_REMOVE_TREE = """
import os
def _r(p):
 try:n=os.listdir(p)
 except OSError:
  try:os.remove(p)
  except OSError:pass
  return
 for x in n:_r(p+'/'+x)
 os.rmdir(p)
_r({path!r})
"""
_NO_SPACE = (str(errno.ENOSPC), "ENOSPC")
# littlefs may rewrite a folder of 100 files for each file that is moved or removed: 46 s.
SLOW_S = 180


class NoSpaceError(DeviceError):
    """The board's flash is full."""


class FlashError(DeviceError):
    """The board's flash cannot be read or written."""


def no_space(sizes: str = "") -> NoSpaceError:
    """Return the error for files that do not fit; `sizes` says how much is needed and free."""
    return NoSpaceError(
        f"the board's flash has no space{sizes}; remove your own files from it, or let its spool "
        "drain (the firmware on it is unchanged)"
    )


@contextlib.contextmanager
def flash_errors(board: Device) -> Iterator[None]:
    """Raise NoSpaceError or FlashError if a file operation on the board fails."""
    try:
        yield
    except RemoteError as error:
        if error.kind != "OSError":
            raise
        if any(word in error.text for word in _NO_SPACE):
            raise no_space() from None
        raise FlashError(
            f"the board's flash fails ({error.reason}); try again, and if it fails again, "
            "reinstall MicroPython with `megacam flash`, which erases everything"
        ) from None


def hashes(board: Device, paths: Iterable[str]) -> dict[str, str]:
    """Return {path: SHA-256 in hex} for those `paths` that are files on the board."""
    board.exec(_HASHES)
    found = {}
    names = list(paths)
    for i in range(0, len(names), 8):
        out = board.exec(f"for p in {names[i : i + 8]!r}:print(_h(p))")
        for name, digest in zip(names[i : i + 8], out.split(), strict=True):
            if digest != "None":
                found[name] = digest
    return found


def free_bytes(board: Device) -> int:
    """Return the number of free bytes in the flash."""
    # littlefs counts some blocks twice: on a full flash the free count wraps below zero.
    code = "import os\ns=os.statvfs('/')\nprint(s[0]*s[3]if s[3]<=s[2]else 0)"
    return int(board.exec(code))


def needed_bytes(contents: Iterable[bytes]) -> int:
    """Return how many bytes files with these contents take on the flash, in complete blocks."""
    return sum(-(-len(content) // BLOCK_BYTES) * BLOCK_BYTES for content in contents)


def listing(board: Device, folder: str, kind: str = "all") -> list[str]:
    """Return the names in a folder, all or only files; [] if the folder does not exist."""
    mask = 0x8000 if kind == "files" else 0xC000
    code = (
        f"import os\ntry:print([e[0]for e in os.ilistdir({folder!r})if e[1]&{mask}])\n"
        "except OSError:print([])"
    )
    return ast.literal_eval(board.exec(code).strip())


def read(board: Device, path: str) -> bytes | None:
    """Return the content of a small file, or None if it does not exist."""
    code = (
        f"import binascii\ntry:\n with open({path!r},'rb') as f:\n  while 1:\n"
        "   b=f.read(300)\n   if not b:break\n   print(binascii.b2a_base64(b).decode(),end='')\n"
        "except OSError:print('?')"
    )
    lines = board.exec(code).split()
    return None if "?" in lines else b"".join(base64.b64decode(line) for line in lines)


def write(
    board: Device, path: str, content: bytes, advance: Callable[[int], Any] = lambda n: None
) -> None:
    """Write a complete file; `advance` gets the number of bytes written."""
    try:
        board.exec(
            "import binascii\n"
            f"f=open({path!r},'wb')\n"
            "w=lambda s:f.write(binascii.a2b_base64(s))and None"
        )
        for i in range(0, len(content), _CHUNK_BYTES):
            chunk = content[i : i + _CHUNK_BYTES]
            board.exec(f"w({base64.b64encode(chunk)!r})")
            advance(len(chunk))
        board.exec("f.close()")
    except RemoteError:
        with contextlib.suppress(RemoteError):
            board.exec("f.close()")
        raise


def make_folders(board: Device, paths: Iterable[str]) -> None:
    """Create the parent folders of `paths`; remove a file that has the name of one."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    wanted = sorted(folders - {"/", "."})
    board.exec(
        f"import os\nfor p in {wanted!r}:\n try:os.mkdir(p)\n except OSError as e:\n"
        "  if e.errno!=17:raise\n"
        "  if os.stat(p)[0]!=0x4000:os.remove(p);os.mkdir(p)"
    )


def remove_tree(board: Device, path: str) -> None:
    """Remove a file, or a folder with everything in it; do nothing if it does not exist."""
    board.exec(_REMOVE_TREE.format(path=path), SLOW_S)


def sha256(content: bytes) -> str:
    """Return what hashes() gives for a file with this content."""
    return hashlib.sha256(content).hexdigest()
