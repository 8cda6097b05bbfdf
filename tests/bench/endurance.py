"""Endurance: what the last `make soak` on this machine came to, if there was one."""

import json
from pathlib import Path

from bench.report import Chapter, Table

_REPORT = Path(__file__).parents[2] / "build" / "soak.json"


def chapter() -> Chapter:
    """Tell the report of `make soak`: every figure in it, whatever its name."""
    if not _REPORT.exists():
        return Chapter("Endurance", ["Not measured in this run: `make soak` left no report."])
    told = json.loads(_REPORT.read_text(encoding="utf-8"))
    rows = [[name.replace("_", " "), value] for name, value in _figures(told)]
    return Chapter("Endurance", ["From `make soak`:", Table(["figure", "value"], rows)])


def _figures(told: dict, before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in told.items():
        if isinstance(value, dict):
            found += _figures(value, f"{before}{name} ")
        elif not isinstance(value, list):
            found.append((before + name, value))
    return found
