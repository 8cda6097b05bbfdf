"""Quirks of real Megas and faults in the field: each ends in a photo or an error with a reason."""

import re
from pathlib import Path

import pytest
from arducam_mega import ArducamMega, CameraError
from arducam_mega_rig import QUICK, RESET, START, Rig, read
from each import each
from megacam.sim import wire
from megacam.sim.camera import CameraModel
from megacam.sim.camera_models import KINDS
from megacam.sim.frame_sources import jpeg_like

ROOT = Path(__file__).parents[2]

# Faults that a driver can detect by the photo's size and markers, or by the camera's registers.
ONCE = (
    "capture-stuck:1",
    "length-zero:1",
    "length-8mib:1",
    "length-all-ones:1",
    "constant-frame:1",
    "soi-at-one:1",
    "brown-out:1",
    "sensor-reset-in-field:1",
    "sensor-only-reset:1",
    "slow-capture:1",
)
TWICE = tuple(fault.replace(":1", ":2") for fault in ONCE)


def _is_whole(data):
    return data[:3] == b"\xff\xd8\xff" and data.rstrip(b"\0")[-2:] == b"\xff\xd9"


@each("word", KINDS)
@each("fault", ONCE + TWICE)
def test_a_passing_fault_ends_in_a_good_photo_of_the_asked_size(word, fault):
    with Rig(word) as rig:
        rig.camera.configure(resolution="1600x1200", quality="high")
        rig.shoot()
        rig.fault(fault)
        assert _is_whole(rig.shoot())
        record = rig.model.frames[-1]
        assert (record.width, record.height, record.quality) == (1600, 1200, "high")
        assert _is_whole(rig.shoot())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("capture-stuck", "timeout"),
        ("length-zero", "length"),
        ("length-8mib", "length"),
        ("length-all-ones", "length"),
        ("constant-frame", "blank"),
        ("soi-at-one", "blank"),
        ("idle-stuck", "busy"),
        ("no-camera-low", "absent"),
        ("no-camera-high", "absent"),
        ("brown-out", "dead"),
        ("sensor-reset-in-field", "dead"),
        ("sensor-only-reset", "size"),
    ],
)
def test_a_lasting_fault_ends_in_its_reason_within_a_minute(fault, reason):
    with Rig() as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.shoot()
        rig.fault(fault)
        begun = rig.ms()
        with pytest.raises(CameraError) as caught:
            rig.camera.configure(brightness=1)  # a write, so that a stuck idle state shows
            rig.camera.capture()
        assert caught.value.reason == reason
        assert rig.ms() - begun < 60_000
        with pytest.raises(CameraError, match="start"):
            rig.camera.ready()
        rig.model.faults.discard(fault)
        rig.shoot()
        record = rig.model.frames[-1]
        assert (record.width, record.height) == (1600, 1200)
        assert rig.model.settings[0x22] == 1


@pytest.mark.parametrize("fault", ["no-camera-low", "no-camera-high"])
def test_no_camera_is_told_within_three_seconds_with_what_was_read(fault):
    with Rig("3mp", fault) as rig:
        with pytest.raises(CameraError, match=r"0x0|0xff") as caught:
            rig.camera.reset()
        assert caught.value.reason == "absent"
        assert rig.ms() < 3000


def test_a_camera_that_powers_up_slowly_is_waited_for():
    with Rig("3mp", "slow-power-up:1", "slow-reset") as rig:
        rig.shoot()


def test_an_idle_state_read_right_after_a_reset_is_not_trusted():
    with Rig("3mp", "stale-idle", "slow-reset") as rig:
        rig.shoot()


@pytest.mark.parametrize("fault", ["second-write-dropped", "second-write-corrupts"])
def test_many_settings_at_once_all_arrive(fault):
    with Rig("3mp", fault) as rig:
        rig.camera.configure(
            resolution="1280x720", quality="low", brightness=-2, contrast=3, ev=1, effect="sepia"
        )
        rig.shoot()
        assert rig.model.settings[0x21] == 0x04
        assert [rig.model.settings[a] for a in (0x2A, 0x22, 0x23, 0x25, 0x27)] == [2, 4, 5, 1, 4]


def test_an_unchanged_size_is_not_written_again():
    with Rig() as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.shoot()
        before = rig.writes.count((0x21, 0x06))
        rig.camera.configure(resolution="1600x1200", quality="low", format="jpeg")
        rig.shoot()
        assert rig.writes.count((0x21, 0x06)) == before == 1


def test_no_capture_is_triggered_too_early_after_a_reset_or_a_change_of_size():
    with Rig() as rig:
        rig.camera.reset()
        rig.shoot()
        for change in ({"resolution": "320x240"}, {"format": "rgb565"}):
            rig.camera.configure(**change)
            begun, taken = rig.ms(), len(rig.model.frames)
            rig.shoot()
            assert rig.ms() - begun >= 300
            assert len(rig.model.frames) == taken + 1  # a bad frame would have been taken again


