"""The camera model reports every violation of the protocol, and no false ones."""

import pytest
from camera_host import Host
from megacam.sim.frame_sources import FixedFrames


def ready_host(word="3mp", **options):
    host = Host(word, frames=FixedFrames([100]), **options)
    host.ready(size=0x01 if host.model.kind.legacy else 0x03)
    return host


def captured_host(**options):
    host = ready_host(**options)
    host.trigger()
    host.done()
    return host


def only_violation(host):
    assert len(host.model.violations) == 1, host.model.violations
    return host.model.violations[0]


@pytest.mark.parametrize("word", ["5mp", "3mp", "5mp-v2", "3mp-v2", "5mp-2025", "2mp-2025"])
def test_a_good_host_breaks_no_rule(word):
    host = ready_host(word)
    for _ in range(3):
        host.shoot()
    assert host.model.violations == []


def test_an_entry_has_time_and_bytes():
    host = ready_host()
    host.clock.now_us = 1_234_000
    host.write(0x40, 0x01)
    text = only_violation(host)
    assert text.startswith("1234.02")
    assert " ms [c0 01] write to SENSOR_ID, which is read-only" in text


def test_reading_past_the_end_is_counted():
    host = captured_host()
    host.burst(112)
    assert "over-read: 11 bytes past the FIFO's end" in only_violation(host)


def test_a_length_that_includes_the_dummy_is_an_over_read():
    host = captured_host()
    host.burst(51)
    host.burst(51)
    assert "over-read: 1 bytes" in only_violation(host)


@pytest.mark.parametrize("data_bytes", [0, 1])
def test_a_first_burst_needs_a_data_byte(data_bytes):
    host = captured_host()
    host.cycle(0x3C, *bytes(data_bytes))
    assert "burst ended before its first data byte" in only_violation(host)


def test_a_write_while_busy():
    host = ready_host()
    host.write(0x26, 0)
    host.write(0x2A, 0)
    assert "JPEG_QUALITY written while the camera was busy" in only_violation(host)


def test_a_reset_is_allowed_at_any_time():
    host = ready_host()
    host.write(0x26, 0)
    host.reset()
    host.trigger()
    host.reset()
    assert host.model.violations == []


def test_new_models_are_busy_after_auto_control_though_idle():
    host = ready_host("3mp-2025")
    host.set(0x30, 0x80)
    host.write(0x30, 0x81)
    assert "AUTO_CTRL written while the camera was busy" in only_violation(host)


def test_bytes_with_cs_high():
    host = ready_host()
    host.spi.write(b"\x84\x01")
    assert "transfer without select: 2 bytes (84 01) with CS high" in only_violation(host)


def test_idle_clocks_with_cs_high_are_allowed():
    host = ready_host()
    host.spi.write(b"\xff" * 10)
    host.spi.write(b"\x00")
    host.model.shared_bus = True
    host.spi.write(b"\x40\x00\x00\x00\x00\x95")
    assert host.model.violations == []


def test_cs_left_low_swallows_the_next_command_as_fifo_clocks():
    host = captured_host()
    host.cs(0)
    host.spi.write(b"\x3c")
    host.spi.read(51)
    host.write(0x04, 0x01)
    assert host.read(0x44) & 0x04
    assert host.burst(5) == host.model.frames[0].photo[52:57]
    assert "CS driven low again without a rising edge" in only_violation(host)


def test_cs_left_low_for_long():
    host = captured_host()
    host.cs(0)
    host.spi.write(b"\x3c")
    host.clock.sleep_ms(1100)
    host.spi.read(51)
    host.cs(1)
    assert "CS left low for 1100 ms without a clock" in only_violation(host)


def test_bytes_after_a_register_write():
    host = ready_host()
    host.cycle(0x80, 0x55, 0x66)
    assert "extra bytes after a register write" in only_violation(host)
    assert host.read(0x00) == 0x55


def test_a_register_takes_the_first_byte_only():
    host = ready_host()
    host.cs(0)
    host.spi.write(b"\x80\x55")
    host.spi.write(b"\x66")
    host.cs(1)
    assert host.read(0x00) == 0x55


def test_what_a_host_cannot_know_is_no_breach():
    host = captured_host()
    host.model.power_cycle()
    host.burst(11)
    assert host.length == 0
    host.write(0x26, 0)
    assert host.model.violations == []


def test_bytes_after_a_register_read():
    host = ready_host()
    assert host.cycle(0x40, 0, 0, 0)[2:] == b"\x82\x82"
    assert "extra bytes after a register read" in only_violation(host)


def test_bytes_after_a_single_read():
    host = captured_host()
    host.cycle(0x3D, 0, 0, 0)
    assert "extra bytes after a single FIFO read" in only_violation(host)


@pytest.mark.parametrize("mosi", [(0x84,), (0x44, 0x00), (0x3D, 0x00)])
def test_a_command_that_is_cut_off(mosi):
    host = captured_host()
    host.cycle(*mosi)
    assert "CS raised in the middle of a command" in only_violation(host)


