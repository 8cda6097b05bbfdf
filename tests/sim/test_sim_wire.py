"""The mock for users of the driver: MicroPython's SPI and Pin with a virtual clock."""

import re
from pathlib import Path

import pytest
from megacam.sim import wire
from megacam.sim.camera import CameraModel
from megacam.sim.virtual_clock import VirtualClock

DOCS = Path(__file__).parents[2] / "docs" / "camera.md"


def test_the_example_for_users_runs_as_it_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    section = DOCS.read_text().split("## Testing your program without a camera")[1]
    exec(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0], {})


def test_connect_makes_a_camera_and_its_wires():
    spi, cs, clock = wire.connect("5mp", faults=("capture-stuck:2",))
    assert spi.model.kind.word == "5mp"
    assert "capture-stuck" in spi.model.faults
    assert cs.value() == 1
    assert clock.ticks_ms() == 0


def test_connect_takes_a_camera_that_exists():
    model = CameraModel("3mp-v2", clock=VirtualClock(5_000_000))
    spi, _, clock = wire.connect(model)
    assert spi.model is model
    assert clock.ticks_ms() == 5000


def test_all_four_transfers_read_the_same_register():
    spi, cs, _ = wire.connect()
    answers = []
    buf = bytearray(3)

    def exchanged():
        spi.write_readinto(b"\x40\x00\x00", buf)
        return buf[2]

    def written_and_read():
        spi.write(b"\x40")
        return spi.read(2)[1]

    def read_into():
        spi.write(memoryview(b"\x40\x00"))
        spi.readinto(memoryview(buf)[:1], 0xFF)
        return buf[0]

    for transfer in (exchanged, written_and_read, read_into):
        cs(0)
        answers.append(transfer())
        cs(1)
    assert answers == [0x82] * 3
    assert spi.model.violations == []
    assert spi.calls == 5


def test_readinto_clocks_its_fill_byte_out():
    spi, cs, _ = wire.connect()
    cs.off()
    spi.readinto(bytearray(2), 0x80)
    cs.on()
    cs(0)
    spi.write(b"\x00\x00")
    assert spi.read(1) == b"\x80"


def test_bytes_take_the_time_that_the_bus_needs():
    for baudrate in (1_000_000, 8_000_000):
        spi, _, clock = wire.connect(baudrate=baudrate)
        spi.write(b"\xff" * 10_000)
        assert clock.ticks_us() == 10_000 * 8_000_000 // baudrate + spi.CALL_US


def test_init_changes_the_speed_and_keeps_it_when_not_told():
    spi, _, clock = wire.connect()
    spi.init(baudrate=4_000_000)
    spi.init(polarity=0, phase=0)
    spi.write(b"\xff" * 4000)
    assert clock.ticks_us() == 8000 + spi.CALL_US


def test_spi_refuses_what_the_esp32_refuses():
    spi, _, _ = wire.connect()
    with pytest.raises(ValueError, match="same length"):
        spi.write_readinto(b"ab", bytearray(3))
    with pytest.raises(ValueError, match="too short"):
        spi.write(b"")
    with pytest.raises(ValueError, match="bits"):
        spi.init(bits=16)


def test_a_pin_can_be_set_in_every_way():
    _, cs, _ = wire.connect()
    levels = []
    for change in (
        lambda: cs(0),
        cs.on,
        cs.off,
        lambda: cs.value(1),
        lambda: cs.init(cs.OUT, value=0),
        lambda: cs.init(cs.OUT),
    ):
        change()
        levels.append(cs.value())
    assert levels == [0, 1, 0, 1, 0, 0]


def test_sleeps_take_virtual_time_only():
    clock = VirtualClock()
    clock.sleep(3600)
    clock.sleep_ms(5)
    clock.sleep_us(7)
    assert clock.now_us == 3_600_005_007
    assert clock.ticks_us() == 3_600_005_007 % (1 << 30)


def test_ticks_wrap_like_those_of_the_esp32():
    clock = VirtualClock(((1 << 30) - 1) * 1000)
    before = clock.ticks_ms()
    clock.sleep_ms(10)
    assert clock.ticks_ms() == 9
    assert clock.ticks_diff(clock.ticks_ms(), before) == 10
    assert clock.ticks_diff(before, clock.ticks_ms()) == -10
    assert clock.ticks_add(before, 10) == 9
