"""The goals of motion detection, on fewer looks than `make motion-score` takes."""

import pytest
from motion_score import days, score
from motion_score.methods import METHODS, Cells

OWN = Cells().own - 1
_PLACES = ("still", "room", "rain")


def _cells(looks):
    return score.scores(looks)[METHODS.index(Cells)]


@pytest.mark.parametrize("kind", days.LIGHTS)
def test_a_lamp_that_is_switched_and_a_cloud_are_not_motion(kind):
    kept = _cells(days.looks(kind, 3, 0, 150))
    assert len(kept.still) == 150 - score.LEARNING
    assert kept.alarms(OWN) == 0


def test_figures_are_found_and_the_usual_methods_find_none():
    columns = zip(*[score.scores(days.looks(kind, 3, 2, 60)) for kind in _PLACES], strict=True)
    cells, pixels, sizes = [score.together(column) for column in columns]
    assert cells.alarms(OWN) == 0
    for share, least in ((0.01, 0.85), (0.02, 0.95), (0.05, 0.95)):
        assert cells.detection(OWN, share, False, True) >= least
    for other in (pixels, sizes):
        limit = score.threshold(other.still)
        assert other.detection(limit, 0.01, False, True) < 0.25


def test_the_same_day_has_the_same_frames():
    one, other = (list(days.looks("flicker", 5, 1, 2)) for _ in range(2))
    assert [look.image.tobytes() for look in one] == [look.image.tobytes() for look in other]


def test_the_threshold_lets_one_still_look_in_a_hundred_through():
    still = [float(value) for value in range(300)]
    limit = score.threshold(still)
    assert sum(value > limit for value in still) == 3
