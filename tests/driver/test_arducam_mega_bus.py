"""lib/arducam_mega: a bus with other devices, and the state of chip select after errors."""

import pytest
from arducam_mega import ArducamMega, CameraError
from arducam_mega_rig import BLOCK, Rig, read
from megacam.sim import wire


def test_on_a_shared_bus_the_speed_is_set_before_each_use():
    with Rig(driver={"baudrate_hz": 4_000_000, "read_baudrate_hz": 16_000_000}) as rig:
        for _ in range(2):
            rig.spi.init(baudrate=20_000_000, polarity=1)  # as an SD card driver leaves the bus
            rig.camera.configure(resolution="1600x1200", quality="high")
            rig.spi.init(baudrate=20_000_000, polarity=1)
            frame = rig.camera.capture()
            begun = rig.clock.now_us
            read(frame)
            bytes_us = frame.size * 8 / 16
            assert bytes_us < rig.clock.now_us - begun < bytes_us * 1.2


def test_a_shared_bus_is_clocked_with_chip_select_high_after_each_use():
    with Rig(driver={"baudrate_hz": 8_000_000}) as rig:
        idle = []
        exchange = rig.model.exchange
        rig.model.exchange = lambda mosi: (
            idle.append(mosi) if rig.model.cs_level else None,
            exchange(mosi),
        )[1]
        cycles = []
        rig.model.listeners.append(cycles.append)
        rig.shoot()
        assert idle == [b"\xff"] * len(cycles)


def test_the_speed_of_an_unshared_bus_is_left_alone():
    with Rig() as rig:
        rig.spi.init, init = None, rig.spi.init
        rig.shoot()
        rig.spi.init = init


@pytest.mark.parametrize("speeds", [(8_000_001, 0), (0, 16_000_000), (16_000_000, 16_000_000)])
def test_a_speed_at_which_writes_fail_silently_is_refused(speeds):
    spi, cs, clock = wire.connect("3mp")
    with pytest.raises(ValueError, match="8000000"):
        ArducamMega(spi, cs, clock, baudrate_hz=speeds[0], read_baudrate_hz=speeds[1])


def test_a_bus_that_fails_in_a_burst_leaves_chip_select_high_and_the_frame_stale():
    with Rig() as rig:
        frame = rig.camera.capture()
        rig.spi.readinto, good = None, rig.spi.readinto
        with pytest.raises(TypeError):
            frame.readinto(bytearray(BLOCK))
        rig.spi.readinto = good
        assert rig.model.cs_level == 1
        with pytest.raises(CameraError):
            frame.readinto(bytearray(BLOCK))
        rig.model.violations.clear()  # from the burst that failed
        rig.shoot()


def test_an_interrupt_between_chip_select_and_its_bytes_leaves_it_high():
    with Rig() as rig:
        rig.camera.capture()
        drive = rig.camera._cs

        def interrupted(level):
            drive(level)
            if not level:
                raise KeyboardInterrupt

        for use in (rig.camera.intact, lambda: rig.camera.frame.readinto(bytearray(BLOCK))):
            rig.camera._cs = interrupted
            with pytest.raises(KeyboardInterrupt):
                use()
            rig.camera._cs = drive
            assert rig.model.cs_level == 1
        rig.shoot()
