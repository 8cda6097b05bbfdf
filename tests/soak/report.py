"""The report of a simulated month, and whether everything held that must always hold."""

import calendar
import hashlib
import json
import re
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megacam import exif

from soak.ledger import Photo
from soak.truth import BEGIN_S

if TYPE_CHECKING:
    from soak.run import Month

#: Seconds by which the date of a photo may be wrong in addition to its clock-error-ms: the key has
#: whole seconds only, and the exposure comes after the trigger.
DATE_TOLERANCE_S = 2
#: By how much a time server may lie, see plan.py.
LIE_S = 7200
#: Longest time in seconds between two photos, or failures to take one. Joining a network alone may
#: take 70.
LONGEST_GAP_S = 150
#: Bytes by which the free heap after a collection may shrink in one long life, because the names
#: of seldom loaded modules stay in memory. A leak of two bytes a photo would be more.
HEAP_TOLERANCE = 4096
_LONG_LIFE_SHOTS = 200
_MOST_TOLD = 5
_KEY = re.compile(r"(\d{4}/\d\d/\d\d/\d{6})-(\d+)\.jpg$")
#: Ends that the plan causes, and restarts by the firmware itself (machine.reset(): 75).
_GOOD_ENDS = ("end", "power cut", "power off", "reset", "75")


