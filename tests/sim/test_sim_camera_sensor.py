"""The image sensor behind the camera: direct register access, low power, autofocus, settings."""

import pytest
from camera_host import Host
from megacam.sim.frame_sources import FixedFrames


def test_a_sensor_register_is_read_through_the_side_door():
    host = Host()
    host.reset()
    value = []
    for low in (0x0A, 0x0B):
        host.set(0x0B, 0x30)
        host.set(0x0C, low)
        host.set(0x07, 0x01)
        host.clock.sleep_ms(5)
        value.append(host.read(0x48))
    assert value == [0x36, 0x4C]
    assert host.model.violations == []


def test_writing_i2c_val_writes_the_sensor_register():
    host = Host()
    host.reset()
    for address, value in ((0x0B, 0x30), (0x0C, 0x01), (0x0D, 0x77), (0x07, 0x01)):
        host.set(address, value)
    host.clock.sleep_ms(5)
    assert host.read(0x48) == 0x77


@pytest.mark.parametrize("word", ["5mp", "3mp"])
def test_power_down_stops_captures_until_power_up(word):
    host = Host(word)
    host.ready()
    host.write(0x02, 0x07)
    host.trigger()
    with pytest.raises(TimeoutError):
        host.done()
    host.write(0x02, 0x05)
    host.clock.sleep_ms(300)
    host.shoot()
    assert (host.model.frames[0].width, host.model.frames[0].height) == (320, 240)


def test_a_sensor_without_supply_forgets_its_size():
    host = Host()
    host.ready()
    host.write(0x02, 0x01)
    host.write(0x02, 0x05)
    host.clock.sleep_ms(400)
    host.shoot()
    assert host.model.frames[0].width == 640


@pytest.mark.parametrize("word", ["5mp-v2", "3mp-v2"])
def test_wide_sensors_sleep_through_their_own_registers(word):
    host = Host(word)
    host.ready()

    def sensor(address, value):
        pairs = ((0x0B, address >> 8), (0x0C, address & 0xFF), (0x0E, value >> 8))
        for register, byte in (*pairs, (0x0D, value & 0xFF)):
            host.set(register, byte)

    for last in (0x0001, 0x0000):
        sensor(0x0028, 0xD000)
        sensor(0x002A, 0x107E)
        sensor(0x0F12, last)
        host.trigger()
        if last:
            with pytest.raises(TimeoutError):
                host.done()
    host.done()
    assert host.model.violations == []


@pytest.mark.parametrize("word", ["5mp-2025", "3mp-2025", "2mp-2025"])
def test_new_models_sleep_through_register_0x28(word):
    host = Host(word)
    host.ready(size=0x03)
    host.set(0x28, 1)
    host.trigger()
    with pytest.raises(TimeoutError):
        host.done()
    host.set(0x28, 0)
    host.clock.sleep_ms(300)
    host.shoot()
    assert host.model.violations == []


def test_new_models_forget_the_size_when_the_format_changes():
    host = Host("3mp-2025")
    host.ready(size=0x03)
    host.set(0x20, 2)
    assert len(host.shoot()) == 614_400


def test_legacy_models_keep_the_size_when_the_format_changes():
    host = Host("3mp")
    host.ready(size=0x01)
    host.set(0x20, 2)
    assert len(host.shoot()) == 153_600


def test_new_models_work_on_after_auto_control():
    host = Host("5mp-2025")
    host.reset()
    host.set(0x30, 0x81)
    assert host.read(0x44) & 0x0B == 0x0A
    host.clock.sleep_ms(15)
    assert host.read(0x44) & 0x0B == 0x02


def test_autofocus_takes_its_firmware_and_then_reports_focus():
    host = Host("5mp")
    host.reset()
    start = host.clock.ticks_ms()
    host.set(0x29, 0)
    assert 500 <= host.clock.ticks_ms() - start <= 2000
    for address, value in ((0x0B, 0x30), (0x0C, 0x29), (0x07, 0x01)):
        host.set(address, value)
    host.clock.sleep_ms(5)
    assert host.read(0x48) == 0x10


def test_the_shot_carries_the_settings_that_were_written():
    shots = []

    def frames(width, height, format, quality, shot):
        shots.append((quality, shot))
        return FixedFrames([500])(width, height, format, quality, shot)

    host = Host(frames=frames)
    host.ready()
    levels = ((0x22, 7), (0x23, 2), (0x24, 3), (0x25, 6), (0x26, 3), (0x27, 9), (0x28, 8))
    for address, value in (*levels, (0x2A, 2), (0x2B, 1)):
        host.set(address, value)
    host.shoot()
    quality, shot = shots[0]
    assert quality == "low"
    assert (shot.brightness, shot.contrast, shot.saturation, shot.ev) == (4, -1, 2, -3)
    assert (shot.white_balance, shot.effect, shot.sharpness, shot.rotated) == (3, 9, 8, True)
    assert host.model.violations == []
