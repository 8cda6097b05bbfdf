"""One photo within seconds of its upload: a thumbnail beside the digest, until its hour is done.

    seen = on_upload(store, "cam1", "cam1/2026/11/23/140003-000042.jpg", "motion", 75, now)

The store may tell of a photo twice, late, or after it was deleted: all of that is harmless.
"""

from datetime import datetime, timedelta

from megacam.digest import hour as hour_parts
from megacam.digest import index, labels, names, sheets
from megacam.digest.index import BadIndexError
from megacam.digest.labels import Labeller
from megacam.digest.store import Store
from megacam.gallery import photos, pictures
from megacam.gallery.refusals import PhotoMissingError

MODES = ("motion", "all")
WIDTH = 320
_QUALITY = 78
#: After that, the hourly digest has the photo.
LATE = timedelta(hours=2)


def key_of(photo: photos.Photo) -> str:
    """Return the key of a photo's thumbnail while its hour is not done."""
    folder = names.hour_folder(photo.device, names.hour_of(photo.taken))
    return f"{folder}{names.NOW}{photo.name.rpartition('/')[2]}"


def labels_key_of(photo: photos.Photo) -> str:
    """Return the key of a photo's labels while its hour is not done."""
    return f"{key_of(photo).removesuffix('.jpg')}.json"


def on_upload(
    store: Store,
    device: str,
    key: str,
    mode: str,
    motion_threshold: int,
    now: datetime,
    labeller: Labeller | None = None,
) -> str:
    """Make the thumbnail of a new photo; return in a word what was done.

    `mode` "motion" takes only photos in which the camera has seen something move; only these get
    labels.
    """
    photo = photos.parse(key)
    if photo is None or photo.device != device:
        return "no photo"
    if now - photo.taken > LATE:
        return "late"
    if _is_done(store, photo, now):
        return "done"
    try:
        if mode == "motion" and not hour_parts.has_moved(store.metadata(key), motion_threshold):
            return "still"
        data, metadata = store.read(key)
        picture = pictures.open_photo(data, WIDTH)
    except PhotoMissingError:
        return "refused"
    kept = {name: metadata[name] for name in ("motion", "seq") if name in metadata}
    if labeller and hour_parts.has_moved(metadata, motion_threshold):
        _label(store, photo, data, labeller)
    store.write_piece(key_of(photo), sheets.jpeg(picture, _QUALITY), kept)
    return "made"


def _is_done(store: Store, photo: photos.Photo, now: datetime) -> bool:
    """Return True if the index of the photo's hour has it; before the hour's end there is none."""
    hour = names.hour_of(photo.taken)
    if now < hour + timedelta(hours=1):
        return False
    data = store.read_index(names.hour_index(photo.device, hour), names.FORMAT).data
    try:
        rows = index.parse_hour(photo.device, data).rows
    except BadIndexError:
        return False
    return any(row.photo.key == photo.key for row in rows)


def _label(store: Store, photo: photos.Photo, data: bytes, labeller: Labeller) -> None:
    """Ask for the labels of a photo, unless an earlier event of the same photo has."""
    key = labels_key_of(photo)
    if labels.read_single(store, key) is None:
        found = labeller.label_photo(store, photo.device, photo.key, data)
        if found is not None:
            labels.write_single(store, key, found)