@dataclass
class Report:
    """The figures, and a sentence for each condition that did not hold."""

    figures: dict[str, Any]
    broken: list[str]

    def write(self, path: Path) -> None:
        """Write both as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**self.figures, "broken": self.broken}, indent=1) + "\n")

    def __str__(self) -> str:
        lines = [f"{name.replace('_', ' '):22} {_shown(v)}" for name, v in self.figures.items()]
        return "\n".join([*lines, *(f"BROKEN: {text}" for text in self.broken)])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(v)}" for name, v in value.items()) or "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def settle(month: "Month", wall_s: float) -> Report:
    """Compare the photos that were taken with those that are stored or wait; return the Report."""
    ledger, store, plan = month.ledger, month.store, month.plan
    fates = Counter(fate for fate, _ in _fates(month))
    dates = _Dates(month)
    figures = {
        "seed": plan.seed,
        "days": round(month.truth.now_s / 86400, 2),
        "wall_minutes": round(wall_s / 60, 1),
        "board_heap": month.heap,
        "photos_taken": sum(fates.values()),
        "photos": dict(sorted(fates.items())),
        "thinned_in_log": ledger.thinned,
        "sent_from_the_spool": ledger.drained,
        "lost_because": dict(Counter(p.lost for p in ledger.photos.values() if p.lost)),
        "shots_without_photo": dict(ledger.misses),
        "starts_ended_by": dict(Counter(life.end for life in ledger.lives)),
        "faults": dict(sorted(plan.happened.items())),
        "requests": store.requests,
        "handshakes": store.handshakes,
        "sent_bytes": store.bytes,
        "refusals": dict(store.refusals),
        "health_reports": store.reports,
        "time_requests": month.times.asked,
        "time_confirmations": store.dates,
        "heap": _heap(month),
        "descriptors_most": max((n for life in ledger.lives for n in life.descriptors), default=0),
        "dates": dates.figures,
        "longest_gap_s": ledger.longest_gap_s,
        "log_lines": dict(ledger.events.most_common()),
    }
    return Report(figures, [*_broken(month, fates), *dates.broken])


def waiting(image: dict[str, bytes]) -> set[str]:
    """Return the SHA-256 of each photo in the spool of a flash image, without its EXIF."""
    found = set()
    for name, content in image.items():
        if re.fullmatch(r"spool/\d+-\d+", name) and len(content) > 16:
            size = struct.unpack("<I", content[-16:-12])[0]
            found.add(hashlib.sha256(exif.split(content[:size])[1]).hexdigest())
    return found


def key_time(key: str) -> tuple[int, int]:
    """Return (UTC seconds since 1970, sequence number) from the key of a photo."""
    found = _KEY.search(key)
    if not found:
        raise ValueError(f"{key} is not the key of a photo")
    return calendar.timegm(time.strptime(found[1], "%Y/%m/%d/%H%M%S")), int(found[2])


def _fates(month: "Month") -> Iterator[tuple[str, Photo]]:
    stored = {one.sha256 for one in month.store.objects.values()}
    there = waiting(month.image)
    for photo in month.ledger.photos.values():
        if photo.sha256 in stored:
            yield "stored", photo
        elif photo.sha256 in there:
            yield "waiting", photo
        elif photo.kept:
            yield "thinned", photo
        elif photo.lost:
            yield "lost, with a reason", photo
        elif photo.cut:
            yield "cut off with the board", photo
        else:
            yield "vanished", photo


class _Dates:
    """How much the dates of the stored photos differ from the times of exposure by the model."""

    def __init__(self, month: "Month"):
        self._wrong: list[str] = []
        self._worst_s = 0.0
        self._latest_possible = 0
        for key, one in month.store.objects.items():
            photo = month.ledger.photos.get(one.sha256)
            if photo:
                taken_s = BEGIN_S + photo.exposed_us / 1_000_000
                self._judge(key, key_time(key)[0] - taken_s, one.metadata, photo)

    def _judge(self, key: str, error_s: float, metadata: dict[str, str], photo: Photo) -> None:
        claimed = metadata.get("clock-error-ms", "0")
        if claimed == "unknown":
            self._latest_possible += 1
            # The latest possible date, or an earlier one that a time server gave before a cut.
            if error_s < -DATE_TOLERANCE_S - LIE_S * (photo.kept[:1] == "9"):
                self._tell(key, error_s, "is said to be the latest possible", photo)
        else:
            self._worst_s = max(self._worst_s, abs(error_s))
            if abs(error_s) > DATE_TOLERANCE_S + int(claimed) / 1000:
                self._tell(key, error_s, f"claims {claimed} ms", photo)

    def _tell(self, key: str, error_s: float, claim: str, photo: Photo) -> None:
        moment_s = photo.exposed_us // 1_000_000
        self._wrong.append(
            f"{key} is {error_s:+.1f} s off and {claim} (exposed at {moment_s} s, "
            f"start {photo.life}, {photo.kept or 'sent live'})"
        )

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "worst_error_s": round(self._worst_s, 1),
            "latest_possible": self._latest_possible,
            "wrong": len(self._wrong),
        }

    @property
    def broken(self) -> list[str]:
        return _few("dates are wrong", self._wrong)


def _few(what: str, texts: list[str]) -> list[str]:
    more = len(texts) - _MOST_TOLD
    return texts[:_MOST_TOLD] + ([f"{more} more {what}"] if more > 0 else [])


def _heap(month: "Month") -> dict[str, int]:
    # The free heap after a collection, from the metadata of the photos that were sent live.
    free: dict[int, list[int]] = {}
    for one in month.store.objects.values():
        photo = month.ledger.photos.get(one.sha256)
        if photo and not photo.kept and "heap-free" in one.metadata:
            free.setdefault(photo.life, []).append(int(one.metadata["heap-free"]))
    lost = 0
    for samples in free.values():
        if len(samples) >= _LONG_LIFE_SHOTS:
            fifth = len(samples) // 5
            lost = max(lost, max(samples[:fifth]) - max(samples[-fifth:]))
    every = [sample for samples in free.values() for sample in samples]
    return {
        "free_least": min(every, default=0),
        "free_most": max(every, default=0),
        "lost_in_a_long_life": lost,
    }


def _broken(month: "Month", fates: Counter[str]) -> Iterator[str]:
    ledger, store = month.ledger, month.store
    if not month.has_recovered:
        yield "no photos were stored once everything worked again"
    vanished = [str(photo) for fate, photo in _fates(month) if fate == "vanished"]
    yield from _few("photos vanished", [f"vanished without a log: {text}" for text in vanished])
    ends = Counter(life.end for life in ledger.lives)
    # A thinning right before a cut may be missing from the log.
    cuts = ends["power cut"] + ends["power off"] + ends["reset"]
    if not ledger.thinned <= fates["thinned"] <= ledger.thinned + cuts:
        yield f"{fates['thinned']} photos were kept and are gone, the log has {ledger.thinned}"
    if fates["cut off with the board"] > len(ledger.lives):
        yield f"{len(ledger.lives)} starts cost {fates['cut off with the board']} photos"
    yield from _twice(month)
    yield from _few("requests were wrong", [f"from no correct client: {t}" for t in store.wrong])
    if ledger.longest_gap_s > LONGEST_GAP_S:
        yield f"{ledger.longest_gap_s} s passed without a photo or a reason"
    yield from _few("bad lines", [f"the board said: {text}" for text in ledger.bad_lines])
    bad_ends = {end: count for end, count in ends.items() if end not in _GOOD_ENDS}
    yield from (f"the board ended with {end} {count} times" for end, count in bad_ends.items())
    if _heap(month)["lost_in_a_long_life"] > HEAP_TOLERANCE:
        yield f"{_heap(month)['lost_in_a_long_life']} bytes of heap were lost in one life"
    descriptors = [n for life in ledger.lives for n in life.descriptors]
    if descriptors and max(descriptors) > min(descriptors) + 2:
        yield f"{max(descriptors)} descriptors are open, {min(descriptors)} at first"
    yield from _secrets(month)


def _twice(month: "Month") -> Iterator[str]:
    objects = month.store.objects
    shas = Counter(one.sha256 for one in objects.values())
    yield from (f"one photo is stored {count} times" for count in shas.values() if count > 1)
    strange = sum(sha not in month.ledger.photos for sha in shas)
    if strange:
        yield f"{strange} objects are not what the camera gave"
    numbers = Counter(key_time(key)[1] for key in objects)
    yield from (f"number {n} has {count} photos" for n, count in numbers.items() if count > 1)


def _secrets(month: "Month") -> Iterator[str]:
    # Secrets belong in NVS only. The ledger checks the console, this checks everything else.
    places = {
        **month.image,
        "metadata": repr([one.metadata for one in month.store.objects.values()]).encode(),
        "status.json": "".join(month.store.last_reports).encode(),
    }
    for name, content in places.items():
        if any(secret.encode() in content for secret in month.secrets):
            yield f"a secret is in {name}"
