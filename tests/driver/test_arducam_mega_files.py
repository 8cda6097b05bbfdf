"""lib/arducam_mega/save.py on the camera model: files and iteration."""

import os

import pytest
from arducam_mega import CameraError
from arducam_mega_rig import BLOCK, RESET, START, Rig
from megacam.sim.frame_sources import FixedFrames, jpeg_like


@pytest.mark.parametrize("padding", ["small", "round16", "kilobytes"])
@pytest.mark.parametrize("kind", ["zero", "junk", "fake-eoi"])
def test_a_saved_photo_ends_at_its_end_marker(tmp_path, padding, kind):
    sizes = [9000, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1]  # also a split end marker
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


def test_a_block_behind_soi_is_saved_too_also_when_the_photo_is_taken_again(tmp_path):
    block = b"\xff\xe1\x00\x08Exif\0\0"
    with Rig("3mp", "missing-eoi:1") as rig:
        frame = rig.camera.capture()
        frame.insert(block)
        size = frame.save(tmp_path / "photo.jpg")
        photo = rig.model.frames[-1].photo
        assert (tmp_path / "photo.jpg").read_bytes() == photo[:2] + block + photo[2:]
        assert size == len(photo) + len(block) and len(rig.model.frames) == 2


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
    monkeypatch.setattr("os.remove", removed.append)  # on littlefs it removes empty folders, too
    with Rig() as rig:
        with pytest.raises(OSError):
            rig.camera.capture().save(tmp_path)
        assert removed == []


def test_a_device_is_not_taken_for_a_photo_and_removed(monkeypatch):
    removed = []
    monkeypatch.setattr("os.remove", removed.append)
    with Rig("3mp", "missing-eoi") as rig:
        with pytest.raises(CameraError):
            rig.camera.capture().save(os.devnull)
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
