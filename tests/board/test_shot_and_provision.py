"""A photo over USB, the live log, and secrets stored in NVS and removed from it."""

import ast
import io
import os
import pty
import subprocess
import sys
import termios
import time

import pytest
from command import megacam
from megacam.board import device, provision, shot
from megacam.commands.shot import style
from megacam.errors import MegacamError
from PIL import Image
from setup_run import typed
from usb_board import CONFIG, WIFI, firmware, plugged_in

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = {"id": "AKIAIOSFODNN7EXAMPLE", "secret": SECRET}
SMALL = {**CONFIG, "camera": {"resolution": "320x240"}}


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    with plugged_in(folder, firmware(SMALL), networks=[WIFI], camera=["--scene"]) as board:
        yield board


def test_a_photo_comes_over_usb_whole(board, tmp_path):
    done = megacam("shot", "--port", board.port, "-o", "now.jpg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "now.jpg: 320x240" in done.stdout
    Image.open(tmp_path / "now.jpg").load()


def _jpeg():
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(data, "JPEG")
    return data.getvalue()


def test_padding_is_cut_off_and_the_size_read():
    assert shot.check(_jpeg() + bytes(16)) == (_jpeg(), 64, 48)


@pytest.mark.parametrize("fill", [1, 2, 300])
def test_fill_bytes_before_a_marker_pass(fill):
    photo, marker = _jpeg(), _jpeg().index(b"\xff\xc0")
    for at in (2, marker):
        filled = photo[:at] + b"\xff" * fill + photo[at:]
        assert Image.open(io.BytesIO(filled)).size == (64, 48)  # according to Pillow
        assert shot.check(filled) == (filled, 64, 48)


@pytest.mark.parametrize(
    "photo",
    [b"", b"\xff\xd8", _jpeg()[1:], _jpeg()[:-2], _jpeg()[:4] + b"\0\0" + _jpeg()[20:]],
    ids=["empty", "start only", "no start", "no end", "broken header"],
)
def test_what_is_no_whole_jpeg_is_refused(photo):
    with pytest.raises(shot.DamagedPhotoError, match="megacam doctor"):
        shot.check(photo)


def test_secrets_come_from_the_environment_and_are_nowhere_but_in_nvs(board, tmp_path):
    secrets = {
        "MEGACAM_WIFI_SSID": WIFI["ssid"],
        "MEGACAM_WIFI_PASSWORD": WIFI["password"],
        "MEGACAM_KEY_ID": KEY["id"],
        "MEGACAM_KEY_SECRET": SECRET,
    }
    done = megacam("provision", "--port", board.port, cwd=tmp_path, **secrets)
    assert done.returncode == 0, done.stderr
    assert "aws is in NVS, read back and compared  AKIAIOSFODNN7EXAMPLE" in done.stdout
    with device.connect(board.port) as found:
        assert provision.known(found) == {"wifi": WIFI["ssid"], "aws": KEY["id"]}
        out = found.exec("from firmware import credentials as c\nprint(c.load('aws')['secret'])")
    assert out.strip() == SECRET
    for text in (done.stdout + done.stderr, *(p.read_text() for p in tmp_path.rglob("*"))):
        assert SECRET not in text and WIFI["password"] not in text
    wiped = megacam("wipe", "--port", board.port, "--yes", cwd=tmp_path)
    assert wiped.returncode == 0, wiped.stderr
    with device.connect(board.port) as found:
        assert provision.known(found) == {}


def test_nobody_to_ask_is_misuse_and_names_the_variables(tmp_path):
    done = megacam("provision", "--only", "wifi", cwd=tmp_path)
    assert done.returncode == 2
    assert "MEGACAM_WIFI_SSID and MEGACAM_WIFI_PASSWORD" in done.stderr


def test_a_secret_is_typed_without_an_echo(board, tmp_path):
    master, slave = pty.openpty()
    argv = [sys.executable, "-m", "megacam", "provision", "--only", "aws", "--port", board.port]
    running = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path, start_new_session=True
    )
    os.close(slave)
    seen = b""
    try:
        for question, answer in ((b"key id", KEY["id"]), (b"Secret", SECRET), (b"compared", "")):
            while question not in seen:
                seen += os.read(master, 1000)
            # The prompt is printed before the echo is off.
            while question == b"Secret" and termios.tcgetattr(master)[3] & termios.ECHO:
                time.sleep(0.02)
            os.write(master, answer.encode() + b"\n")
        assert running.wait(120) == 0
    finally:
        running.kill()
        os.close(master)
    assert SECRET.encode() not in seen
    assert KEY["id"].encode() in seen


def test_half_a_key_and_a_board_without_firmware_are_sentences(tmp_path):
    with pytest.raises(MegacamError, match="half an AWS key"):
        provision.from_environment({}, {"MEGACAM_KEY_ID": "A" * 20})
    with (
        plugged_in(tmp_path, {}) as empty,
        device.connect(empty.port) as found,
        pytest.raises(MegacamError, match="run `megacam deploy` first"),
    ):
        provision.store(found, "aws", KEY)


def test_config_json_gives_secrets_and_the_environment_wins():
    networks = [{"ssid": "Barn", "password": "hay hay hay"}]
    config = {**CONFIG, "wifi": {"networks": networks}}
    assert provision.from_environment(config, {}) == {"wifi": networks}
    other = {"MEGACAM_WIFI_SSID": "Shed", "MEGACAM_WIFI_PASSWORD": "tools tools"}
    assert provision.from_environment(config, other)["wifi"][0]["ssid"] == "Shed"


