"""Every fault switch of the camera model does what its name says, the given number of times."""

import pytest
from camera_host import Host
from megacam.sim.camera_faults import FAULTS, Faults, UnknownFaultError
from megacam.sim.frame_sources import FixedFrames

BLANK = b"\x08\x01" * 50


def host_of(*faults, sizes=(100, 200, 300), **options):
    host = Host(faults=faults, frames=FixedFrames(sizes), **options)
    host.ready()
    return host


def photo_of(host):
    return host.model.frames[-1].photo


def never_done(host):
    host.trigger()
    with pytest.raises(TimeoutError):
        host.done()
    return True


def test_an_unknown_fault_names_the_nearest():
    with pytest.raises(UnknownFaultError, match="did you mean 'capture-stuck'"):
        Faults(["capture-stick"])
    with pytest.raises(UnknownFaultError, match="write a count, as in capture-stuck:2"):
        Faults(["capture-stuck:two"])


def test_a_counted_fault_ends():
    faults = Faults(["capture-stuck:2", "bit-flip"])
    assert [faults.strike("capture-stuck") for _ in range(3)] == [True, True, False]
    assert all(faults.strike("bit-flip") for _ in range(5))
    assert list(faults) == ["bit-flip"]
    faults.discard("bit-flip")
    assert repr(faults) == "Faults([])"


def test_every_fault_has_a_description_and_can_be_on_for_a_photo():
    for name, text in FAULTS.items():
        assert text
        Host(faults=(f"{name}:1",)).write(0x04, 0x02)


def test_the_measured_quirks_are_on_for_the_3mp_only():
    on = {word: list(Host(word, quirks=True).model.faults) for word in ("3mp", "5mp", "2mp-2025")}
    assert on == {
        "3mp": ["redundant-0x21-blanking", "early-trigger-blanking"],
        "5mp": [],
        "2mp-2025": [],
    }


@pytest.mark.parametrize(("name", "level"), [("no-camera-low", 0x00), ("no-camera-high", 0xFF)])
def test_no_camera_means_a_constant_miso(name, level):
    host = Host(faults=(name,))
    assert host.cycle(0x40, 0, 0) == bytes([level] * 3)
    host.model.faults.discard(name)
    assert host.read(0x40) == 0x82


def test_a_camera_can_need_time_to_power_up():
    host = Host(faults=("slow-power-up",))
    assert host.read(0x40) == 0x00
    host.clock.sleep_ms(800)
    assert host.read(0x40) == 0x82


def test_writes_above_8_mhz_are_ignored():
    host = Host(faults=("fast-writes-ignored:1",))
    host.spi.init(baudrate=16_000_000)
    host.write(0x00, 0x55)
    assert host.read(0x00) == 0x00
    host.write(0x00, 0x55)
    assert host.read(0x00) == 0x55
    assert "16000000 Hz; 8 MHz is the most" in host.model.violations[0]


@pytest.mark.parametrize(
    ("faults", "quality"),
    [((), 0), (("second-write-dropped",), None), (("second-write-corrupts",), 1)],
)
def test_a_second_write_while_busy_can_suffer(faults, quality):
    host = host_of(*faults)
    host.write(0x26, 1)
    host.write(0x2A, 0)
    assert host.model.settings.get(0x2A) == quality
    assert "JPEG_QUALITY written while the camera was busy" in host.model.violations[0]


def test_a_stuck_idle_ends_with_a_reset():
    host = Host()
    host.ready()
    host.model.faults.add("idle-stuck:1")
    host.write(0x26, 0)
    with pytest.raises(TimeoutError):
        host.idle()
    host.reset()
    assert host.model.violations == []


def test_a_stuck_idle_can_be_for_good():
    host = Host(faults=("idle-stuck",))
    with pytest.raises(TimeoutError):
        host.reset()


def test_idle_can_be_stale_just_after_a_reset():
    host = Host(faults=("stale-idle",))
    host.write(0x07, 0x40)
    assert host.read(0x44) & 0x03 == 2
    host.clock.sleep_ms(2)
    assert host.read(0x44) & 0x03 == 1


