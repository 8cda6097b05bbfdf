"""The table of `megacam demo --motion`: which photo belongs to which visit."""

from pathlib import Path

from megacam.demo import motion
from megacam.demo.run import Photo
from megacam.sim.scene import visits


def _photo(at_s, score):
    return Photo("key", 1, 1, True, 1, Path(), at_s, score)


def _moving():
    return [_photo(visit.start_s + 2, 200) for visit in visits.PLAN if visit.moves]


def _wrong(photos):
    return [row.name for row in motion.rows(photos) if not row.is_right]


def test_a_photo_of_each_visit_and_some_of_nothing_are_right():
    cloud = next(visit for visit in visits.PLAN if not visit.moves)
    photos = [_photo(3, 0), *_moving(), _photo(cloud.start_s + 1, 20)]
    assert _wrong(photos) == []
    assert len(motion.rows(photos)[-1].photos) == 2


def test_what_was_not_sent_or_sent_without_a_reason_is_wrong():
    cloud = next(visit for visit in visits.PLAN if not visit.moves)
    assert _wrong(_moving()[1:]) == [visits.PLAN[0].name]
    assert _wrong([*_moving(), _photo(cloud.start_s + 1, 99)]) == [cloud.name]
    assert _wrong([*_moving(), _photo(3, 99)]) == [motion.rows([])[-1].name]


def test_visits_do_not_overlap_and_end_before_the_demo_does():
    times = [time for visit in visits.PLAN for time in (visit.start_s, visit.end_s)]
    assert times == sorted(times) and times[-1] < visits.END_S
