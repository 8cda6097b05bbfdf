"""lib/arducam_mega/look.py: small raw frames between photos, on the camera model."""

import pytest
from arducam_mega import CameraError, look
from arducam_mega_rig import Rig, read
from each import each
from megacam.sim.camera_models import KINDS

SMALL = 96 * 96 * 2
AFTER_CHANGE = ("early-change-blanking", "blank-after-change:1", "dark-after-change")


def _photo(rig):
    data = rig.shoot()
    assert data[:3] == b"\xff\xd8\xff"
    record = rig.model.frames[-1]
    assert (record.width, record.height, record.quality) == (1600, 1200, "low")


def _look(rig, **how):
    frame = look.take(rig.camera, **how)
    data = read(frame)
    record = rig.model.frames[-1]
    assert (record.format, record.width, record.height) == ("rgb565", 96, 96)
    assert len(data) == frame.size == SMALL
    assert data == record.fifo


@pytest.fixture
def ready():
    def make(word="3mp", *faults):
        rig = Rig(word, *faults)
        rig.camera.configure(resolution="1600x1200", quality="low", brightness=2)
        _photo(rig)
        return rig

    return make


@each("word", KINDS)
@each("fault", [None, *AFTER_CHANGE])
def test_looks_and_photos_take_turns(word, fault, ready):
    with ready(word, *[fault] * bool(fault)) as rig:
        settings = rig.camera.settings
        for _ in range(2):
            for _ in range(3):
                _look(rig)
            look.end(rig.camera)
            _photo(rig)
        assert rig.camera.settings == settings


def test_only_format_and_size_are_written_and_only_when_they_change(ready):
    with ready() as rig:
        del rig.writes[:]
        for _ in range(3):
            _look(rig)
        look.end(rig.camera)
        look.end(rig.camera)
        changes = [write for write in rig.writes if write[0] != 0x04]
        assert changes == [(0x20, 2), (0x21, 0x0A), (0x20, 1), (0x21, 0x06)]


def test_the_frames_after_a_change_are_discarded_before_the_photo_is_due(ready):
    with ready() as rig:
        taken = len(rig.model.frames)
        _look(rig, discard=3)
        assert len(rig.model.frames) == taken + 4
        look.end(rig.camera, discard=2)
        discarded = len(rig.model.frames)
        assert taken + 5 <= discarded <= taken + 6
        _photo(rig)
        assert len(rig.model.frames) == discarded + 1


@pytest.mark.parametrize("settle_ms", [0, 300, 2000])
def test_it_waits_before_the_first_trigger_after_a_change(settle_ms, ready):
    with ready() as rig:
        before = rig.ms()
        look.take(rig.camera, settle_ms, 0)
        triggered = rig.camera.frame.triggered_ms
        assert triggered - before >= max(settle_ms, 300)
        assert triggered - before < max(settle_ms, 300) + 200


@pytest.mark.parametrize("fault", ["brown-out:1", "sensor-reset-in-field:1", "constant-frame:1"])
def test_a_camera_that_loses_its_settings_gets_those_of_the_look_back(fault, ready):
    with ready() as rig:
        _look(rig)
        rig.fault(fault)
        _look(rig)
        look.end(rig.camera)
        _photo(rig)


def test_a_look_that_fails_leaves_photos_as_they_were(ready):
    rig = ready()
    rig.fault("capture-stuck:3")
    with pytest.raises(CameraError):
        look.take(rig.camera)
    look.end(rig.camera)
    _photo(rig)


def test_configure_ends_the_looks(ready):
    with ready() as rig:
        _look(rig)
        rig.camera.configure(brightness=0)
        _photo(rig)


def test_reset_ends_the_looks(ready):
    with ready() as rig:
        _look(rig)
        rig.camera.reset()
        assert rig.shoot()[:3] == b"\xff\xd8\xff"
        assert (rig.model.frames[-1].width, rig.model.frames[-1].format) == (640, "jpeg")
