"""Endurance: the results of the last `make soak` on this machine, if any."""

import datetime
import json
from pathlib import Path

from bench.report import Chapter, Table

_REPORT = Path(__file__).parents[2] / "build" / "soak.json"
_TEXT = """\
These figures are from `make soak` of {date}: the firmware on the simulated board, through faults
of the camera, the network, the clock, the store and the power, in simulated time."""


def chapter() -> Chapter:
    """Return the chapter with all figures of the report of `make soak`."""
    if not _REPORT.exists():
        return Chapter("Endurance", ["Not measured in this run: `make soak` left no report."])
    told = json.loads(_REPORT.read_text(encoding="utf-8"))
    broken = told.pop("broken", [])
    rows: list[list[object]] = [[_words(name), _told(value)] for name, value in told.items()]
    rows.append(["broken rules", "; ".join(broken) or "none"])
    date = datetime.date.fromtimestamp(_REPORT.stat().st_mtime).isoformat()
    return Chapter("Endurance", [_TEXT.format(date=date), Table(["figure", "value"], rows)])


def _told(value: object) -> object:
    if isinstance(value, dict):
        return "; ".join(f"{_words(name)}: {_told(count)}" for name, count in value.items()) or "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
