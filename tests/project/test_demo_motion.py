"""The table of `megacam demo --motion`: which photo belongs to which visit."""

import io
from datetime import datetime, timedelta
from pathlib import Path

from megacam.demo import motion
from megacam.demo.run import Photo
from megacam.sim.frame_pictures import rgb565
from megacam.sim.scene import visits
from motion import Motion


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


def test_the_camera_sees_each_visitor_and_no_cloud():
    begin = datetime(2026, 7, 14, 12)
    show, seen, buf = visits.visited(begin), Motion(), bytearray(4092)
    scores = {}
    for at_s in range(0, visits.END_S, 2):
        image = show(96, 96, begin + timedelta(seconds=at_s)).convert("RGB")
        scores[at_s] = seen.look(io.BytesIO(rgb565(image)), buf)
    moments = {at_s for at_s, score in scores.items() if score >= seen.threshold}
    for visit in visits.PLAN:
        during = {at_s for at_s in scores if visit.start_s <= at_s < visit.end_s}
        assert bool(during & moments) == visit.moves, (visit.name, scores)
        moments -= during
    assert not moments, scores


def test_visits_do_not_overlap_and_end_before_the_demo_does():
    times = [time for visit in visits.PLAN for time in (visit.start_s, visit.end_s)]
    assert times == sorted(times) and times[-1] < visits.END_S
