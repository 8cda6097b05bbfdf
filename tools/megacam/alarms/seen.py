"""What the bucket shows of one camera: its health report and when its newest photo was taken.

status.json is untrusted: what is missing or of the wrong type is None, and nothing raises.
"""

import dataclasses
from typing import Any

from megacam.untrusted import last_of, part, text, whole

_LONGEST_S = 86_400
# A camera without a report yet, or one that reports nonsense: the default of interval_s.
_INTERVAL_S = 30


@dataclasses.dataclass(frozen=True)
class Seen:
    """One camera as seen from the bucket at one moment; what it does not report is None.

    Times are UTC seconds since 1970. `schedule` is the section of that name in status.json.
    `error` is its last error and when that was. `back` and `update_refused` say why the last
    update was given up.
    """

    device: str
    photo_time: int | None = None
    reported: int | None = None
    interval_s: int = _INTERVAL_S
    keepalive_s: int = 0
    uptime_s: int | None = None
    schedule: dict[str, Any] = dataclasses.field(default_factory=dict)
    sleeps: bool = False
    safe_mode: bool = False
    battery_mv: int | None = None
    low_mv: int | None = None
    refused: int | None = None
    thinned: int | None = None
    waiting: int | None = None
    rssi_dbm: int | None = None
    reset_cause: str = ""
    release: int | None = None
    back: str = ""
    update_refused: str = ""
    error: str = ""
    error_time: int | None = None
    version: str = ""

    @property
    def period_s(self) -> int:
        """The longest time in seconds from one photo to the next, while the schedule has any."""
        return max(self.interval_s, self.keepalive_s)


def see(device: str, said: dict[str, Any] | None, photo_time: int | None, now: int) -> Seen:
    """Return what status.json (`said`, or None) and the newest photo show of a camera."""
    if not said:
        return Seen(device, photo_time)
    reported = whole(said.get("time"))
    update = part(said, "update")
    error, error_time = _last_error(said)
    return Seen(
        device,
        photo_time,
        # A clock that is ahead must not make a silent camera look alive.
        reported=None if reported is None else min(reported, now),
        interval_s=_within(said.get("interval_s"), 1, _INTERVAL_S),
        keepalive_s=_within(said.get("keepalive_s"), 0, 0),
        **_measured(said),
        schedule=part(said, "schedule"),
        sleeps=said.get("sleeps") is True,
        safe_mode=said.get("safe_mode") is True,
        reset_cause=text(said.get("reset_cause")),
        release=whole(update.get("release")),
        back=text(update.get("back")),
        update_refused=text(update.get("refused")),
        error=error,
        error_time=error_time,
        version=text(said.get("version")),
    )


def _measured(said: dict[str, Any]) -> dict[str, int | None]:
    """Return what the camera has counted and measured."""
    photos, spool, battery = (part(said, name) for name in ("photos", "spool", "battery"))
    return {
        "uptime_s": whole(said.get("uptime_s")),
        "battery_mv": whole(battery.get("mv")),
        "low_mv": whole(battery.get("low_mv")),
        "refused": whole(photos.get("refused")),
        "thinned": whole(photos.get("thinned")),
        "waiting": whole(spool.get("photos")),
        "rssi_dbm": whole(last_of(said.get("rssi_dbm"))),
    }


def _within(value: Any, least: int, otherwise: int) -> int:
    number = whole(value)
    return otherwise if number is None or not least <= number <= _LONGEST_S else number


def _last_error(said: dict[str, Any]) -> tuple[str, int | None]:
    last = last_of(said.get("errors"))
    if not isinstance(last, dict):
        return "", None
    return text(last.get("text")), whole(last.get("time"))
