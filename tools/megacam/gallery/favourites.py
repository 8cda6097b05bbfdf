"""The photos that somebody starred, kept in a file beside the thumbnails.

favourites = Favourites(folder, bucket.endpoint, bucket.name)
favourites.put(photo.key, True)
"""

import contextlib
import hashlib
import json
import threading
from pathlib import Path

from megacam.errors import MegacamError
from megacam.gallery import photos
from megacam.gallery.photos import Photo

# More than anybody stars by hand, and a megabyte of keys at most.
LIMIT = 5000


class FavouritesError(MegacamError):
    """A favourite cannot be kept; the message says why."""


class Favourites:
    """The favourites of one bucket; safe in threads and between two galleries.

    `folder` is that of the thumbnails, which never removes this file.
    """

    def __init__(self, folder: Path, endpoint: str, bucket: str):
        self._where = {"endpoint": endpoint, "bucket": bucket}
        digest = hashlib.sha256(f"{endpoint}\n{bucket}".encode()).hexdigest()[:16]
        self.path = folder / f"favourites-{digest}.json"
        self._lock = threading.Lock()

    def keys(self) -> frozenset[str]:
        """Return the keys; none where the file is missing or not ours."""
        return frozenset(photo.key for photo in self.photos())

    def photos(self) -> list[Photo]:
        """Return the favourites in order of time."""
        try:
            told = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return []
        listed = told.get("keys") if isinstance(told, dict) else None
        keys = listed[:LIMIT] if isinstance(listed, list) else []
        found = [photos.parse(key) for key in keys if isinstance(key, str)]
        return sorted({photo for photo in found if photo})

    def __contains__(self, photo: Photo) -> bool:
        return photo.key in self.keys()

    def put(self, key: str, starred: bool) -> None:
        """Keep a photo's key, or drop it; raises FavouritesError where the disk refuses."""
        with self._lock:
            kept = self.keys()
            wanted = kept | {key} if starred else kept - {key}
            if len(wanted) > LIMIT:
                raise FavouritesError(f"{LIMIT:,} favourites are kept: take a star away first")
            if wanted != kept:
                self._write(wanted)

    def _write(self, keys: frozenset[str]) -> None:
        """Write the file whole or not at all."""
        part = self.path.with_suffix(f".{threading.get_ident()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps({**self._where, "keys": sorted(keys)}, indent=1))
            part.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise FavouritesError(f"the favourite is not kept: {self.path}: {error}") from error
