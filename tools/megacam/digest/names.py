"""The keys of the digest, below DEVICE/_digest/. Pure functions."""

import hashlib
import re
from datetime import date, datetime, timedelta, timezone

FORMAT = 1
FOLDER = "_digest"
#: Below an hour: thumbnails of photos that no sheet has yet.
NOW = "now/"
_HASH_DIGITS = 16
_HOUR = timedelta(hours=1)
_PIECE = re.compile(
    r"/_digest/\d{4}/\d\d/\d\d/(?:\d\d/)?(?:sprite|keogram|film)-[0-9a-f]{16}\.(?:jpg|mp4)"
)


def root(device: str) -> str:
    """Return the prefix of everything that the digest writes for a device."""
    return f"{device}/{FOLDER}/"


def hour_of(moment: datetime) -> datetime:
    """Return the start of the UTC hour of a moment."""
    return moment.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0)


def hour_folder(device: str, hour: datetime) -> str:
    """Return the prefix of a UTC hour."""
    return f"{root(device)}{hour:%Y/%m/%d/%H}/"


def hour_index(device: str, hour: datetime) -> str:
    """Return the key of an hour's index."""
    return f"{hour_folder(device, hour)}index.json"


def day_folder(device: str, day: date) -> str:
    """Return the prefix of a calendar day."""
    return f"{root(device)}{day:%Y/%m/%d}/"


def day_index(device: str, day: date) -> str:
    """Return the key of a day's index."""
    return f"{day_folder(device, day)}day.json"


def days_list(device: str) -> str:
    """Return the key of the list of days that have a digest; see catalog.py."""
    return f"{root(device)}days.json"


def calls_counter(device: str) -> str:
    """Return the key of the counter of a month's calls of the model; see budget.py."""
    return f"{root(device)}label-calls.json"


def piece(folder: str, kind: str, data: bytes) -> str:
    """Return the key of a sprite, keogram or film, which its contents decide."""
    digest = hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]
    return f"{folder}{kind}-{digest}.{'mp4' if kind == 'film' else 'jpg'}"


def is_piece(device: str, key: object) -> bool:
    """Return True if `key` is that of a sprite, keogram or film of the device.

    Whoever holds the camera's key can write an index, so its words are not to be trusted.
    """
    return (
        isinstance(key, str)
        and key.startswith(f"{device}/")
        and _PIECE.fullmatch(key, len(device)) is not None
    )


def iso(moment: datetime) -> str:
    """Return a moment as in the indexes: 2026-11-23T14:00:00Z."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def moment(text: str) -> datetime:
    """Return the moment that iso() wrote; raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def hours(start: datetime, end: datetime) -> list[datetime]:
    """Return the UTC hours that [start, end) touches."""
    first = hour_of(start)
    count = -((first - end) // _HOUR)
    return [first + n * _HOUR for n in range(count)]
