"""DEVICE/_digest/days.json: which days have a digest, so that a page need not ask for each.

    add(store, "cam1", day, zone)    # before the day's own index is written

A day that is listed may have no index: a run was killed, or it has expired. A page then shows
nothing for it.
"""

import contextlib
import re
from collections.abc import Callable
from datetime import date, datetime, timezone, tzinfo
from typing import Any

from megacam.digest import names
from megacam.digest.store import LostRaceError, Store
from megacam.gallery import days, photos

_TRIES = 5
# More than anybody keeps; a longer list is not ours.
DAYS_MOST = 36_500
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INDEX = re.compile(r"(\d{4})/(\d\d)/(\d\d)/day\.json")
_FIRST = datetime(1970, 1, 1, tzinfo=timezone.utc)


def add(store: Store, device: str, day: date, zone: tzinfo) -> None:
    """List a day, and no longer those whose photos have expired; raises BucketError.

    A list that is missing is made anew from the indexes that there are.
    """

    def with_day(listed: frozenset[date] | None) -> set[date] | None:
        if listed is not None and day in listed:
            return None
        first = _first_day(store, device, zone)
        known = _written(store, device) if listed is None else listed
        return {one for one in known if one >= first} | {day}

    _change(store, device, with_day)


def remove(store: Store, device: str, day: date) -> None:
    """List a day no longer, after its index is deleted; raises BucketError."""

    def without_day(listed: frozenset[date] | None) -> set[date] | None:
        return set(listed - {day}) if listed is not None and day in listed else None

    _change(store, device, without_day)


def parse(data: dict[str, Any]) -> frozenset[date] | None:
    """Return the days of a list, None if it is none; the list is untrusted."""
    listed = data.get("days")
    if data.get("format") != names.FORMAT or not isinstance(listed, list):
        return None
    try:
        if len(listed) > DAYS_MOST or not all(_DAY.fullmatch(one) for one in listed):
            return None
        return frozenset(date.fromisoformat(one) for one in listed)
    except (TypeError, ValueError):
        return None


def _change(
    store: Store, device: str, changed: Callable[[frozenset[date] | None], set[date] | None]
) -> None:
    """Write what `changed` makes of the list, which may be None; if that is None, it stays."""
    key = names.days_list(device)
    for _ in range(_TRIES):
        seen = store.read_index(key, names.FORMAT)
        found = changed(parse(seen.data))
        if found is None:
            return None
        listed = [day.isoformat() for day in sorted(found)]
        data = {"format": names.FORMAT, "device": device, "days": listed}
        with contextlib.suppress(LostRaceError):
            return store.write_index(key, data, seen)
    raise LostRaceError(f"{key} changed {_TRIES} times meanwhile")


def _first_day(store: Store, device: str, zone: tzinfo) -> date:
    """Return the day of the camera's first photo; one listing."""
    page = next(store.pages(f"{device}/2"))
    found = (photos.parse(item["Key"]) for item in page)
    first = next((photo.taken for photo in found if photo), _FIRST)
    return days.local_day(first, zone)


def _written(store: Store, device: str) -> frozenset[date]:
    """Return the days that have an index, from a listing of the whole digest."""
    root = names.root(device)
    found = set()
    for page in store.pages(root):
        for item in page:
            parts = _INDEX.fullmatch(item["Key"], len(root))
            if parts:
                found.add(date(*map(int, parts.groups())))
    return frozenset(found)
