"""Files on the board's flash, over its raw REPL: hashes, sizes, contents."""

import ast
import base64
import contextlib
import errno
import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from megacam.board import answer
from megacam.board.device import Device, DeviceError, GarbledError, RemoteError

#: Gets what the board has just done, or the number of bytes that it has just written.
Step = Callable[[str], Any]
Advance = Callable[[int], Any]

# A file takes complete blocks of the ESP32's flash.
BLOCK_BYTES = 4096
# A line of 1 KB in base64: little of the board's heap, but enough to be worth a round trip.
_CHUNK_BYTES = 768
# Reads of 512 bytes: littlefs takes them past its cache of 128.
_HASHES = """
import binascii,hashlib
_b=bytearray(512)
_m=memoryview(_b)
def _s(h):print('=',binascii.hexlify(h.digest()).decode())
def _h(p):
 try:f=open(p,'rb')
 except OSError:return print('=',None)
 h=hashlib.sha256()
 while 1:
  n=f.readinto(_b)
  if not n:break
  h.update(_m[:n])
 f.close()
 _s(h)
def _k(p):
 f=open(p,'rb')
 n=512
 while n==512:
  h=hashlib.sha256()
  k=0
  while n==512 and k<4096:
   n=f.readinto(_b)
   h.update(_m[:n])
   k+=n
  if k:_s(h)
 f.close()
"""
_REMOVE_TREE = """
import os
def _r(p):
 try:n=os.listdir(p)
 except OSError:
  try:
   os.remove(p)
   print('=',p)
  except OSError:pass
  return
 for x in n:_r(p+'/'+x)
 os.rmdir(p)
 print('=',p)
_r({path!r})
"""
_PATHS = """
import os
def _l(p,q):
 try:n=list(os.ilistdir(p))
 except OSError as e:
  if e.errno in(2,20):return
  raise
 for e in n:
  if e[1]!=0x4000:print('=',e[3],q+e[0])
  elif {is_deep}:_l(p+'/'+e[0],q+e[0]+'/')
_l({folder!r},'')
"""
# Copies `n` blocks from block `i` of the open file g to the open file f, and names each.
_COPY = """
_b=bytearray(512)
_m=memoryview(_b)
def c(i,n):
 g.seek(i*4096)
 for i in range(i,i+n):
  for j in range(8):f.write(_m[:g.readinto(_b)])
  print('=',i)
"""
_NO_SPACE = (str(errno.ENOSPC), "ENOSPC")
# A line of an answer begins with this; the ESP32 may write lines of its own between them.
_MARK = "= "


class NoSpaceError(DeviceError):
    """The board's flash is full."""


class FlashError(DeviceError):
    """The board's flash cannot be read or written."""


def no_step(text: str) -> None:
    """Ignore a step."""


def no_bytes(number: int) -> None:
    """Ignore how many bytes were written."""


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


