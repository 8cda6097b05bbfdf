"""An image is checked and compared with the chip before anything is erased."""

import pytest
from command import megacam
from esp_images import FACTORY, NVS, ROWS, VFS, application, part, table, whole, write_image
from megacam.board import flash
from usb_board import scripted


class FakeChip:
    """A chip that records the operations on it."""

    def __init__(self, name):
        self.name = name
        self.done = []

    def erase(self):
        self.done.append("erase")

    def write(self, address, path):
        self.done.append((address, path))


def test_a_good_image_is_written_where_the_chip_starts(tmp_path):
    image = flash.examine(write_image(tmp_path / "ESP32_GENERIC.bin", whole()))
    assert (image.chip, image.version) == ("ESP32", "1.24.0")
    chip = FakeChip("ESP32")
    flash.write(chip, image)
    assert chip.done == ["erase", (0x1000, image.path)]


def test_an_image_for_another_chip_is_refused_before_anything_is_erased(tmp_path):
    image = flash.examine(write_image(tmp_path / "s3.bin", whole(chip=9)))
    chip = FakeChip("ESP32")
    with pytest.raises(flash.ImageError, match=r"is an ESP32 and .* get ESP32_GENERIC-"):
        flash.write(chip, image)
    assert chip.done == []


def test_every_chip_has_its_own_image_and_an_unknown_one_is_named():
    assert flash.image_name("ESP32-C3") == "ESP32_GENERIC_C3"
    with pytest.raises(flash.FlashError, match="does not know ESP8266; it runs on ESP32"):
        flash.image_name("ESP8266")


OTHER = application(project=b"tasmota", banner=b"Tasmota")
ALONE = "is only an application, for updates, without the bootloader and the partition table"
HERE = r"get ESP32_GENERIC-\.\.\.\.bin from https://micropython.org/download/ESP32_GENERIC/$"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", f"is empty, .*{HERE}"),
        (b"UF2\n" * 200, f"is a .uf2 file, not an image for an ESP32; {HERE}"),
        (b"<!DOCTYPE html>\n<html>404</html>", f"is a text file or a web page, .*{HERE}"),
        (bytes(5000), f"is something else .*its first byte is not E9.*{HERE}"),
        (b"\xe9" + bytes(10), f"is something else .*{HERE}"),
        (whole()[:3000], f"is a bootloader without a partition table; {HERE}"),
        (whole()[:60], "is damaged .*; download it again"),
        (whole()[:-40], "is damaged .*; download it again"),
        (whole()[: 0x10000 - 0x1000], "is damaged .it ends before the appl.*download it"),
        (application(), f"{ALONE} that an erased board needs; {HERE}"),
        (application(chip=9), f"{ALONE} .* get ESP32_GENERIC_S3-.*_S3/$"),
        (part(b"some other firmware " * 4), f"is a bootloader without a partition table; {HERE}"),
        (whole(app=OTHER), f"is 'tasmota' for the ESP32 but not MicroPython; {HERE}"),
        (whole(app=part(b"old" * 99)), f"is a firmware for the ESP32 but not MicroPy.*{HERE}"),
        (whole(app=application(b"1.22.2")), f"is MicroPython 1.22.2; megacam needs 1.24 .*{HERE}"),
        (whole(app=application(chip=9)), "is damaged .its application is not for the ESP32"),
        (whole(app=application(checksum_off=1)), "is damaged .its checksum is wrong.; download"),
        (whole(app=application(digest_off=1)), "is damaged .its checksum is wrong.; download"),
        (whole(part(b"boot", checksum_off=1)), "is damaged .its checksum is wrong.; download"),
        (whole(partitions=table(md5_off=1)), "is damaged .the checksum of its partition table"),
        (whole(partitions=table((NVS, FACTORY))), f"has no room for files .*named vfs.*{HERE}"),
        (whole(partitions=table((NVS, VFS))), "is damaged .it ends before the application"),
        (whole(part(b"boot", chip=77)), f"is for an unknown chip .id 77.; {HERE}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_image_that_is_not_right_says_what_it_is_and_which_one_is(tmp_path, data, said):
    with pytest.raises(flash.ImageError, match=said):
        flash.examine(write_image(tmp_path / "image.bin", data))


@pytest.mark.parametrize("chip", [0, 2, 9, 5, 13])
def test_whole_images_of_every_chip_are_taken_with_updates_over_the_air_too(tmp_path, chip):
    ota = (1, 0, 0xD000, 0x2000, b"otadata"), (0, 0x10, 0x10000, 0x180000, b"ota_0")
    for rows in (ROWS, (NVS, *ota, VFS)):
        data = whole(chip=chip, partitions=table(rows))
        image = flash.examine(write_image(tmp_path / "image.bin", data))
        assert (image.version, image.address) == ("1.24.0", 0x1000 if chip in (0, 2) else 0)


def test_what_is_no_file_is_one_sentence(tmp_path):
    with pytest.raises(flash.ImageError, match=r"cannot read .*: Is a directory; get ESP32"):
        flash.examine(tmp_path)


def test_the_command_refuses_before_it_looks_for_a_board(tmp_path):
    done = megacam("flash", tmp_path / "none.bin", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"megacam: cannot read {tmp_path / 'none.bin'}")


def test_a_port_without_a_chip_is_one_sentence():
    with (
        scripted() as port,
        pytest.raises(flash.FlashError, match=r"cannot be flashed: .* hold its BOOT button"),
        flash.connect(port),
    ):
        pass
