"""lib/arducam_mega*.py: the chosen settings survive everything that happens to the camera.

Each public call is made after a failed recovery and in the middle of one. Then a photo is taken.
It must have the chosen size and settings, whether or not the call itself succeeded.
"""

import pytest
from any_speed import ANY_SPEED
from arducam_mega import CameraError
from arducam_mega_rig import BLOCK, Rig, read
from each import each
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from megacam.sim.camera_models import KINDS
from megacam.sim.frame_sources import jpeg_like

FORMAT, RESOLUTION, BRIGHTNESS, QUALITY = 0x20, 0x21, 0x22, 0x2A
CHOSEN = {"resolution": "320x240", "quality": "low", "brightness": -2}


def _iterate(rig):
    for _ in rig.camera.capture():
        pass


CALLS = {
    "capture": lambda rig: rig.camera.capture(),
    "start": lambda rig: rig.camera.start(),
    "finish": lambda rig: rig.camera.finish(),
    "ready": lambda rig: rig.camera.ready(),
    "intact": lambda rig: rig.camera.intact(),
    "iteration": _iterate,
    "save": lambda rig: rig.camera.capture().save("/dev/null"),
    "burst": lambda rig: rig.camera.burst(2),
    "settings": lambda rig: rig.camera.settings,
    "configure": lambda rig: rig.camera.configure(quality="low"),
    "configure nothing": lambda rig: rig.camera.configure(),
    "a wrong setting": lambda rig: rig.camera.configure(quality="good"),
    "sleep": lambda rig: rig.camera.sleep(),
    "wake": lambda rig: rig.camera.wake(),
    "focus": lambda rig: rig.camera.focus(),
    "sensor read": lambda rig: rig.sensor.read(rig.camera, 0x300A),
    "sensor write": lambda rig: rig.sensor.write(rig.camera, 0x3001, 0x10),
    "self_test": lambda rig: rig.sensor.self_test(rig.camera),
}


def _call(rig, name):
    try:
        return CALLS[name](rig)
    except (CameraError, ValueError) as e:
        return e


def _check_chosen(rig):
    """Check that a photo has the chosen settings: on the wire, in the sensor and in the frame."""
    rig.shoot()
    record = rig.model.frames[-1]
    assert (record.width, record.height, record.format) == (320, 240, "jpeg")
    assert rig.model.settings[BRIGHTNESS] == 4
    assert rig.model.settings[QUALITY] == 2
    told = rig.camera.settings
    assert {name: told[name] for name in CHOSEN} == CHOSEN


def _unplug(rig, during):
    rig.fault("no-camera-low")
    _call(rig, during)


def _plug_in(rig):
    rig.model.faults.discard("no-camera-low")
    rig.model.power_cycle()
    rig.clock.sleep_ms(1000)


@each("name", CALLS)
@each("word", KINDS)
def test_after_a_failed_recovery_every_call_leaves_what_was_chosen(word, name):
    with Rig(word) as rig:
        rig.camera.configure(**CHOSEN)
        _check_chosen(rig)
        _unplug(rig, "capture")
        assert rig.camera.id == 0
        assert isinstance(_call(rig, "capture"), CameraError)
        _plug_in(rig)
        _call(rig, name)
        _check_chosen(rig)


@each("name", CALLS)
@each("word", KINDS)
def test_a_call_to_an_absent_camera_leaves_what_was_chosen(word, name):
    with Rig(word) as rig:
        rig.camera.configure(**CHOSEN)
        _unplug(rig, name)
        _call(rig, name)
        _plug_in(rig)
        _check_chosen(rig)


@each("name", CALLS)
def test_a_camera_that_lost_its_power_between_calls_gets_its_settings_back(name):
    with Rig("5mp") as rig:
        rig.camera.configure(**CHOSEN, autofocus="single")
        rig.model.power_cycle()
        rig.clock.sleep_ms(1000)
        answer = _call(rig, name)
        if name in ("focus", "sensor read", "self_test", "burst"):
            assert not isinstance(answer, CameraError)
        _check_chosen(rig)


@each("fault", ["idle-stuck:1", "brown-out:1", "capture-stuck:3"])
@each("name", CALLS)
@each("word", KINDS)
def test_a_call_to_a_camera_in_trouble_leaves_what_was_chosen(word, name, fault):
    with Rig(word) as rig:
        rig.camera.configure(**CHOSEN)
        rig.fault(fault)
        _call(rig, name)
        rig.model.faults.discard(fault.partition(":")[0])
        rig.clock.sleep_ms(2000)
        _check_chosen(rig)


