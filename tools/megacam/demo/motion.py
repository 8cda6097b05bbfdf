"""The demo of motion detection: visitors come on a known plan. Which of them were sent?"""

from collections.abc import Iterable
from dataclasses import dataclass

from megacam import settings
from megacam.demo.run import Photo
from megacam.sim.scene import visits

# A look every two seconds, the way back to photos, and the photo itself.
_LATE_S = 6


@dataclass(frozen=True)
class Row:
    """One line of the table: a visit, or photos without one (`name` says why)."""

    name: str
    when: str
    photos: tuple[Photo, ...]
    is_right: bool


def rows(photos: Iterable[Photo]) -> list[Row]:
    """Return a row for each visit of the plan, and one for the photos that belong to none."""
    least = settings.default("motion.threshold")
    left = list(photos)
    found = []
    for visit in visits.PLAN:
        during = tuple(
            one for one in left if visit.start_s <= one.at_s < visit.end_s + _LATE_S * visit.moves
        )
        # A photo that is due anyway shows a cloud too; it is not sent because of it.
        because = tuple(one for one in during if visit.moves or one.motion >= least)
        left = [one for one in left if one not in because]
        when = f"{visit.start_s:g} to {visit.end_s:g} s"
        found.append(Row(visit.name, when, because, bool(because) == visit.moves))
    is_right = all(one.motion < least for one in left)
    found.append(Row("nothing: the first photo, and one a minute", "", tuple(left), is_right))
    return found
