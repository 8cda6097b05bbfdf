"""Options that several commands share for a span of time, and what was meant by them."""

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Annotated

import typer

from megacam.console import MisuseError

_DEFAULT_SPAN = timedelta(days=1)

Zone = Annotated[
    str | None,
    typer.Option("--timezone", help="Time zone, such as Europe/Berlin (default: this computer's)"),
]
From = Annotated[
    str | None,
    typer.Option("--from", help="Start: 2026-11-23 or 2026-11-23T06:00 (default: a day ago)"),
]
To = Annotated[
    str | None,
    typer.Option("--to", help="End; a date alone includes that whole day (default: now)"),
]


def span(
    start: str | None, end: str | None, zone: tzinfo, now: datetime
) -> tuple[datetime, datetime]:
    """Return a span in UTC from what was written on the command line; raises MisuseError."""
    finish = _moment(end, zone, whole=True) if end else now
    begin = _moment(start, zone) if start else finish - _DEFAULT_SPAN
    if begin >= finish:
        raise MisuseError(f"--from {start} is not before --to {end or 'now'}")
    return begin, finish


def _moment(written: str, zone: tzinfo, *, whole: bool = False) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise MisuseError(
            f"{written!r} is not a date; write 2026-11-23 or 2026-11-23T06:00"
        ) from None
    if whole and len(written) == len("2026-11-23"):
        moment += timedelta(days=1)
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return local.astimezone(timezone.utc)