@pytest.mark.parametrize(
    ("word", "address", "value", "what"),
    [
        ("3mp", 0x21, 0x00, "RESOLUTION = 0x00 is not offered by the 3mp"),
        ("3mp", 0x21, 0x09, "RESOLUTION = 0x09"),
        ("5mp", 0x21, 0x08, "RESOLUTION = 0x08"),
        ("2mp-2025", 0x21, 0x0B, "RESOLUTION = 0x0b"),
        ("3mp", 0x20, 0x04, "FORMAT = 0x04"),
        ("3mp", 0x22, 0x09, "BRIGHTNESS = 0x09"),
        ("3mp", 0x25, 0x07, "EV = 0x07"),
        ("5mp", 0x27, 0x09, "EFFECT = 0x09"),
        ("3mp", 0x27, 0x07, "EFFECT = 0x07"),
        ("5mp", 0x28, 0x01, "SHARPNESS is not offered"),
        ("3mp", 0x28, 0x09, "SHARPNESS = 0x09"),
        ("3mp-2025", 0x28, 0x02, "POWER_MODE = 0x02"),
        ("3mp", 0x29, 0x00, "AUTOFOCUS is not offered"),
        ("3mp", 0x2A, 0x03, "JPEG_QUALITY = 0x03"),
        ("3mp", 0x2C, 0x01, "AE_FREEZE is not offered"),
        ("5mp-v2", 0x2D, 0x01, "AWB_FREEZE is not offered"),
        ("5mp-2025", 0x33, 0x00, "EXP_H is not offered"),
        ("3mp", 0x30, 0x03, "AUTO_CTRL = 0x03"),
        ("3mp", 0x0E, 0x00, "I2C_VAL_H is not offered"),
        ("3mp", 0x04, 0x10, "FIFO_CTRL = 0x10"),
        ("3mp", 0x07, 0x00, "RESET = 0x00"),
        ("3mp", 0x03, 0x00, "write to 0x03, a register that does not exist"),
        ("3mp", 0x45, 0x00, "write to FIFO_LEN0, which is read-only"),
        ("3mp", 0x3C, 0x00, "write to BURST_READ, which is read-only"),
    ],
)
def test_what_a_model_does_not_offer(word, address, value, what):
    host = ready_host(word)
    before = host.model.settings
    host.write(address, value)
    assert what in only_violation(host)
    assert host.model.settings == before


def test_a_start_while_a_capture_runs():
    host = ready_host()
    host.trigger()
    host.trigger()
    assert "capture started while one runs" in only_violation(host)


def test_a_setting_while_a_capture_runs():
    host = ready_host()
    host.trigger()
    host.write(0x26, 1)
    assert "WB_MODE written while a capture runs" in only_violation(host)


def test_a_fifo_read_before_the_capture_is_done():
    host = ready_host()
    host.trigger()
    assert host.burst(4) == b"\x08\x01\x08\x01"
    assert "FIFO read before a capture was done" in only_violation(host)


def test_a_length_read_before_the_capture_is_done():
    host = captured_host()
    host.trigger()
    assert host.read(0x45) == 100
    assert "length read before a capture was done (stale length)" in only_violation(host)


def test_a_start_without_a_clear():
    host = captured_host()
    host.write(0x04, 0x02)
    assert "capture started without clearing the done flag" in only_violation(host)


def test_a_write_clock_above_8_mhz():
    host = ready_host()
    host.spi.init(baudrate=12_000_000)
    host.write(0x00, 0x01)
    assert "register written at 12000000 Hz; 8 MHz is the most" in only_violation(host)


def test_reads_up_to_16_mhz_are_allowed():
    host = captured_host()
    host.spi.init(baudrate=16_000_000)
    host.burst(101)
    assert host.model.violations == []
    host.spi.init(baudrate=20_000_000)
    host.read(0x40)
    assert "clocked at 20000000 Hz" in only_violation(host)


def test_another_spi_mode():
    host = ready_host()
    host.spi.init(polarity=1)
    assert host.read(0x40) != 0x82
    assert "SPI is not in mode 0" in host.model.violations[0]


def test_burst_and_single_reads_on_one_frame():
    host = captured_host()
    host.burst(11)
    host.cycle(0x3D, 0, 0)
    assert "0x3C and 0x3D mixed on one frame" in only_violation(host)


def test_the_sensor_without_its_address():
    host = Host()
    host.write(0x07, 0x40)
    host.clock.sleep_ms(100)
    host.set(0x07, 0x01)
    assert "sensor accessed while I2C_DEV is not 0x78" in only_violation(host)


def test_raw_frames_larger_than_1080p():
    host = ready_host()
    host.set(0x20, 2)
    host.set(0x21, 0x08)
    host.trigger()
    assert "rgb565 at 2048x1536 does not fit the FIFO" in only_violation(host)
