"""lib/arducam_mega.py on the camera model: finding, taking and reading photos, sharing the bus."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from arducam_mega import ArducamMega, CameraError
from arducam_mega_rig import Rig, read
from megacam.device_tree import compile_file
from megacam.sim import interpreter, wire
from megacam.sim.camera_models import KINDS
from megacam.sim.frame_sources import FixedFrames, jpeg_like
from mpremote import mip

LIB = Path(__file__).parent.parent / "lib"
DEVICE = Path(__file__).parent / "device"
RESIDENT = ("arducam_mega", "arducam_mega_bus", "arducam_mega_frame")
BLOCK = 4092
START, RESET = (0x04, 0x02), (0x07, 0x40)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.word)
def test_every_model_is_found_by_its_id_and_gives_a_vga_jpeg_unasked(kind):
    with Rig(kind.word) as rig:
        rig.shoot()
        assert rig.camera.id == kind.sensor_id
        record = rig.model.frames[-1]
        assert (record.width, record.height, record.format) == (640, 480, "jpeg")


def test_an_unknown_id_is_an_error_that_shows_it():
    with Rig(0x85, sensor_id=0x8A) as rig:
        with pytest.raises(CameraError, match="0x8a") as caught:
            rig.camera.reset()
        assert caught.value.reason == "unknown"


def test_an_unknown_id_can_be_treated_as_the_newest_family():
    with Rig(0x85, sensor_id=0x8A, driver={"accept_unknown": True}) as rig:
        rig.camera.configure(resolution="2592x1944", ae_freeze=True)
        rig.shoot()
        assert rig.model.settings[0x21] == 0x0D


# Streaming


SIZES = [500, 501, 502, 503, 504]
SIZES += [n * BLOCK + d for n in (1, 2, 3) for d in (-4, -1, 0, 1, 2, 3, 4, 191, 192, 193)]
SIZES += [65_535, 65_536, 1_000_001, 2 * 1024 * 1024]


def _photo_of(size):
    body = bytes(i * 7 % 251 for i in range(min(size, 5000)))
    return (b"\xff\xd8\xff" + body * (size // 5000 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_of_any_size_arrives_byte_for_byte(size):
    with Rig(frames=lambda *_: _photo_of(size)) as rig:
        for block_bytes in (BLOCK, 4096, 1000) if size < 100_000 else (BLOCK,):
            assert rig.shoot(block_bytes) == _photo_of(size)
        if size < 600:
            for block_bytes in (1, 2, 3, 4, 191, 192, 193, 5000):
                assert rig.shoot(block_bytes) == _photo_of(size)


@pytest.mark.parametrize("size", [1, 499])
def test_a_jpeg_of_a_few_bytes_is_a_failed_capture(size):
    with Rig(frames=lambda *_: _photo_of(size)) as rig:
        with pytest.raises(CameraError) as caught:
            rig.camera.capture()
        assert caught.value.reason == "length"


def test_blocks_may_change_from_call_to_call():
    with Rig(photos=[30_000]) as rig:
        frame = rig.camera.capture()
        out = b""
        for size in [1, 2, 300, 7, 4092, 3, 4092, 64] * 10:
            buf = bytearray(size)
            out += bytes(buf[: frame.readinto(buf)])
            if len(out) == frame.size:
                break
        assert out == rig.model.frames[-1].fifo


def test_a_prepared_buffer_and_its_tail_view_are_filled_in_place():
    with Rig(photos=[10_000]) as rig:
        buf = bytearray(BLOCK)
        tail = memoryview(buf)[: 10_000 % BLOCK]
        frame = rig.camera.capture()
        frame.prepare(buf)
        out = b""
        for _ in range(10_000 // BLOCK):
            assert frame.readinto(buf) == BLOCK
            out += buf
        assert frame.readinto(tail) == len(tail)
        assert out + bytes(tail) == rig.model.frames[-1].fifo


def test_a_block_costs_one_cycle_of_chip_select_and_two_transfers():
    with Rig(photos=[40 * BLOCK]) as rig:
        frame = rig.camera.capture()
        buf = bytearray(BLOCK)
        cycles = []
        rig.model.listeners.append(cycles.append)
        calls = rig.spi.calls
        for _ in range(39):
            frame.readinto(buf)
        assert rig.spi.calls - calls == 2 * 39
        assert [t.size for t in cycles] == [1 + BLOCK - 192] + [1 + BLOCK] * 38


def test_the_end_is_reported_once_and_a_second_read_is_an_error():
    with Rig() as rig:
        frame = rig.camera.capture()
        read(frame)
        for use in (lambda: frame.readinto(bytearray(9)), lambda: list(frame)):
            with pytest.raises(CameraError) as caught:
                use()
            assert caught.value.reason == "stale"


@pytest.mark.parametrize("end", ["start", "close", "reset", "sleep"])
def test_a_frame_cannot_be_read_after_it_was_given_up(end):
    with Rig() as rig:
        frame = rig.camera.capture()
        frame.readinto(bytearray(100))
        {"close": frame.close}.get(end, getattr(rig.camera, end, None))()
        with pytest.raises(CameraError) as caught:
            frame.readinto(bytearray(100))
        assert caught.value.reason == "stale"
        rig.shoot()


def test_a_frame_read_in_part_cannot_be_saved(tmp_path):
    with Rig() as rig:
        frame = rig.camera.capture()
        frame.readinto(bytearray(100))
        with pytest.raises(CameraError, match="in part"):
            frame.save(tmp_path / "photo.jpg")
        assert not (tmp_path / "photo.jpg").exists()


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
        rig.model.violations.clear()  # the burst that never came
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


# Waiting


def test_starting_and_waiting_apart_lets_other_work_go_on():
    async def two_things(camera, clock):
        camera.start()
        turns = 0
        while not camera.ready():
            clock.sleep_ms(20)
            await asyncio.sleep(0)
            turns += 1
        return camera.finish(), turns

    with Rig() as rig:
        rig.camera.configure(resolution="1600x1200")
        frame, turns = asyncio.run(two_things(rig.camera, rig.clock))
        assert turns > 10
        assert read(frame) == rig.model.frames[-1].fifo


def test_neither_start_nor_ready_waits_for_the_exposure():
    with Rig("3mp", "slow-capture") as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.clock.sleep_ms(1000)
        begun = rig.ms()
        rig.camera.start()
        assert not rig.camera.ready()
        assert rig.ms() - begun < 10
        rig.camera.finish()


def test_a_photo_never_waited_for_is_not_taken_for_the_next_one():
    with Rig() as rig:
        rig.camera.start()
        rig.clock.sleep_ms(30_000)
        rig.camera.start()
        began = rig.clock.now_us
        frame = rig.camera.finish()
        assert rig.model.frames[-1].time_us >= began - 1000
        assert read(frame) == rig.model.frames[-1].fifo


def test_waiting_without_a_start_is_an_error():
    with Rig() as rig:
        for wait in (rig.camera.ready, rig.camera.finish):
            with pytest.raises(CameraError) as caught:
                wait()
            assert caught.value.reason == "stale"


@pytest.mark.parametrize("end", ["reset", "sleep"])
def test_an_exposure_that_was_given_up_cannot_be_waited_for(end):
    with Rig() as rig:
        rig.camera.start()
        getattr(rig.camera, end)()
        with pytest.raises(CameraError) as caught:
            rig.camera.ready()
        assert caught.value.reason == "stale"
        rig.shoot()


def test_settings_changed_during_an_exposure_wait_for_its_end():
    with Rig() as rig:
        rig.camera.configure(resolution="1600x1200")
        rig.clock.sleep_ms(500)
        rig.camera.start()
        rig.camera.configure(resolution="320x240", brightness=2)
        rig.shoot()
        assert rig.model.frames[-1].width == 320


def test_ticks_that_wrap_while_the_camera_rests_delay_nothing():
    with Rig() as rig:
        rig.camera.configure(resolution="320x240")
        for days in (6, 7, 12, 13):
            rig.clock.sleep_ms(days * 86_400_000)
            begun = rig.ms()
            rig.shoot()
            assert rig.ms() - begun < 1000


# Files


@pytest.mark.parametrize("padding", ["small", "round16", "kilobytes"])
@pytest.mark.parametrize("kind", ["zero", "junk", "fake-eoi"])
def test_a_saved_photo_ends_at_its_end_marker(tmp_path, padding, kind):
    sizes = [9000, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1]  # the end marker across a border too
    with Rig("3mp", f"padding-{padding}", f"padding-{kind}", photos=sizes) as rig:
        for _ in sizes:
            path = tmp_path / "photo.jpg"
            size = rig.camera.capture().save(path)
            assert path.read_bytes() == rig.model.frames[-1].photo
            assert size == len(rig.model.frames[-1].photo)


def test_an_end_marker_inside_a_thumbnail_does_not_end_the_photo(tmp_path):
    with Rig(frames=FixedFrames([9000], thumbnail=True)) as rig:
        rig.camera.capture().save(tmp_path / "photo.jpg")
        assert (tmp_path / "photo.jpg").read_bytes() == rig.model.frames[-1].photo


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("fault", ["missing-eoi", "dies-in-burst"])
def test_a_photo_that_turns_out_damaged_is_taken_again(fault, times, tmp_path):
    with Rig() as rig:
        rig.camera.configure(resolution="320x240")
        rig.fault(f"{fault}:{times}")
        rig.camera.capture().save(tmp_path / "photo.jpg")
        assert (tmp_path / "photo.jpg").read_bytes() == rig.model.frames[-1].photo
        assert rig.model.frames[-1].width == 320


def test_a_second_damaged_photo_costs_a_reset(tmp_path):
    with Rig("3mp", "missing-eoi:2") as rig:
        rig.camera.reset()
        del rig.writes[:]
        rig.camera.capture().save(tmp_path / "photo.jpg")
        assert [w for w in rig.writes if w in (START, RESET)] == [START, START, RESET, START]


@pytest.mark.parametrize(("fault", "reason"), [("missing-eoi", "cut"), ("dies-in-burst", "dead")])
def test_a_photo_that_is_always_damaged_leaves_no_file(fault, reason, tmp_path):
    with Rig("3mp", fault) as rig:
        with pytest.raises(CameraError) as caught:
            rig.camera.capture().save(tmp_path / "photo.jpg")
        assert caught.value.reason == reason
        assert len(rig.model.frames) == 3
        assert not (tmp_path / "photo.jpg").exists()


def test_a_photo_with_a_broken_header_is_taken_again(tmp_path):
    def photo(width, height, form, quality, shot):
        data = jpeg_like(5000, width, height, shot.number)
        return data[:2] + b"\xff\xe0\x00\x10" * 50 + data[2:] if shot.number == 1 else data

    with Rig(frames=photo) as rig:
        rig.camera.capture().save(tmp_path / "photo.jpg")
        assert (tmp_path / "photo.jpg").read_bytes() == rig.model.frames[1].photo


def test_a_path_that_cannot_be_opened_is_left_alone(tmp_path, monkeypatch):
    removed = []
    monkeypatch.setattr("os.remove", removed.append)  # littlefs removes an empty folder too
    with Rig() as rig:
        with pytest.raises(OSError):
            rig.camera.capture().save(tmp_path)
        assert removed == []


def test_a_burst_is_saved_whole(tmp_path):
    with Rig("3mp", "padding-small") as rig:
        frame = rig.camera.burst(3)
        assert frame.photos == 3
        assert frame.save(tmp_path / "photos") == frame.size
        assert (tmp_path / "photos").read_bytes() == rig.model.frames[-1].fifo
        assert len(rig.model.frames[-1].photos) == 3


def test_pixels_are_saved_as_they_are(tmp_path):
    with Rig() as rig:
        rig.camera.configure(format="yuv422", resolution="96x96")
        assert rig.camera.capture().save(tmp_path / "pixels") == 18_432
        assert (tmp_path / "pixels").read_bytes() == rig.model.frames[-1].fifo


def test_a_frame_can_be_iterated():
    with Rig(photos=[10_000]) as rig:
        blocks = [bytes(block) for block in rig.camera.capture()]
        assert [len(block) for block in blocks] == [BLOCK, BLOCK, 10_000 - 2 * BLOCK]
        assert b"".join(blocks) == rig.model.frames[-1].fifo


# A bus with other devices


def test_on_a_shared_bus_the_speed_is_set_before_each_use():
    with Rig(driver={"baudrate_hz": 4_000_000, "read_baudrate_hz": 16_000_000}) as rig:
        for _ in range(2):
            rig.spi.init(baudrate=20_000_000, polarity=1)  # an SD card's driver was here
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


# What it weighs


def test_the_resident_code_is_at_most_5_kb():
    sizes = {name: len(compile_file(LIB / f"{name}.py")) for name in RESIDENT}
    assert sum(sizes.values()) <= 5120, sizes


def test_nothing_but_the_resident_modules_stays_loaded():
    with Rig() as rig:
        rig.camera.configure(resolution="320x240")
        rig.shoot()
        assert "brightness" in rig.camera.settings
    ours = {path.stem for path in LIB.glob("arducam_mega*.py")}
    assert ours & set(sys.modules) == {*RESIDENT, "arducam_mega_host"}  # that one on CPython only


def test_the_clock_of_cpython_is_good_enough():
    spi, cs, _ = wire.connect("3mp")
    assert not ArducamMega(spi, cs).intact()


class _Board:
    """mpremote's transport, as far as installing a package goes: files in a dict."""

    def __init__(self):
        self.files = {}

    def fs_exists(self, path):
        return True

    def fs_writefile(self, path, data, **_):
        self.files[path] = data