def test_a_reset_can_take_long():
    host = Host(faults=("slow-reset",))
    host.write(0x07, 0x40)
    host.clock.sleep_ms(1490)
    assert host.read(0x44) & 0x03 == 1
    host.idle(30)


def test_frame_count_can_be_left_over_and_survives_a_reset():
    host = Host(faults=("frame-count-left-over",), frames=FixedFrames([100]))
    host.ready()
    assert host.read(0x01) == 2
    assert len(host.shoot()) == 300
    host.write(0x01, 0)
    host.ready()
    assert len(host.shoot()) == 100


def test_a_test_pattern_can_be_left_on():
    host = host_of("test-pattern-left-on")
    assert host.read(0x06) == 0x81
    assert host.shoot().startswith(bytes.fromhex("00000000 00000001 00000002"))
    host.write(0x06, 0x01)
    assert host.shoot() == photo_of(host)


def test_a_reset_in_the_field_clears_registers_and_size():
    host = host_of()
    host.write(0x00, 0x55)
    host.model.faults.add("sensor-reset-in-field:1")
    host.shoot()
    assert host.model.frames[-1].width == 640
    assert (host.read(0x00), host.read(0x0A)) == (0, 0)
    assert host.model.violations == []


def test_a_reset_of_the_sensor_alone_keeps_the_scratch_register():
    host = host_of("sensor-only-reset")
    host.write(0x00, 0x55)
    host.shoot()
    assert host.model.frames[-1].width == 640
    assert (host.read(0x00), host.read(0x0A)) == (0x55, 0x78)


def test_a_brown_out_silences_the_camera_in_mid_capture():
    host = host_of("brown-out:1")
    host.trigger()
    assert host.read(0x40) == 0x82
    host.clock.sleep_ms(30)
    assert host.cycle(0x40, 0, 0) == bytes(3)
    host.clock.sleep_ms(400)
    assert host.read(0x40) == 0x82
    assert not host.read(0x44) & 0x04
    host.ready()
    assert host.shoot() == photo_of(host)
    assert host.model.violations == []


def test_a_size_written_twice_blanks_the_next_capture_unless_it_has_settled():
    host = host_of("redundant-0x21-blanking")
    host.set(0x21, 0x01)
    assert host.shoot() == BLANK
    assert host.shoot() == photo_of(host)
    host.set(0x21, 0x01)
    host.clock.sleep_ms(300)
    assert host.shoot() == photo_of(host)
    host.set(0x21, 0x02)
    assert host.shoot() == photo_of(host)


def test_the_first_size_after_a_reset_blanks_nothing():
    host = Host(faults=("redundant-0x21-blanking",))
    host.reset()
    host.set(0x21, 0x02)
    assert host.shoot() == photo_of(host)


def test_an_early_trigger_blanks_until_the_next_reset():
    host = Host(faults=("early-trigger-blanking",), frames=FixedFrames([100]))
    host.reset()
    assert host.shoot() == BLANK
    host.clock.sleep_ms(1000)
    assert host.shoot() == BLANK
    host.ready()
    assert host.shoot() == photo_of(host)


def test_an_early_trigger_after_low_power_blanks_one_frame():
    host = host_of("early-wake-blanking")
    host.write(0x02, 0x07)
    host.write(0x02, 0x05)
    assert host.shoot() == BLANK
    host.clock.sleep_ms(300)
    assert host.shoot() == photo_of(host)


def test_a_stuck_capture_ends_with_the_next_trigger():
    host = host_of("capture-stuck:1")
    assert never_done(host)
    assert host.shoot() == photo_of(host)
    assert host.model.violations == []


def test_a_capture_can_be_slow():
    host = host_of("slow-capture:1")
    start = host.clock.ticks_ms()
    host.shoot()
    assert 2500 < host.clock.ticks_ms() - start < 2700


@pytest.mark.parametrize(
    ("name", "length"),
    [("length-zero", 0), ("length-8mib", 8_390_500), ("length-all-ones", 0xFFFFFF)],
)
def test_a_length_can_be_impossible(name, length):
    host = host_of(f"{name}:1")
    host.trigger()
    host.done()
    assert host.length == length
    assert host.shoot() == photo_of(host)


