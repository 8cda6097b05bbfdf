"""lib/arducam_mega on the camera model: finding it, taking and reading photos, waiting."""

import asyncio

import pytest
from arducam_mega import ArducamMega, CameraError
from arducam_mega_rig import BLOCK, START, Rig, read
from each import each
from megacam.sim.camera_models import KINDS


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


@each("size", SIZES)
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


def test_a_prepared_buffer_may_be_used_after_another_one():
    for first_bytes in (100, 192, 300):
        with Rig(photos=[10_000]) as rig:
            buf, other = bytearray(BLOCK), bytearray(first_bytes)
            frame = rig.camera.capture()
            frame.prepare(buf)
            frame.readinto(other)
            out = bytes(other)
            while count := frame.readinto(buf):
                out += buf[:count]
            assert out == rig.model.frames[-1].fifo


@pytest.mark.parametrize("size", [500, BLOCK - 240, BLOCK - 239, BLOCK, 2 * BLOCK + 193])
def test_a_block_goes_behind_soi_whatever_the_size_of_the_buffer(size):
    block = bytes(range(240))
    with Rig(frames=lambda *_: _photo_of(size)) as rig:
        for block_bytes in (1, 2, 3, 191, 192, 241, 431, 432, 433, BLOCK):
            for is_prepared in (False, True):
                frame = rig.camera.capture()
                frame.insert(block)
                assert frame.size == size + 240
                if is_prepared:
                    frame.prepare(bytearray(block_bytes))
                photo = _photo_of(size)
                assert read(frame, block_bytes) == photo[:2] + block + photo[2:]


def test_with_a_block_of_4_n_bytes_every_transfer_is_aligned_for_dma():
    with Rig(photos=[3 * BLOCK + 999]) as rig:
        buf = bytearray(BLOCK)
        frame = rig.camera.capture()
        frame.insert(bytearray(504))
        frame.prepare(buf)
        readinto, sizes = rig.spi.readinto, []
        rig.spi.readinto = lambda part: (sizes.append(len(part)), readinto(part))
        while frame.readinto(buf):
            pass
        # The first one ends with the buffer, so it begins after head and block: 192 + 504 bytes.
        assert sizes == [BLOCK - 696, BLOCK, BLOCK, 999 + 504]


def test_closing_an_old_frame_does_not_end_the_new_one():
    with Rig() as rig:
        old = rig.camera.capture()
        new = rig.camera.capture()
        old.close()
        assert read(new) == rig.model.frames[-1].fifo


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
        with pytest.raises(CameraError, match="partly read"):
            frame.save(tmp_path / "photo.jpg")
        assert not (tmp_path / "photo.jpg").exists()


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


def test_the_exposure_begins_with_start_when_nothing_has_to_settle():
    with Rig() as rig:
        rig.shoot()
        del rig.writes[:]
        rig.camera.start()
        assert START in rig.writes


def test_a_capture_gives_one_frame_only():
    with Rig() as rig:
        rig.camera.capture()
        for wait in (rig.camera.ready, rig.camera.finish):
            with pytest.raises(CameraError) as caught:
                wait()
            assert caught.value.reason == "stale"


def _configure(camera):
    camera.configure(brightness=1)


@pytest.mark.parametrize("end", [ArducamMega.reset, ArducamMega.sleep, _configure])
def test_an_exposure_that_was_given_up_cannot_be_waited_for(end):
    with Rig() as rig:
        rig.camera.start()
        end(rig.camera)
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