@each("transfers", range(1, 400, 13))
@each("name", ["self_test", "burst", "sleep", "focus", "settings"])
def test_a_camera_that_goes_at_any_moment_of_a_call_leaves_what_was_chosen(name, transfers):
    with Rig("5mp") as rig:
        rig.camera.configure(**CHOSEN)
        count = []

        def unplug(_):
            count.append(1)
            if len(count) == transfers:
                rig.fault("no-camera-low")

        rig.model.listeners.append(unplug)
        _call(rig, name)
        count.extend([1] * 1000)
        _plug_in(rig)
        _check_chosen(rig)


@pytest.mark.parametrize("word", KINDS)
def test_a_camera_that_hangs_while_it_wakes_is_reset(word):
    with Rig(word) as rig:
        rig.camera.configure(**CHOSEN)
        rig.camera.sleep()
        rig.fault("idle-stuck:1")
        _call(rig, "capture")
        _check_chosen(rig)


@given(st.lists(st.sampled_from([*CALLS, "unplug", "plug in", "cut the power"]), max_size=8))
@settings(max_examples=60, derandomize=True, phases=(Phase.explicit, Phase.generate), **ANY_SPEED)
def test_any_calls_in_any_order_leave_what_was_chosen(names):
    with Rig("5mp", driver={"settle_ms": 0, "discard": 0}) as rig:
        rig.camera.configure(**CHOSEN)
        for name in names:
            if name == "unplug":
                rig.fault("no-camera-low")
            elif name == "plug in":
                _plug_in(rig)
            elif name == "cut the power":
                rig.model.power_cycle()
            else:
                _call(rig, name)
        _plug_in(rig)
        _check_chosen(rig)


# An empty buffer, and a header with fill bytes


def test_an_empty_buffer_reads_nothing_and_puts_nothing_on_the_bus():
    with Rig(photos=[9000]) as rig:
        frame = rig.camera.capture()
        cycles = []
        rig.model.listeners.append(cycles.append)
        out = b""
        for count in (0, 100, 0, 92, 0, BLOCK, 0, BLOCK):
            buf = bytearray(count)
            frame.prepare(buf)
            before = len(cycles)
            assert frame.readinto(buf) == count
            if not count:
                assert len(cycles) == before
            out += buf
        rest = bytearray(BLOCK)
        count = frame.readinto(rest)
        assert out + rest[:count] == rig.model.frames[-1].fifo
        assert frame.readinto(bytearray(0)) == 0
        assert frame.readinto(rest) == 0


def test_an_empty_buffer_of_a_frame_that_was_given_up_is_an_error_too():
    with Rig() as rig:
        frame = rig.camera.capture()
        frame.close()
        with pytest.raises(CameraError):
            frame.readinto(bytearray(0))


@pytest.mark.parametrize("frames", [0, -1, 256])
def test_a_burst_of_no_photo_puts_no_capture_on_the_bus(frames):
    with Rig() as rig:
        rig.camera.reset()
        del rig.writes[:]
        with pytest.raises(ValueError, match="1 to 255"):
            rig.camera.burst(frames)
        assert rig.writes == []


def _filled(fill):
    def photo(width, height, form, quality, shot):
        data = jpeg_like(6000, width, height, shot.number)
        scan = data.index(b"\xff\xda")
        frame = data.index(b"\xff\xc0")
        head = data[2:frame], data[frame:scan], data[scan:]
        return data[:2] + b"".join(b"\xff" * fill + part for part in head)

    return photo


@pytest.mark.parametrize("fill", [1, 2, 3, 40, BLOCK - 2, BLOCK])
def test_fill_bytes_before_a_marker_are_legal(fill, tmp_path):
    with Rig(frames=_filled(fill)) as rig:
        rig.camera.configure(resolution="320x240")
        rig.camera.capture().save(tmp_path / "photo.jpg")
        assert (tmp_path / "photo.jpg").read_bytes() == rig.model.frames[0].photo
        assert len(rig.model.frames) == 1


def test_a_photo_of_another_size_is_known_by_its_header_behind_fill_bytes():
    with Rig(frames=_filled(3)) as rig:
        rig.camera.configure(resolution="320x240")
        rig.fault("sensor-only-reset:1")
        assert len(read(rig.camera.capture())) > 6000
        assert rig.model.frames[-1].width == 320