def test_a_frame_can_be_constant():
    host = host_of("constant-frame:1")
    assert host.shoot() == BLANK
    assert host.shoot() == photo_of(host)


def test_exposure_converges_over_15_frames():
    exposures = []

    def frames(width, height, format, quality, shot):
        exposures.append(shot.exposure)
        return bytes(100)

    host = Host(faults=("dark-first-frames", "exposure-needs-captures"), frames=frames)
    host.ready()
    for _ in range(17):
        host.shoot()
    assert exposures[0] == 1 / 16
    assert exposures == sorted(exposures)
    assert exposures[14] < 1 == exposures[15]
    host.model.faults.discard("exposure-needs-captures")
    host.ready()
    host.clock.sleep_ms(1000)
    host.shoot()
    assert exposures[-1] == 1


def test_pictures_are_green_until_the_white_balance_mode_is_written():
    balanced = []

    def frames(width, height, format, quality, shot):
        balanced.append(shot.white_balanced)
        return bytes(100)

    host = Host(faults=("green-first-frames",), frames=frames)
    host.ready()
    host.shoot()
    host.set(0x26, 0)
    host.shoot()
    assert balanced == [False, True]


def test_a_camera_can_die_in_the_middle_of_a_burst():
    host = host_of("dies-in-burst:1")
    data = host.shoot()
    assert data[:50] == photo_of(host)[:50]
    assert data[50:] == bytes(50)
    assert host.read(0x40) == 0x00
    host.clock.sleep_ms(600)
    assert host.read(0x40) == 0x82
    host.ready()
    assert host.shoot() == photo_of(host)
    assert host.model.violations == []


def test_a_bit_can_flip():
    host = host_of("bit-flip:1")
    difference = [a ^ b for a, b in zip(host.shoot(), photo_of(host), strict=True)]
    assert [bit for bit in difference if bit] == [0x10]


def test_a_byte_can_be_lost_without_a_change_of_length():
    host = host_of("dropped-byte:1")
    data, photo = host.shoot(), photo_of(host)
    assert data == photo[:50] + photo[51:] + b"\x08"


def test_the_start_marker_can_be_at_one():
    host = host_of("soi-at-one:1")
    data = host.shoot()
    assert data[1:] == photo_of(host)
    assert data[0] not in (0x00, 0xFF)


def test_the_end_marker_can_be_missing():
    host = host_of("missing-eoi:1")
    assert host.shoot() == photo_of(host)[:-2]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("padding-round8", 104),
        ("padding-round16", 112),
        ("padding-round1024", 1024),
        ("padding-kilobytes", 5100),
    ],
)
def test_padding_of_zeros_follows_the_photo(name, size):
    host = host_of(name)
    data = host.shoot()
    assert data == photo_of(host) + bytes(size - 100)
    assert host.model.frames[-1].fifo == data


def test_small_padding_is_1_to_7_bytes():
    host = host_of("padding-small", sizes=[100])
    assert {len(host.shoot()) for _ in range(14)} == set(range(101, 108))


def test_padding_can_be_junk():
    padding = host_of("padding-round1024", "padding-junk").shoot()[100:]
    assert not {0x00, 0xFF} & set(padding)


def test_padding_can_hold_a_false_end_marker():
    padding = host_of("padding-kilobytes", "padding-fake-eoi").shoot()[100:]
    assert len(padding) == 5000
    assert padding.count(b"\xff\xd9") == padding.count(b"\xff") == 1


def test_raw_frames_are_never_padded():
    host = Host(faults=("padding-kilobytes",))
    host.ready(format=2, size=0x0B)
    assert len(host.shoot()) == 32_768


def test_a_fault_can_come_in_the_middle_of_a_frame():
    host = host_of()
    host.trigger()
    host.done()
    assert host.burst(11)[1:] == photo_of(host)[:10]
    host.model.faults.add("no-camera-high")
    assert host.burst(5) == b"\xff" * 5