def ask(board: Device, code: str, on_step: Step = no_step) -> list[str]:
    """Run `code` and return the lines that begin with "= ", without that; it is their mark.

    `on_step` gets each of them as it comes: they are the board's progress, other lines are not.
    """

    def on_line(line: str) -> bool:
        if is_answer := line.startswith(_MARK):
            on_step(answer.printable(line.removeprefix(_MARK)))
        return is_answer

    lines = board.exec(code, on_line=on_line).splitlines()
    return [line.removeprefix(_MARK) for line in lines if line.startswith(_MARK)]


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Raise GarbledError if the block cannot make sense of an answer."""
    try:
        yield
    except (ValueError, SyntaxError, IndexError):
        raise GarbledError from None


def hashes(board: Device, paths: Iterable[str], on_step: Step = no_step) -> dict[str, str]:
    """Return {path: SHA-256 in hex} for those `paths` that are files on the board.

    `on_step` gets each path whose file has been read.
    """
    ask(board, _HASHES)
    found = {}
    names = list(paths)
    for i in range(0, len(names), 8):
        left = iter(names[i : i + 8])
        digests = ask(
            board,
            f"for p in {names[i : i + 8]!r}:_h(p)",
            lambda line, left=left: on_step(next(left, "")),
        )
        with understood():
            for name, digest in zip(names[i : i + 8], digests, strict=True):
                if digest != "None":
                    found[name] = _digest(digest)
    return found


def _digest(text: str) -> str:
    if len(bytes.fromhex(text)) != hashlib.sha256().digest_size:
        raise ValueError
    return text


def same_blocks(board: Device, path: str, content: bytes, on_step: Step = no_step) -> list[int]:
    """Return the numbers of the blocks of `content` that the board's file has at the same place.

    A block has BLOCK_BYTES, except for the last.
    """
    ask(board, _HASHES)
    with understood():
        found = [_digest(text) for text in ask(board, f"_k({path!r})", on_step)]
    wanted = [sha256(block) for block in blocks(content)]
    return [i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a == b]


def blocks(content: bytes) -> list[bytes]:
    """Return `content` in blocks of BLOCK_BYTES; the last may be shorter."""
    return [content[i : i + BLOCK_BYTES] for i in range(0, len(content), BLOCK_BYTES)]


def free_bytes(board: Device) -> int:
    """Return the number of free bytes in the flash."""
    # littlefs counts some blocks twice: on a full flash the free count wraps below zero.
    code = "import os\ns=os.statvfs('/')\nprint('=',s[0]*s[3]if s[3]<=s[2]else 0)"
    with understood():
        return int(ask(board, code)[0])


def listing(board: Device, folder: str, kind: str = "all") -> list[str]:
    """Return the names in a folder, all or only files; [] if the folder does not exist."""
    mask = 0x8000 if kind == "files" else 0xC000
    code = (
        "import os\n"
        f"try:print('=',[e[0]for e in os.ilistdir({folder!r})if e[1]&{mask}])\n"
        "except OSError:print('=',[])"
    )
    with understood():
        return [str(name) for name in ast.literal_eval(ask(board, code)[0])]


def read(board: Device, path: str) -> bytes | None:
    """Return the content of a small file, or None if it does not exist."""
    code = (
        f"import binascii\ntry:\n with open({path!r},'rb') as f:\n  while 1:\n"
        "   b=f.read(300)\n   if not b:break\n"
        "   print('=',binascii.b2a_base64(b).decode(),end='')\n"
        "except OSError:print('=','?')"
    )
    lines = ask(board, code)
    with understood():
        return None if "?" in lines else b"".join(base64.b64decode(line) for line in lines)


def write(
    board: Device,
    path: str,
    content: bytes,
    advance: Advance = no_bytes,
    *,
    old: str = "",
    same: Collection[int] = (),
    on_step: Step = no_step,
) -> None:
    """Write a complete file; `advance` gets the number of bytes written, from the host only.

    The blocks with the numbers in `same` do not come from the host: the board copies them from
    its file `old`; `on_step` gets the number of each.
    """
    try:
        board.exec(
            "import binascii\n"
            f"f=open({path!r},'wb')\n"
            "w=lambda s:f.write(binascii.a2b_base64(s))and None"
        )
        if same:
            board.exec(f"{_COPY}g=open({old!r},'rb')")
        parts = enumerate(blocks(content))
        for is_there, numbered in itertools.groupby(parts, lambda part: part[0] in same):
            run = list(numbered)
            if is_there:
                ask(board, f"c({run[0][0]},{len(run)})", on_step)
            else:
                _send(board, b"".join(block for _, block in run), advance)
        board.exec("f.close();g.close()" if same else "f.close()")
    except RemoteError:
        with contextlib.suppress(RemoteError):
            board.exec("f.close()")
        raise


def _send(board: Device, content: bytes, advance: Advance) -> None:
    for i in range(0, len(content), _CHUNK_BYTES):
        chunk = content[i : i + _CHUNK_BYTES]
        board.exec(f"w({base64.b64encode(chunk)!r})")
        advance(len(chunk))


def make_folders(board: Device, paths: Iterable[str]) -> None:
    """Create the parent folders of `paths`; remove a file that has the name of one."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    wanted = sorted(folders - {"/", "."})
    code = (
        f"import os\nfor p in {wanted!r}:\n try:os.mkdir(p)\n except OSError as e:\n"
        "  if e.errno!=17:raise\n"
        "  if os.stat(p)[0]!=0x4000:os.remove(p);os.mkdir(p)\n"
        " print('=',p)"
    )
    ask(board, code)


def paths(board: Device, folder: str, *, is_deep: bool = True) -> dict[str, int]:
    """Return {path below `folder`: size in bytes} of all its files; {} if it does not exist."""
    found = {}
    with understood():
        for line in ask(board, _PATHS.format(folder=folder, is_deep=is_deep)):
            size, _, path = line.partition(" ")
            found[path] = int(size)
    return found


def copy(board: Device, old: str, new: str, size_bytes: int, on_step: Step = no_step) -> None:
    """Let the board copy its file `old`; `on_step` gets the number of each block."""
    board.exec(f"{_COPY}g=open({old!r},'rb')\nf=open({new!r},'wb')")
    ask(board, f"c(0,{-(-size_bytes // BLOCK_BYTES)})", on_step)
    board.exec("f.close();g.close()")


def replace(board: Device, path: str, content: bytes) -> bool:
    """Replace a small file at once; return False, and keep the old one, if it arrives damaged."""
    write(board, f"{path}.new", content)
    if hashes(board, [f"{path}.new"]).get(f"{path}.new") != sha256(content):
        return False
    board.exec(f"import os\nos.rename({path + '.new'!r},{path!r})")
    return True


def remove_tree(board: Device, path: str, on_step: Step = no_step) -> None:
    """Remove a file, or a folder with everything in it; do nothing if it does not exist.

    `on_step` gets the path of each file and folder that is gone.
    """
    ask(board, _REMOVE_TREE.format(path=path), on_step)


def sha256(content: bytes) -> str:
    """Return what hashes() gives for a file with this content."""
    return hashlib.sha256(content).hexdigest()
