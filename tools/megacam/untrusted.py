"""Read what a camera wrote about itself, such as status.json, with distrust. Nothing raises.

    reported = whole(said.get("time"))

A value of the wrong type counts as missing.
"""

from typing import Any

_TEXT_CHARS = 200
# No clock and no counter reaches this; infinity and NaN are not below it either.
_NUMBER_LIMIT = 1e15


def part(said: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object called `name`, or {}."""
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """Return a finite number as it is, else None (also for true and "5")."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < _NUMBER_LIMIT else None


def whole(value: Any) -> int | None:
    """Return a finite number, rounded, else None."""
    found = number(value)
    return None if found is None else round(found)


def text(value: Any, most: int = _TEXT_CHARS) -> str:
    """Return at most `most` characters of a text, with spaces for control characters."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:most])


def last_of(value: Any) -> Any:
    """Return the last element of a list, or None."""
    return value[-1] if isinstance(value, list) and value else None
