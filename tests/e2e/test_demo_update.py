"""`megacam demo --update`: a signed release changes the running board, and a broken one goes."""

from megacam.demo import run
from megacam.demo.update import Updates


def test_a_good_release_stays_and_a_broken_one_goes(tmp_path):
    lines = []
    scenario = Updates()
    options = run.Options(photos_count=1, interval_s=20, folder=tmp_path, update=True, fast=True)
    photos = run.run(options, lines.append, lines.append, scenario)
    assert [row.is_right for row in scenario.rows] == [True, True], lines
    good, bad = scenario.rows
    assert "I app started version=9.0.0 device=cam1" in good.lines
    assert bad.lines[-1].startswith("I s3 stored key=cam1/")
    assert photos and all(photo.etag_ok for photo in photos)
