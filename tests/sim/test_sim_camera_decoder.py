"""The decoder shows SPI traffic register by register; the command prints that of one photo."""

import pytest
from camera_host import Host
from megacam import cli, console
from megacam.sim import camera_cli
from megacam.sim.camera_decoder import Decoder
from megacam.sim.camera_faults import FAULTS
from megacam.sim.frame_sources import FixedFrames


def decoded(host):
    lines = []
    decoder = Decoder(host.model, lines.append)
    host.model.listeners.append(decoder)
    return lines, decoder


@pytest.mark.parametrize(
    ("word", "mosi", "meaning"),
    [
        ("3mp", (0x40, 0, 0), "SENSOR_ID -> 0x82  3MP_1"),
        ("3mp", (0x44, 0, 0), "STATE -> 0x22  idle"),
        ("3mp", (0x84, 0x03), "FIFO_CTRL <- 0x03  clear done flag, start capture"),
        ("3mp", (0x87, 0x40), "RESET <- 0x40  reset camera and sensor"),
        ("3mp", (0xA1, 0x06), "RESOLUTION <- 0x06  1600x1200"),
        ("2mp-2025", (0xA1, 0x86), "RESOLUTION <- 0x86  800x600 video"),
        ("3mp", (0xA2, 0x04), "BRIGHTNESS <- 0x04  -2"),
        ("3mp", (0xA8, 0x02), "SHARPNESS <- 0x02"),
        ("2mp-2025", (0xA8, 0x01), "POWER_MODE <- 0x01"),
        ("3mp", (0xAA, 0x00), "JPEG_QUALITY <- 0x00  high"),
        ("3mp", (0x83, 0x00), "register 0x03 <- 0x00"),
        ("3mp", (0x84,), "FIFO_CTRL <- nothing (cut off)"),
    ],
)
def test_a_transaction_is_one_line_with_its_meaning(word, mosi, meaning):
    host = Host(word)
    lines, _ = decoded(host)
    host.cycle(*mosi)
    assert lines[0].endswith(f"| {meaning}")
    assert f"  {bytes(mosi).hex(' ')} " in lines[0]


def test_bursts_show_where_they_are_in_the_fifo():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    lines, _ = decoded(host)
    host.burst(61)
    host.burst(40)
    assert lines[0].endswith("FIFO[0:60], 60 bytes (first burst, dummy dropped)")
    assert lines[1].endswith("FIFO[60:100], 40 bytes (next burst)")


def test_polling_is_shown_once_with_a_count():
    host = Host()
    lines, decoder = decoded(host)
    for _ in range(5):
        host.read(0x44)
    decoder.flush()
    assert len(lines) == 2
    assert lines[1].strip() == "... 4 more with the same answer"


def test_a_violation_follows_its_line():
    host = Host()
    lines, _ = decoded(host)
    host.write(0x40, 0)
    host.read(0x40)
    assert [line.lstrip()[:2] == "!!" for line in lines] == [False, True, False]
    assert "SENSOR_ID, which is read-only" in lines[1]
    assert "SENSOR_ID ->" in lines[2]


def test_the_command_takes_a_photo_without_a_violation():
    lines = []
    camera = camera_cli.show_camera("3mp", (), "640x480", lines.append)
    assert lines[-1].startswith("15960 bytes read, a JPEG;")
    assert camera.violations == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("capture-stuck", "the capture never ended"),
        ("idle-stuck", "the camera never became idle"),
        ("no-camera-high", "the camera never became idle"),
        ("length-zero", "length 0 cannot be"),
        ("constant-frame", "15960 bytes read, not a JPEG"),
    ],
)
def test_the_command_tells_what_a_fault_did(fault, outcome):
    lines = []
    camera_cli.show_camera("3mp", (fault,), "640x480", lines.append)
    assert lines[-1].startswith(outcome)
    assert len(lines) < 40


def test_the_command_refuses_a_size_that_the_model_lacks():
    with pytest.raises(ValueError, match="the 2mp-2025 has no size '1920x1080'; it has 96x96"):
        camera_cli.show_camera("2mp-2025", (), "1920x1080")


def test_the_command_line_prints_the_decoded_traffic(capsys):
    options = ["--model", "3mp", "--fault", "capture-stuck"]
    assert console.run(cli.app, ["sim", "camera", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("RESET <- 0x40  reset camera and sensor")
    assert any("SENSOR_ID -> 0x82  3MP_1" in line for line in lines)
    assert lines[-2].endswith("more with the same answer")
    assert lines[-1].startswith("the capture never ended")


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ("--model 4mp", "'4mp' is unknown; choose one of 5mp, 3mp"),
        ("--fault capture-stick", "did you mean 'capture-stuck'?"),
        ("--fault smoke", "`megacam sim faults` lists them"),
        ("--fault bit-flip:x", "write a count, as in bit-flip:2"),
        ("--size huge", "it has 96x96"),
    ],
)
def test_the_command_line_refuses_what_does_not_exist_in_one_sentence(options, remedy, capsys):
    assert console.run(cli.app, ["sim", "camera", *options.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert remedy in err


def test_every_fault_is_listed_with_what_happens(capsys):
    assert console.run(cli.app, ["sim", "faults"]) == 0
    out = capsys.readouterr().out
    for name, text in FAULTS.items():
        assert name in out
        assert text in out
