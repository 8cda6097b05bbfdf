"""The starred photos, kept in a file beside the thumbnails.

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

# More than anybody stars by hand; the keys take at most a megabyte.
LIMIT = 5000


class FavouritesError(MegacamError):
    """A favourite cannot be saved; the message says why."""


class Favourites:
    """The favourites of one bucket; threads and two galleries can use them at the same time.

    `folder` is the folder of the thumbnails, whose clean-up never removes this file.
    """

    def __init__(self, folder: Path, endpoint: str, bucket: str):
        self._where = {"endpoint": endpoint, "bucket": bucket}
        digest = hashlib.sha256(f"{endpoint}\n{bucket}".encode()).hexdigest()[:16]
        self.path = folder / f"favourites-{digest}.json"
        self._lock = threading.Lock()

    def keys(self) -> frozenset[str]:
        """Return the keys; none if the file is missing or invalid."""
        return frozenset(photo.key for photo in self.photos())

    def photos(self) -> list[Photo]:
        """Return the favourites, oldest first."""
        try:
            told = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return []
        listed = told.get("keys") if isinstance(told, dict) else None
        keys = listed[:LIMIT] if isinstance(listed, list) else []
        found = [
            photos.parse(key) or photos.parse_copy(key) for key in keys if isinstance(key, str)
        ]
        return sorted({photo for photo in found if photo})

    def __contains__(self, photo: Photo) -> bool:
        return photo.key in self.keys()

    def put(self, key: str, starred: bool) -> None:
        """Add or remove a photo's key; raises FavouritesError if the file cannot be written."""
        with self._lock:
            kept = self.keys()
            wanted = kept | {key} if starred else kept - {key}
            if len(wanted) > LIMIT:
                raise FavouritesError(f"there are {LIMIT:,} favourites: remove a star first")
            if wanted != kept:
                self._write(wanted)

    def _write(self, keys: frozenset[str]) -> None:
        """Write the file completely or not at all."""
        part = self.path.with_suffix(f".{threading.get_ident()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps({**self._where, "keys": sorted(keys)}, indent=1))
            part.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise FavouritesError(f"the favourite is not saved: {self.path}: {error}") from error
