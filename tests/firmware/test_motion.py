"""firmware/tasks/look.py and shot/lookout.py on a simulated board: which photos go, and when."""

import itertools

import pytest
from app_rig import BARN, files, run
from megacam.board import tree
from megacam.sim.board import Board

# Stands in for lib/arducam_mega/look.py: the scripted camera has the frames.
_SMALL = """
def take(camera, settle_ms, discard):
    return camera.take_small(settle_ms, discard)

def end(camera, settle_ms, discard):
    camera.end_small(settle_ms, discard)
"""
_SECTION = {
    "mode": "gate", "look_s": 5, "keepalive_min": 60, "threshold": 75, "mask": (),
    "settle_ms": 300, "discard": 1, "debug": False,
}  # fmt: skip
# A camera whose frames show a figure while figures(seconds since the start) is true.
_CODE = """
from arducam_mega import CameraError
from firmware.shot.lookout import Lookout
from firmware.early import Early

def picture(is_there):
    data = bytearray(18432)
    for i in range(0, 18432, 2):
        row, column = i // 192, i % 192 // 2
        is_dark = is_there and 40 <= row < 56 and 40 <= column < 48
        data[i] = 8 if is_dark else 60 + row // 4 % 4 * 8
    return data

still, figure = picture(False), picture(True)

class Looking(Camera):
    small = False
    def start(self):
        assert not self.small, "a photo while the camera looks"
        Camera.start(self)
    def take_small(self, settle_ms, discard):
        if not self.small:
            time.sleep_ms(settle_ms + 200 * discard)
        self.small = True
        at = clock.now() - began
        tell("look", at=at)
        time.sleep_ms(150)
        shown = show(at)
        if isinstance(shown, Exception):
            raise shown
        return Frame(shown)
    def end_small(self, settle_ms, discard):
        tell("back")
        time.sleep_ms(settle_ms + 600 * discard)
        self.small = False

def loop(seconds):
    end = clock.now() + seconds
    take = a.take
    def take_until():
        if clock.now() >= end:
            raise KeyboardInterrupt
        take()
    a.take = take_until
    try:
        a.run()
    except KeyboardInterrupt:
        pass
    report(a)

a = app(camera=Looking())
a.early = Early(Lookout({section}), None)
began = clock.now()
"""


@pytest.fixture
def live(tmp_path):
    def start(show, seconds, more="", **section):
        setup = _CODE.replace("{section}", repr({**_SECTION, **section}))
        code = f"{setup}\ndef show(at):\n    return {show}\n{more}\nloop({seconds})"
        content = {**files(), **tree.build({"arducam_mega.look": _SMALL}, at_prompt=True)}
        content |= {"lib/scripted_app.py": files()["lib/scripted_app.py"]}
        placed = tree.placed(content)
        with Board(tmp_path, placed, networks=[BARN], heap="600K", fast=True) as board:
            return run(board, code, 240)

    return start


def _photos(told):
    """Return [(seconds since the first look, motion)] of the photos that were stored."""
    began = told.events[0]["up_s"] if told.events else 0
    puts = [put for put in told.all("put") if put["key"].endswith(".jpg")]
    return [(put["up_s"] - began, int(put["metadata"]["motion"])) for put in puts]


def test_gate_sends_a_photo_at_once_when_something_moves(live):
    told = live("figure if 100 <= at < 107 else still", 240)
    times = [time for time, _ in _photos(told)]
    scores = [score for _, score in _photos(told)]
    # One at the first moment that is due, when the camera has not seen much; one at the motion.
    assert len(times) == 2 and scores[1] >= 75, _photos(told)
    assert 98 <= times[1] - (told.all("look")[0]["up_s"] - told.all("look")[0]["at"]) <= 110
    # The gap has its reason: every other shot that was due is counted.
    assert told.end["counters"]["gated"] in (5, 6) and told.end["counters"]["missed"] == 0


def test_gate_sends_at_most_one_photo_an_interval(live):
    told = live("figure if at // 5 % 2 else still", 300, threshold=40)
    times = [time for time, _ in _photos(told)]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert len(times) >= 6 and min(gaps) >= 28, times


def test_gate_sends_a_photo_after_the_keepalive(live):
    told = live("still", 400, keepalive_min=2)
    times = [time for time, _ in _photos(told)]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert len(times) == 4 and all(118 <= gap <= 122 for gap in gaps), times
    assert all(score < 75 for _, score in _photos(told))


def test_mark_sends_all_photos_with_the_highest_score_since_the_one_before(live):
    told = live("figure if 70 <= at < 80 else still", 200, mode="mark")
    scores = [score for _, score in _photos(told)]
    assert len(scores) in (6, 7)
    assert sum(score >= 75 for score in scores) == 1
    assert "gated" not in told.end["counters"] and told.end["counters"]["missed"] == 0


@pytest.mark.parametrize("discard", [0, 1, 3])
def test_no_photo_is_late_because_of_looks(discard, live):
    told = live("still", 130, mode="mark", discard=discard)
    shots = [shot["ms"] for shot in told.all("shot")]
    gaps = [b - a for a, b in itertools.pairwise(shots)]
    assert len(gaps) >= 3 and all(29_000 <= gap <= 31_000 for gap in gaps[1:]), gaps
    assert len(told.all("look")) >= 10
    # The camera is back in time, and only once for each photo.
    assert len(told.all("back")) in (len(shots) - 1, len(shots), len(shots) + 1)


@pytest.mark.parametrize(
    "show", ["bytes(18432)", "CameraError('timeout', 'no capture ends')"], ids=["blank", "broken"]
)
def test_a_camera_that_cannot_see_sends_all_photos(show, live):
    told = live(show, 200)
    assert len(_photos(told)) in (6, 7)
    assert "gated" not in told.end["counters"]


def test_nobody_looks_outside_of_the_schedule(live):
    more = "a.windows = ((began, began + 62), (began + 150, began + 400))"
    told = live("still", 200, more, mode="mark")
    times = [look["at"] for look in told.all("look")]
    assert times and all(at <= 63 or at >= 150 for at in times)
    assert any(at >= 150 for at in times)


def test_scores_are_logged_only_for_debugging(live):
    told = live("still", 40, debug=True)
    assert any("score=0" in line for line in told.said("D motion looked "))
    assert not live("still", 40).said("D ")