_SSID, _PASSWORD = "MEGACAM_WIFI_SSID", "MEGACAM_WIFI_PASSWORD"
_ID, _SECRET = "MEGACAM_KEY_ID", "MEGACAM_KEY_SECRET"


def test_what_the_environment_gives_is_cleaned_as_config_json_is():
    # As read from a file with Windows line endings.
    given = {_SSID: " Barn 2\r", _PASSWORD: "hay hay hay \r\n"}
    network = {"ssid": " Barn 2", "password": "hay hay hay "}
    assert provision.from_environment({}, given) == {"wifi": [network]}
    for blank in (" ", "\r\n", "\u00a0", "\ufeff"):
        given = {_ID: f"minioadmin{blank}", _SECRET: f"{blank}minioadmin{blank}"}
        key = {"id": "minioadmin", "secret": "minioadmin"}
        assert provision.from_environment({}, given) == {"aws": key}
    assert provision.from_environment({}, {_SSID: "Barn"}) == {
        "wifi": [{"ssid": "Barn", "password": ""}]
    }


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {_SSID: "\r\n", _PASSWORD: ""},
            f"{_SSID} is empty; it must be a string of 1 to 32 bytes",
        ),
        ({_SSID: "B" * 33}, f"{_SSID} is '{'B' * 33}'; it must be a string of 1 to 32 bytes"),
        ({_SSID: "Barn", _PASSWORD: "hush"}, f"{_PASSWORD} is secret; it must be a passphrase"),
        ({_ID: "A", _SECRET: "hu sh"}, f"{_SECRET} is secret; it must be printable ASCII"),
        ({_ID: "A", _SECRET: "\n"}, f"half an AWS key: set both {_ID} and {_SECRET}"),
        ({_SSID: "\udcff"}, f"{_SSID} is '\\udcff'; it must be a string of 1 to 32 bytes"),
    ],
)
def test_what_the_environment_gives_wrong_is_named_by_its_variable(given, named):
    with pytest.raises(MegacamError) as refused:
        provision.from_environment({}, given)
    assert str(refused.value).startswith(named)
    assert "hush" not in str(refused.value) and "hu sh" not in str(refused.value)


def test_a_blank_that_is_kept_is_pointed_out(tmp_path):
    given = {_SSID: " Barn", _PASSWORD: "hay hay hay "}
    done = megacam("provision", "--only", "wifi", "--dry-run", cwd=tmp_path, **given)
    assert done.returncode == 0, done.stderr
    assert "the name of the Wi-Fi network ' Barn' begins or ends with a space" in done.stdout
    assert "the password of the Wi-Fi network ' Barn' begins or ends" in done.stdout
    assert "hay" not in done.stdout
    quiet = megacam("provision", "--only", "wifi", "--dry-run", cwd=tmp_path, **{_SSID: "Barn 2"})
    assert "with a space" not in quiet.stdout


def test_what_is_typed_is_cleaned_as_config_json_is(board, tmp_path):
    asked = ("Wi-Fi network", " Barn "), ("Wi-Fi password", " hay hay hay ")
    asked += ("key id", "\u00a0minioadmin "), ("Secret access key", "  minioadmin\ufeff")
    code, shown = typed(tmp_path, ["provision", "--port", board.port], *asked)
    assert code == 0, shown
    assert "the name of the Wi-Fi network ' Barn ' begins or ends with a space" in shown
    with device.connect(board.port) as found:
        out = found.exec(
            "from firmware import credentials as c\nprint([c.load('wifi'), c.load('aws')])"
        )
    assert ast.literal_eval(out) == [
        [{"ssid": " Barn ", "password": " hay hay hay "}],
        {"id": "minioadmin", "secret": "minioadmin"},
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([("Wi-Fi network", "")], "the Wi-Fi network is empty"),
        (
            [("Wi-Fi network", "Barn"), ("Wi-Fi password", "hush")],
            "its password is secret; it must be a passphrase",
        ),
    ],
)
def test_what_is_typed_wrong_is_one_sentence_and_asked_again_at_once(tmp_path, asked, said):
    code, shown = typed(tmp_path, ["provision", "--only", "wifi"], *asked, *asked[-1:] * 2)
    assert code == 1
    words = " ".join(shown.split())
    assert words.count(said) == 3 and "hush" not in shown


def test_a_key_that_is_too_long_for_nvs_is_a_sentence(board):
    with (
        device.connect(board.port) as found,
        pytest.raises(MegacamError, match="of 1984 bytes"),
    ):
        provision.store(found, "aws", {"id": "A", "secret": "s" * 2000})


def test_the_log_is_followed_through_a_pulled_cable(tmp_path):
    main = b"import time\nfor i in range(9999):\n print('I app line n=%d' % i)\n time.sleep_ms(50)"
    with plugged_in(tmp_path, {"main.py": main}) as board:
        lines = device.console(board.port, wait_s=0.1)
        while next(lines) != "I app line n=5":
            pass
        board.pull()
        while next(lines) is not None:
            pass
        board.plug_in()
        while next(lines) != "I app line n=3":
            pass


def test_the_log_s_levels_have_their_colours():
    assert style("E app photo lost") == "bold red"
    assert style("W clock not set") == "yellow"
    assert style("ets Jul 29 2019") == "dim"
