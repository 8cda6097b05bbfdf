"""Photos copied into the bucket under other names: their EXIF says when they were taken.

    dated = Copies(head).dated(found)  # head(key) returns the beginning of an object

A photo in the folder of its UTC day, such as cam1/2026/11/23/IMG_0042.jpg, takes its moment and
number from its EXIF. Without a date there, it is left out.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from megacam import exif
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import PhotoMissingError

#: Bytes at the beginning of a photo in which a camera's EXIF is; thumbnails in it come last.
HEAD_BYTES = 16 << 10
_READERS = 8
_CACHED = 20_000

_Known = tuple[datetime, int] | None


class Copies:
    """Reads the EXIF of each photo once; thread-safe."""

    def __init__(self, head: Callable[[str], bytes]):
        self._head = head
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int], _Known] = OrderedDict()

    def dated(self, found: Sequence[Photo]) -> list[Photo]:
        """Return the photos whose EXIF has a date, with that; one request for each new one."""
        if not found:
            return []
        with ThreadPoolExecutor(_READERS, "exif") as readers:
            known = list(readers.map(self._read, found))
        return [
            replace(photo, taken=one[0], seq=one[1])
            for photo, one in zip(found, known, strict=True)
            if one
        ]

    def _read(self, photo: Photo) -> _Known:
        wanted = photo.key, photo.size_bytes
        with self._lock:
            if wanted in self._known:
                return self._known[wanted]
        try:
            head = self._head(photo.key)
        except PhotoMissingError:
            return None
        taken = exif.taken(head)
        known = (taken, int(exif.read(head).get("seq", 0))) if taken else None
        with self._lock:
            self._known[wanted] = known
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return known