def test_after_a_reset_the_least_wait_is_kept_even_when_asked_for_less():
    with Rig(driver={"settle_ms": 0, "discard": 0}) as rig:
        rig.shoot()
        assert len(rig.model.frames) == 1


def test_a_camera_that_stays_blank_is_reset():
    with Rig() as rig:
        rig.camera.reset()
        rig.fault("constant-frame:2")
        resets = rig.writes.count(RESET)
        rig.shoot()
        assert rig.writes.count(RESET) == resets + 1


def test_a_failed_capture_gets_300_ms_before_it_is_triggered_again():
    with Rig() as rig:
        rig.shoot()
        starts = []
        rig.model.listeners.append(
            lambda t: starts.append(t.start_us) if t.mosi == b"\x84\x02" else None
        )
        rig.fault("constant-frame:1")
        rig.shoot()
        assert starts[1] - starts[0] >= 300_000


def test_a_new_trigger_does_not_wait_for_what_an_older_one_had_to():
    with Rig(driver={"settle_ms": 5000, "discard": 0}) as rig:
        rig.fault("constant-frame:1")
        rig.camera.reset()
        rig.clock.sleep_ms(4500)
        rig.camera.start()
        while not rig.model.frames:
            rig.clock.sleep_ms(10)
            rig.camera.ready()
        begun = rig.ms()
        read(rig.camera.finish())
        assert rig.ms() - begun < 1000


def test_an_exposure_has_its_time_from_the_trigger_on():
    with Rig() as rig:
        rig.shoot()
        rig.fault("slow-capture")
        rig.clock.sleep_ms(60_000)
        del rig.writes[:]
        rig.shoot()
        assert rig.writes.count(START) == 1


def test_a_lost_clearing_of_the_done_flag_does_not_bring_the_photo_before():
    with Rig() as rig:
        rig.shoot()
        lost = [b"\x84\x01"]
        write = rig.spi.write
        rig.spi.write = lambda data: (
            write(b"\x80\x55")  # the write goes to another register
            if bytes(data) in lost and lost.pop()
            else write(data)
        )
        rig.shoot()
        assert (lost, len(rig.model.frames)) == ([], 2)


def test_a_sleeping_camera_is_awake_after_a_reset():
    for word in KINDS:
        with Rig(word) as rig:
            rig.camera.sleep()
            rig.camera.reset()
            del rig.writes[:]
            rig.shoot()
            assert {address for address, _ in rig.writes} == {0x04}


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_camera_that_lost_its_settings_is_set_up_before_it_is_triggered_again(when):
    with Rig() as rig:
        rig.camera.configure(resolution="320x240")
        rig.shoot()
        del rig.writes[:]
        if when == "before":
            rig.model.power_cycle()
        else:
            rig.fault("sensor-reset-in-field:1")
        rig.shoot()
        assert rig.writes.count(START) == (1 if when == "before" else 2)


@pytest.mark.parametrize("register", [0x45, 0x46, 0x47])
def test_a_length_that_reads_differently_twice_is_not_believed(register):
    with Rig() as rig:
        rig.camera.reset()
        exchange = rig.spi.write_readinto
        glitches = [1]

        def noisy(out, data):
            exchange(out, data)
            if out[0] == register and glitches:
                data[2] ^= glitches.pop()

        rig.spi.write_readinto = noisy
        rig.shoot()


def test_settings_left_by_another_program_are_put_right():
    with Rig("3mp", "test-pattern-left-on", "frame-count-left-over") as rig:
        rig.model.poke(0x02, 0x07)
        rig.model.poke(0x05, 0x81)
        rig.shoot()
        assert len(rig.model.frames[-1].photos) == 1
        assert (0x02, 0x05) in rig.writes
        assert (0x06, 0x01) in rig.writes  # only the pattern's bit is cleared
        assert (0x05, 0x01) in rig.writes


def test_chip_select_rests_high_from_the_start_even_if_it_was_low():
    model = CameraModel("3mp", cs_level=0, strict_select=True)
    spi, cs, clock = wire.connect(model)
    camera = ArducamMega(spi, cs, clock=clock, **QUICK)
    assert model.cs_level == 1
    assert read(camera.capture()) == model.frames[-1].fifo
    assert model.violations == []


def test_a_camera_that_dies_while_a_frame_is_read_is_told_before_its_last_block():
    with Rig() as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.fault("dies-in-burst:1")
        frame = rig.camera.capture()
        buf = bytearray(4092)
        got = 0
        with pytest.raises(CameraError) as caught:
            while True:
                got += frame.readinto(buf)
        assert caught.value.reason == "dead"
        assert got < frame.size
        rig.clock.sleep_ms(1000)
        rig.shoot()
        assert (rig.model.frames[-1].width, rig.model.frames[-1].height) == (1600, 1200)


