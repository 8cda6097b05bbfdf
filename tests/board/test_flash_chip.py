"""The real esptool with an ESP32 in its bootloader: success, and every way to be interrupted."""

import json
import re
import time
from unittest import mock

import pytest
import serial
from esp_images import application, whole, write_image
from esp_rom import ESP32_S2, ESP8266, BlankBoard, Bootloader
from esptool import cmds
from megacam.board import device, flash
from setup_run import megacam, typed
from usb_board import WIFI


@pytest.fixture
def image(tmp_path):
    """Return an image with the MicroPython version of the simulated board."""
    data = whole(app=application(b"1.29.0"))
    return write_image(tmp_path / "ESP32_GENERIC.bin", data)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    """Do not wait for MicroPython behind a bootloader, nor for a chip that was unplugged."""
    monkeypatch.setattr(device, "_ENTER_TIMEOUT_S", 0.01)
    monkeypatch.setattr(flash, "_START_PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(cmds, "time", mock.Mock(wraps=time, sleep=lambda seconds: None))


def _in_flash(chip, image):
    data = image.read_bytes()
    return bytes(chip.flash[0x1000 : 0x1000 + len(data)]) == data


def test_the_chip_is_found_erased_and_written_byte_for_byte(tmp_path, image):
    with Bootloader() as boot:
        boot.chip.flash[:] = b"old" + bytes(len(boot.chip.flash) - 3)
        done = megacam(tmp_path, "flash", str(image), "--port", boot.port, "--yes")
    assert "the chip is an ESP32" in done.stdout
    assert "wrote and verified" in done.stdout
    assert _in_flash(boot.chip, image)
    assert done.returncode == 1, "nothing starts behind this bootloader"
    assert "the image was written and verified, but MicroPython does not answer" in done.stderr
    assert "is on the board" not in done.stdout
    written = 0x1000 + image.stat().st_size
    written += -written % 4
    assert set(boot.chip.flash[:0x1000]) == {0xFF} == set(boot.chip.flash[written + 4096 :])
    assert "erase_flash" in boot.chip.done


def test_a_dry_run_and_a_command_without_an_image_name_the_chip_and_write_nothing(tmp_path, image):
    with Bootloader() as boot:
        dry = megacam(tmp_path, "flash", str(image), "--port", boot.port, "--dry-run", "--json")
        none = megacam(tmp_path, "flash", "--port", boot.port)
    assert dry.returncode == 0
    assert json.loads(dry.stdout) == {"done": False, "chip": "ESP32", "version": "1.29.0"}
    assert none.returncode == 1
    assert "name the image to write: ESP32_GENERIC-....bin, version 1.24 or newer" in none.stderr
    assert set(boot.chip.done) <= {"sync", "unknown", "read_reg"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"magic": ESP8266}, "does not know ESP8266; it runs on ESP32, "),
        ({"magic": ESP32_S2}, "the board is an ESP32-S2 and .* is for the ESP32; get ESP32_GENE"),
        ({"pulled": True}, "failed: the connection was lost; check cable and supply"),
        ({"damaged": True}, "failed: .*MD5 .*; check cable and supply"),
    ],
)
def test_what_goes_wrong_is_one_sentence(tmp_path, image, options, said):

    with Bootloader(**options) as boot:
        done = megacam(tmp_path, "flash", str(image), "--port", boot.port, "--yes")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert re.search(said, done.stderr), done.stderr
    assert ("erase_flash" in boot.chip.done) == ("magic" not in options)


def test_a_port_that_is_busy_or_not_there_is_one_sentence(tmp_path, image):
    with Bootloader() as boot, serial.Serial(boot.port, exclusive=True):
        busy = megacam(tmp_path, "flash", str(image), "--port", boot.port, "--yes")
    assert busy.returncode == 1
    assert f"another program uses {boot.port}" in busy.stderr
    gone = megacam(tmp_path, "flash", str(image), "--port", str(tmp_path / "tty"), "--yes")
    assert gone.returncode == 1
    assert "there is no port" in gone.stderr


def test_an_application_alone_is_refused_before_anything_is_erased(tmp_path):
    alone = write_image(tmp_path / "ESP32_GENERIC.app-bin", application())
    with Bootloader() as boot:
        done = megacam(tmp_path, "flash", str(alone), "--port", boot.port, "--yes")
    assert (done.returncode, boot.chip.done) == (1, [])
    assert "is only an application" in done.stderr


def test_what_has_started_is_asked_for_its_version(tmp_path, image, blank):
    done = megacam(tmp_path, "flash", str(image), "--port", blank.port, "--yes")
    assert done.returncode == 0, done.stderr
    assert re.search(r"MicroPython 1\.\d+\.\d+ is on the board\n", done.stdout)


# Flashing as a step of `megacam setup`.


@pytest.fixture
def blank(tmp_path, monkeypatch):
    """Yield a board without MicroPython, next to a config.json for a store of the owner's."""
    config = {"s3": {"bucket": "photos", "endpoint": "https://localhost:1", "path_style": True}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with BlankBoard(tmp_path / "board", {}, networks=[WIFI]) as board:
        board.plug_in()
        write = flash.write

        def wrote(chip, image):
            write(chip, image)
            monkeypatch.undo()  # from now on, there is a MicroPython to wait for

        monkeypatch.setattr(flash, "write", wrote)
        yield board


def test_setup_flashes_nothing_without_an_image_and_a_yes(tmp_path, blank, image):
    arguments = ["setup", "--port", blank.port]
    no_image = megacam(tmp_path, *arguments, "--yes")
    assert no_image.returncode == 2, no_image.stderr
    assert "does not answer as MicroPython" in no_image.stdout
    assert "ESP32_GENERIC-....bin, version 1.24 or newer, from https" in no_image.stderr
    assert no_image.stderr.endswith("add --flash FILE\n")
    no_yes = megacam(tmp_path, *arguments, "--flash", str(image))
    assert no_yes.returncode == 2
    assert "Erase the board and write MicroPython?" in no_yes.stderr
    assert "erase_flash" not in blank.chip.done


def test_setup_asks_for_the_image_and_takes_a_no(tmp_path, blank, image):
    arguments = ["setup", "--port", blank.port]
    hurry = "from megacam.board import device; device._ENTER_TIMEOUT_S = 0.01"
    asked = [("MicroPython image file", str(image)), ("Erase the", "n")]
    code, shown = typed(tmp_path, arguments, *asked, first=hurry)
    assert code == 1
    assert "cancelled; nothing was changed" in shown
    assert "erase_flash" not in blank.chip.done


def test_setup_flashes_goes_on_and_does_not_flash_again(tmp_path, blank, image):
    arguments = ["setup", "--port", blank.port, "--flash", str(image), "--yes"]
    key = {"MEGACAM_KEY_ID": "A" * 20, "MEGACAM_KEY_SECRET": "s" * 40}
    # There is no camera and no store, so the setup ends at its test. That is enough here.
    first = megacam(tmp_path, *arguments, "--roots", "ca.pem", **key)
    assert _in_flash(blank.chip, image), first.stderr
    assert "MicroPython 1.29.0 is on the board" in first.stdout
    commands = list(blank.chip.done)
    again = megacam(tmp_path, *arguments, "--roots", "ca.pem", **key)
    assert blank.chip.done == commands
    assert "MicroPython 1.29.0 is on the board" in again.stdout
    assert "cannot read ca.pem" in again.stderr
