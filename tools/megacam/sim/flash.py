"""The simulated board's flash chip: a file that holds a littlefs image, as on the ESP32."""

from pathlib import Path, PurePosixPath
from typing import Any

from littlefs import LittleFS

BLOCK_BYTES = 4096
# The file system of a 4 MB ESP32 is 2 MB long.
_BLOCKS = 512
# MicroPython's VfsLfs2 defaults: read and program sizes, look-ahead; the cache is four times that.
_GEOMETRY: dict[str, Any] = {
    "read_size": 32,
    "prog_size": 32,
    "lookahead_size": 32,
    "cache_size": 128,
}


def write_image(image: Path, files: dict[str, bytes]) -> None:
    """Create an image with `files` {path on the board: content}."""
    fs = LittleFS(block_size=BLOCK_BYTES, block_count=_BLOCKS, **_GEOMETRY)
    for name, content in files.items():
        for folder in reversed(PurePosixPath(name).parents[:-1]):
            fs.makedirs(str(folder), exist_ok=True)
        with fs.open(name, "wb") as file:
            file.write(content)
    image.write_bytes(fs.context.buffer)


def _mounted(image: Path) -> LittleFS:
    data = bytearray(image.read_bytes())
    fs = LittleFS(
        block_size=BLOCK_BYTES, block_count=len(data) // BLOCK_BYTES, mount=False, **_GEOMETRY
    )
    fs.context.buffer = data
    fs.mount()
    return fs


def read_image(image: Path) -> dict[str, bytes]:
    """Return {path on the board: content} of every file in the image."""
    fs = _mounted(image)
    files = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = str(PurePosixPath(folder) / name)
            with fs.open(path, "rb") as file:
                files[path.lstrip("/")] = file.read()
    return files


def free_blocks(image: Path) -> int:
    """Return how many blocks of the file system in the image are free."""
    fs = _mounted(image)
    return fs.block_count - fs.used_block_count
