"""mpremote installs the packages of lib/ from the index that `make mip` builds."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from megacam.board import mip, mip_index
from megacam.sim.rom import PORT
from usb_board import plugged_in

_PHOTO = """
import time
import sys
from machine import Pin, SPI
from arducam_mega import ArducamMega
spi = SPI(2, baudrate=8_000_000, sck=Pin(18), mosi=Pin(23), miso=Pin(19))
camera = ArducamMega(spi, Pin(5, Pin.OUT, value=1))
camera.configure(resolution="320x240", quality="high")
camera.capture().save("/photo.jpg")
import s3
key = s3.Credentials("AKIA", "secret")
client = s3.S3Client("photos", "eu-central-1", key, None, bytearray(1024), time.time)
print(client.integrity, sorted(name for name in sys.modules if name[:2] in ("s3", "ar", "ht")))
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    mip_index.write(folder, mip_index.index(mip.from_folder("hmac", PORT)))
    return folder


def _mpremote(board, *words):
    argv = [sys.executable, "-m", "mpremote", "connect", board.port, *words]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-1500:] + done.stderr
    return done.stdout


def test_a_photo_by_packages_from_the_index(tmp_path, index):
    options = {"camera": ["--scene"], "without": ["hmac"]}
    with plugged_in(tmp_path / "board", {}, **options) as board:
        _mpremote(board, "mip", "install", "--index", str(index), "arducam_mega", "s3")
        said = _mpremote(board, "exec", _PHOTO)
        assert said.strip() == "checksum ['arducam_mega', 'arducam_mega.models', 'https', 's3']"
        _mpremote(board, "cp", ":/photo.jpg", str(tmp_path / "photo.jpg"))
    photo = (tmp_path / "photo.jpg").read_bytes()
    assert photo.startswith(b"\xff\xd8") and photo.endswith(b"\xff\xd9")


def test_every_file_is_named_by_its_hash_and_every_dependency_is_there(index):
    packages = {path.parent.name for path in index.glob("package/6/*/latest.json")}
    assert {"arducam_mega", "s3", "https", "sigv4", "iot_credentials", "overlay"} <= packages
    for path in index.glob("package/6/*/latest.json"):
        about = json.loads(path.read_text())
        assert path.with_name(f"{about['version']}.json").read_text() == path.read_text()
        assert {name for name, _ in about["deps"]} <= packages
        for _, short in about["hashes"]:
            content = (index / "file" / short[:2] / short).read_bytes()
            assert hashlib.sha256(content).hexdigest().startswith(short)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["{}/none"], "holds neither hmac.py"),
        (["{}/none", "--hmac", str(PORT)], "cannot write"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(tmp_path, argv, said):
    (tmp_path / "none").touch()
    words = [word.format(tmp_path) for word in argv]
    if "--hmac" not in words:
        words += ["--hmac", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "megacam.board.mip_index", *words],
        env=dict(os.environ), capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert said in done.stderr
