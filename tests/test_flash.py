"""An image is looked into, and compared with the chip, before anything is erased."""

import subprocess
import sys
from pathlib import Path

import pytest
from megacam import flash
from usb_board import scripted

SEGMENT = b"\0" * 16 + b"MicroPython v%s on 2024-10-25; Generic ESP32 module with ESP32\0"


def write_image(path: Path, version=b"1.24.0", chip=0, content=SEGMENT, checksum_off=0) -> Path:
    """Write an image as Espressif documents it: header, one segment, checksum at 16 n - 1."""
    body = content.replace(b"%s", version)
    body += b"\0" * (-len(body) % 4)
    header = bytes([0xE9, 1, 2, 0x20]) + (0x40080000).to_bytes(4, "little")
    extended = bytes([0xEE, 0, 0, 0]) + chip.to_bytes(2, "little") + bytes(10)
    segment = (0x3FFB0000).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    data = header + extended + segment
    checksum = 0xEF
    for byte in body:
        checksum ^= byte
    data += b"\0" * (15 - len(data) % 16) + bytes([checksum ^ checksum_off])
    path.write_bytes(data)
    return path


class FakeChip:
    """A chip that writes down what is done to it."""

    def __init__(self, name):
        self.name = name
        self.done = []

    def erase(self):
        self.done.append("erase")

    def write(self, address, path):
        self.done.append((address, path))


def test_a_good_image_is_written_where_the_chip_starts(tmp_path):
    image = flash.examine(write_image(tmp_path / "ESP32_GENERIC.bin"))
    assert (image.chip, image.version) == ("ESP32", "1.24.0")
    chip = FakeChip("ESP32")
    flash.write(chip, image)
    assert chip.done == ["erase", (0x1000, image.path)]


def test_an_image_for_another_chip_is_refused_before_anything_is_erased(tmp_path):
    image = flash.examine(write_image(tmp_path / "s3.bin", chip=9))
    chip = FakeChip("ESP32")
    with pytest.raises(flash.ImageError, match=r"is an ESP32 and .* get ESP32_GENERIC-"):
        flash.write(chip, image)
    assert chip.done == []


def test_every_chip_has_its_own_image_and_an_unknown_one_is_named():
    assert flash.image_name("ESP32-C3") == "ESP32_GENERIC_C3"
    with pytest.raises(flash.FlashError, match="does not know ESP8266; it runs on ESP32"):
        flash.image_name("ESP8266")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": b"1.22.2"}, "is MicroPython 1.22.2; megacam needs 1.24 or newer"),
        ({"content": b"some other firmware " * 4}, "for the ESP32 but not MicroPython"),
        ({"chip": 77}, "for an unknown chip"),
        ({"checksum_off": 1}, "is damaged .*; download it again"),
    ],
)
def test_an_image_that_is_not_right_says_which_one_is(tmp_path, changes, said):
    with pytest.raises(flash.ImageError, match=said):
        flash.examine(write_image(tmp_path / "image.bin", **changes))


@pytest.mark.parametrize("content", [b"", b"UF2\n" * 200, b"\xe9" + bytes(10)])
def test_what_is_no_image_is_refused(tmp_path, content):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(flash.ImageError, match="is no image for an ESP32"):
        flash.examine(path)


def test_an_image_that_was_cut_is_refused(tmp_path):
    path = write_image(tmp_path / "cut.bin")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(flash.ImageError, match="download it again"):
        flash.examine(path)


def test_the_command_refuses_before_it_looks_for_a_board(tmp_path):
    argv = [sys.executable, "-m", "megacam", "flash", str(tmp_path / "none.bin"), "--yes"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"megacam: cannot read {tmp_path / 'none.bin'}")


def test_a_port_without_a_chip_is_one_sentence():
    with (
        scripted() as port,
        pytest.raises(flash.FlashError, match=r"cannot be flashed: .* hold its BOOT button"),
        flash.connect(port),
    ):
        pass
