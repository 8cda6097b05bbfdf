"""Make thumbnails in worker threads and cache them on disk, up to a limit in bytes.

with Thumbnails(bucket, folder) as thumbnails:
    jpeg = thumbnails.submit(photo.key).result()
"""

import contextlib
import hashlib
import io
import itertools
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from megacam.gallery import motion
from megacam.gallery.bucket import Bucket
from megacam.gallery.pictures import open_photo
from megacam.gallery.refusals import PhotoMissingError

WIDTH = 320
# At 10 KB per thumbnail, about 18 days with a photo every 30 s.
BOUND_BYTES = 512 << 20
# S3 answers in 50 ms and Pillow shrinks in 10 ms: six threads keep two cores busy.
WORKERS = 6
_KEEP_SHARE = 0.9
_TOUCH_S = 3600


def cache_folder() -> Path:
    """Return this user's folder for the cache, by the convention of the operating system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "megacam" / "thumbnails"


class Thumbnails:
    """The thumbnails of a bucket under `folder`, at most `bound_bytes` of them."""

    def __init__(self, bucket: Bucket, folder: Path, bound_bytes: int = BOUND_BYTES):
        self._bucket = bucket
        self._folder = folder
        self._bound_bytes = bound_bytes
        self._making_lock = threading.Lock()
        # A separate lock, because its holder may be scanning the whole folder.
        self._size_lock = threading.Lock()
        self._size_bytes: int | None = None
        self._making: dict[str, Future[bytes]] = {}
        self._workers = ThreadPoolExecutor(WORKERS, "thumbnail")

    def __enter__(self) -> "Thumbnails":
        return self

    def __exit__(self, *exc: object) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def submit(self, key: str) -> "Future[bytes]":
        """Return a future of the thumbnail's JPEG; parallel requests for a key share one."""
        with self._making_lock:
            coming = self._making.get(key)
            if coming:
                return coming
            coming = self._making[key] = self._workers.submit(self._get, key)
        coming.add_done_callback(lambda _: self._done(key))
        return coming

    def forget(self, key: str) -> None:
        """Remove the thumbnail of a deleted photo."""
        self._path(key).unlink(missing_ok=True)

    def kept(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return what is kept for a key, or make and keep it; blocks."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            if time.time() - path.stat().st_mtime > _TOUCH_S:
                os.utime(path)
        except OSError:
            data = make()
            self._keep(path, data)
        return data

    def signatures(self, keys: Iterable[str]) -> Iterator[Image.Image | None]:
        """Yield the signatures for motion.py, None for a damaged or deleted photo; blocks."""
        coming = iter(keys)
        waiting = deque(
            self._workers.submit(self._signature, key)
            for key in itertools.islice(coming, 2 * WORKERS)
        )
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(
                self._workers.submit(self._signature, key) for key in itertools.islice(coming, 1)
            )
            yield made

    def size_bytes(self) -> int:
        """Return the disk space that the thumbnails use."""
        with self._size_lock:
            if self._size_bytes is None:
                self._size_bytes = sum(size for _, size, _ in self._files())
            return self._size_bytes

    def _signature(self, key: str) -> Image.Image | None:
        try:
            return motion.signature(Image.open(io.BytesIO(self._get(key)), formats=("JPEG",)))
        except (PhotoMissingError, OSError):
            return None

    def _done(self, key: str) -> None:
        with self._making_lock:
            self._making.pop(key, None)

    def _path(self, key: str) -> Path:
        name = f"{self._bucket.endpoint}\n{self._bucket.name}\n{key}\n{WIDTH}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._folder / digest[:2] / f"{digest}.jpg"

    def _get(self, key: str) -> bytes:
        return self.kept(key, lambda: self._make(key))

    def _make(self, key: str) -> bytes:
        made = io.BytesIO()
        open_photo(self._bucket.read(key), WIDTH).save(made, "JPEG", quality=78, optimize=True)
        return made.getvalue()

    def _keep(self, path: Path, data: bytes) -> None:
        """Write a thumbnail completely or not at all; if the disk is full, do without it."""
        self.size_bytes()
        part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(data)
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return
        with self._size_lock:
            self._size_bytes = (self._size_bytes or 0) + len(data)
            if self._size_bytes > self._bound_bytes:
                self._size_bytes = self._evict()

    def _evict(self) -> int:
        """Remove the least recently used thumbnails, down to nine tenths of the limit."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= self._bound_bytes * _KEEP_SHARE:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                left -= size
        return left

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        return found