def _install(manifest):
    board = _Board()
    mip._install_package(board, manifest, None, "/lib", None, False)
    return {path.removeprefix("/lib/"): data for path, data in board.files.items()}


@pytest.mark.parametrize("folder", ["", f"{LIB}/"])
def test_mip_installs_the_whole_driver_from_its_manifest(folder, monkeypatch):
    monkeypatch.chdir(LIB)
    on_board = {path.name for path in LIB.glob("arducam_mega*.py")} - {"arducam_mega_host.py"}
    expected = {name: (LIB / name).read_bytes() for name in on_board}
    assert _install(f"{folder}arducam_mega.json") == expected


def test_what_mip_installs_works_alone_compiled_as_well(tmp_path):
    for name, source in _install(str(LIB / "arducam_mega.json")).items():
        (tmp_path / name).write_bytes(source)
        compiled = tmp_path / "mpy" / name
        compiled.parent.mkdir(exist_ok=True)
        compiled.with_suffix(".mpy").write_bytes(compile_file(tmp_path / name))
    for folder in (tmp_path, tmp_path / "mpy"):
        done = subprocess.run(
            interpreter.command(str(DEVICE / "run.py"), "test_arducam_mega", heap="400K"),
            env={"MICROPYPATH": f"{folder}:{DEVICE}:.frozen"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("ran ")
