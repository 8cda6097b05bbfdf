"""The status of all devices of a bucket, from their newest photos and status.json.

    for device in read(aws, "my-photos"): print(device.name, device.late, device.remark)

A device is late when three photos were due since its newest one, the first of them five minutes
ago: by the schedule that it reports, as for the alarms. The permissions s3:ListBucket and
s3:GetObject are enough.
"""

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from megacam.alarms import rules
from megacam.alarms.seen import see
from megacam.aws import Aws
from megacam.errors import MegacamError
from megacam.gallery.bucket import Bucket
from megacam.gallery.refusals import BucketError
from megacam.untrusted import last_of, number, part, text, whole

# A missed shot, a slow upload or a retry must not cause an alarm at night.
_LATE_INTERVALS = 3
_LATE_LEAST_S = 300
# For a device without status.json, whose interval is unknown.
_LATE_UNKNOWN_S = 3600


@dataclasses.dataclass(frozen=True)
class Reboots:
    """How often a device restarted since its counters were last cleared, and why."""

    total: int
    causes: dict[str, int]


@dataclasses.dataclass(frozen=True)
class DeviceStatus:
    """One device as seen from the bucket; values that the device did not report are None.

    Times are UTC seconds since 1970. `remark` says in a few words why the device is late, or "".
    """

    name: str
    late: bool
    remark: str
    photo_key: str | None
    photo_time: int | None
    photo_age_s: int | None
    reported: int | None
    interval_s: float | None
    backlog_photos: int | None
    backlog_bytes: int | None
    damaged: int | None
    refused: int | None
    thinned: int | None
    lost: int | None
    reboots: Reboots | None
    reset_cause: str
    rssi_dbm: int | None
    clock_error_ms: int | None
    heap_free_low: int | None
    heap_largest: int | None
    uptime_s: int | None
    version: str
    #: The slot that runs, whether it is on trial, and why the camera went back, if it did.
    slot: str
    trial: bool
    back: str
    error: str


def read(
    aws: Aws,
    bucket: str,
    devices: Iterable[str] = (),
    late_after_s: float | None = None,
    now: datetime | None = None,
) -> list[DeviceStatus]:
    """Return the status of `devices`, or of every device in the bucket, sorted by name.

    `late_after_s` replaces that rule by an age. Raises MegacamError if the bucket cannot
    be read or has no device.
    """
    moment = now or datetime.now(timezone.utc)
    # This call gives the clearest errors about credentials, bucket name and region.
    aws.call("s3", "head_bucket", Bucket=bucket)
    source = Bucket(aws.client("s3"), bucket, lambda: moment)
    try:
        names = sorted(set(devices)) or source.devices()
        found = [_device(source, name, late_after_s, moment) for name in names]
    except BucketError as error:
        raise MegacamError(str(error)) from error
    known = [one for one in found if one.photo_key or one.reported or one.name in devices]
    if not known:
        raise MegacamError(
            f"the bucket {bucket} holds no photos and no status.json yet; start a camera, or "
            "check --bucket"
        )
    return known


def _device(source: Bucket, name: str, late_after_s: float | None, now: datetime) -> DeviceStatus:
    photo = source.newest(name)
    said = source.status(name) or {}
    taken = round(photo.taken.timestamp()) if photo else None
    age_s = round(now.timestamp()) - taken if taken is not None else None
    limit_s = late_after_s or _limit_s(_longest_s(said))
    late = _is_late(name, said, taken, limit_s if late_after_s else None, now)
    return DeviceStatus(
        name=name,
        late=late,
        remark=_remark(age_s, limit_s, whole(said.get("time")), now) if late else "",
        photo_key=photo.key if photo else None,
        photo_time=taken,
        photo_age_s=age_s,
        **_report(said),
    )


def _is_late(
    name: str, said: dict[str, Any], taken: int | None, given_s: float | None, now: datetime
) -> bool:
    """Return whether photos are overdue; `given_s`: the age from which they are, None: by rule."""
    moment = round(now.timestamp())
    limit_s = given_s or _limit_s(_longest_s(said))
    if taken is not None and taken > moment:
        # A photo from the future stays the newest one, as keys sort by time, and so would hide
        # that no more photos arrive.
        return taken - moment > limit_s
    if given_s or _longest_s(said) is None:
        return taken is None or moment - taken > limit_s
    return rules.is_late(see(name, said, taken, moment), moment)


def _report(said: dict[str, Any]) -> dict[str, Any]:
    spool, photos = part(said, "spool"), part(said, "photos")
    update = part(said, "update")
    return {
        "reported": whole(said.get("time")),
        "interval_s": number(said.get("interval_s")),
        "backlog_photos": whole(spool.get("photos")),
        "backlog_bytes": whole(spool.get("bytes")),
        "damaged": whole(photos.get("damaged")),
        "refused": whole(photos.get("refused")),
        "thinned": whole(photos.get("thinned")),
        "lost": whole(photos.get("lost")),
        "reboots": _reboots(said),
        "reset_cause": text(said.get("reset_cause")),
        "rssi_dbm": whole(last_of(said.get("rssi_dbm"))),
        "clock_error_ms": whole(said.get("clock_error_ms")),
        "heap_free_low": whole(said.get("heap_free_low")),
        "heap_largest": whole(said.get("heap_largest")),
        "uptime_s": whole(said.get("uptime_s")),
        "version": text(said.get("version")),
        "slot": text(update.get("slot")),
        "trial": update.get("trial") is True,
        "back": text(update.get("back")),
        "error": _last_error(said),
    }


def _longest_s(said: dict[str, Any]) -> float | None:
    """Return the longest time from one photo to the next, or None if that is unknown."""
    interval_s, keepalive_s = (number(said.get(name)) for name in ("interval_s", "keepalive_s"))
    return interval_s if interval_s is None else max(interval_s, keepalive_s or 0)


def _limit_s(interval_s: float | None) -> float:
    if interval_s is None:
        return _LATE_UNKNOWN_S
    return max(_LATE_LEAST_S, _LATE_INTERVALS * interval_s)


def _remark(age_s: int | None, limit_s: float, reported: int | None, now: datetime) -> str:
    if age_s is None:
        return "no photo yet"
    if age_s < 0:
        return "its newest photo is from the future: check its clock, then delete that photo"
    if reported is not None and now.timestamp() - reported < limit_s:
        return "reports, but no new photo: look at its last error"
    return "silent: check power and Wi-Fi"


def _reboots(said: dict[str, Any]) -> Reboots | None:
    causes = {text(cause): whole(count) or 0 for cause, count in part(said, "reboots").items()}
    return Reboots(sum(causes.values()), causes) if causes else None


def _last_error(said: dict[str, Any]) -> str:
    last = last_of(said.get("errors"))
    return text(last.get("text")) if isinstance(last, dict) else ""
