"""Numbers, spans of time and articles in messages."""

import itertools

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def count(number: float, word: str) -> str:
    """Return "1 photo", "2 photos" or "1,000 photos"; `word` is the singular."""
    return f"{number:,.0f} {word}" + ("" if round(number) == 1 else "s")


def span(seconds: float, least_s: int = 60) -> str:
    """Return a time span in its largest two units, such as "2 h 5 min".

    `least_s`: 60 for no seconds beside minutes, 1 for "5 min 12 s".
    """
    left = max(0, round(seconds))
    for (unit_s, word), (small_s, small) in itertools.pairwise(_UNITS):
        if left >= unit_s:
            rest = left % unit_s // small_s if small_s >= least_s else 0
            return f"{left // unit_s} {word}" + (f" {rest} {small}" if rest else "")
    return f"{left} s"


def a(word: str) -> str:
    """Return `word` after "a" or "an", chosen by its first letter."""
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
