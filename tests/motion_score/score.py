"""Count what each method finds, and how often it finds something where there is nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from motion_score.days import Look
from motion_score.methods import METHODS

LEARNING = 40  # looks at the beginning that do not count
FALSE_ALARMS = 0.01


@dataclass
class Scores:
    """The scores of one method in one day: of still looks, and by (share, is slow)."""

    still: list[float] = field(default_factory=list)
    found: dict[tuple[float, bool], list[float]] = field(default_factory=dict)

    def detection(self, threshold: float, share: float, *slow: bool) -> float:
        """Return the part of the looks with a figure whose score is above `threshold`."""
        scores = [score for is_slow in slow for score in self.found.get((share, is_slow), [])]
        return sum(score > threshold for score in scores) / max(1, len(scores))

    def alarms(self, threshold: float) -> int:
        """Return how many still looks have a score above `threshold`."""
        return sum(score > threshold for score in self.still)


def scores(looks: Iterable[Look]) -> list[Scores]:
    """Return the Scores of each method in methods.METHODS over the same looks."""
    methods = [method() for method in METHODS]
    all_scores = [Scores() for _ in methods]
    for number, look in enumerate(looks):
        for method, kept in zip(methods, all_scores, strict=True):
            score = method.score(look.image)
            if look.share:
                kept.found.setdefault((look.share, look.is_slow), []).append(score)
            elif number >= LEARNING:
                kept.still.append(score)
    return all_scores


def together(many: Iterable[Scores]) -> Scores:
    """Return the scores of several days as one."""
    total = Scores()
    for one in many:
        total.still += one.still
        for key, values in one.found.items():
            total.found.setdefault(key, []).extend(values)
    return total


def threshold(still: list[float]) -> float:
    """Return the score that at most 1 still look in 100 exceeds."""
    return sorted(still)[-1 - int(len(still) * FALSE_ALARMS)]