def test_a_camera_back_before_the_end_of_a_frame_is_still_found_dead():
    with Rig() as rig:
        rig.fault("dies-in-burst:1")
        frame = rig.camera.capture()
        buf = bytearray(64)
        with pytest.raises(CameraError) as caught:
            while True:
                frame.readinto(buf)
                rig.clock.sleep_ms(300)  # a slow upload
        assert caught.value.reason == "dead"
        assert not [text for text in rig.model.violations if "FIFO read before" not in text]
        rig.model.violations.clear()  # the rest of the frame was read from an empty FIFO


def test_a_camera_without_a_scratch_register_is_known_by_its_id():
    with Rig() as rig:
        write = rig.spi.write
        rig.spi.write = lambda data: write(b"\x80\x00" if data[0] == 0x80 else data)
        rig.shoot()
        rig.fault("dies-in-burst:1")
        with pytest.raises(CameraError) as caught:
            read(rig.camera.capture())
        assert caught.value.reason == "dead"
        rig.shoot()


def test_a_power_cut_between_two_photos_costs_nothing():
    with Rig() as rig:
        rig.camera.configure(resolution="1280x720", effect="negative")
        rig.shoot()
        rig.model.power_cycle()
        rig.shoot()
        assert (rig.model.frames[-1].width, rig.model.settings[0x27]) == (1280, 5)


@pytest.mark.parametrize("word", ["3mp", "2mp-2025"])
def test_a_raw_frame_of_another_size_is_taken_again(word):
    with Rig(word) as rig:
        rig.camera.configure(format="rgb565", resolution="128x128")
        assert len(rig.shoot()) == 32_768
        rig.fault("sensor-only-reset:1")
        assert len(rig.shoot()) == 32_768
        assert rig.model.frames[-1].width == 128


def test_a_blank_raw_frame_is_taken_again():
    with Rig() as rig:
        rig.camera.configure(format="rgb565", resolution="320x240")
        rig.fault("constant-frame:2")
        assert rig.shoot()[:4] != b"\x08\x01\x08\x01"


def test_a_size_that_the_camera_insists_on_is_taken_as_it_is_from_then_on():
    def slightly_smaller(width, height, form, quality, shot):
        return jpeg_like(5000, width, height - 8, shot.number)

    with Rig(frames=slightly_smaller) as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.shoot()
        taken = len(rig.model.frames)
        rig.shoot()
        assert len(rig.model.frames) == taken + 1


def test_every_reason_is_explained_where_users_look():
    sources = "".join(path.read_text() for path in (ROOT / "lib" / "arducam_mega").rglob("*.py"))
    raised = set(re.findall(r'CameraError\(\s*"(\w+)"', sources))
    assert raised == set(re.findall(r"^    (\w+)  +\S", str(CameraError.__doc__), re.MULTILINE))
    docs = (ROOT / "docs" / "camera.md").read_text().split("## When something fails")[1]
    assert raised == set(re.findall(r"^\| `(\w+)`", docs, re.MULTILINE))


@pytest.mark.parametrize("faults", [("dark-first-frames",), ("green-first-frames",)])
def test_the_first_photo_is_exposed_and_its_colours_are_right(faults):
    shots = []

    def exposed(width, height, form, quality, shot):
        shots.append(shot)
        return jpeg_like(int(600 + 50_000 * shot.exposure), width, height, shot.number)

    for extra in ((), ("exposure-needs-captures",)):
        with Rig("3mp", *faults, *extra, frames=exposed, driver={"discard": 20}) as rig:
            rig.shoot()
            assert shots[-1].exposure > 0.9
            assert shots[-1].white_balanced


def test_warm_up_begins_anew_with_each_reset():
    with Rig(photos=[10_000], driver={"discard": 5}) as rig:
        for _ in range(2):
            rig.camera.reset()
            taken = len(rig.model.frames)
            rig.shoot()
            assert len(rig.model.frames) == taken + 2  # of equal length, so two are enough


def test_warm_up_is_bounded_where_the_scene_never_stands_still():
    sizes = [10_000, 20_000] * 50
    with Rig(photos=sizes, driver={"discard": 5}) as rig:
        rig.shoot()
        assert len(rig.model.frames) == 6
        rig.shoot()
        assert len(rig.model.frames) == 7  # no warm-up after the first photo


def test_padding_is_part_of_the_frame_and_never_read_beyond():
    for fault in ("small", "round8", "round16", "round1024", "kilobytes"):
        with Rig("3mp", f"padding-{fault}", "padding-fake-eoi", photos=[9000, 9001, 9002]) as rig:
            for _ in range(3):
                rig.shoot()
