"""Problems of a board as the user sees them: one sentence and exit code 1, or 2 for misuse."""

import json
import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import pytest
import serial
from megacam import cli, console
from megacam.board import device
from usb_board import CONFIG, plugged_in, scripted

RAW = (b"\x01", b"raw REPL; CTRL-B to exit\r\n>"), (b"\x05A\x01", b"R\x00")


@pytest.fixture
def types(capsys, monkeypatch, tmp_path):
    """Return types(*words) -> (exit code, output, error), in a folder with a config.json."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device.list_ports, "comports", list)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))

    def types(*words):
        code = console.run(cli.app, words)
        return code, *capsys.readouterr()

    return types


def _is_failure(answer, *words):
    code, _, complaint = answer
    assert code == 1
    assert complaint.startswith("megacam: ")
    assert complaint.count("\n") == 1, "one line"
    for word in words:
        assert word in complaint, complaint


BOARD_COMMANDS = (
    ["deploy"],
    ["wipe", "--yes"],
    ["shot"],
    ["flash"],
    ["provision", "--only", "aws"],
)


@pytest.mark.parametrize("command", BOARD_COMMANDS, ids=lambda words: words[0])
def test_no_board_and_two_boards_are_said_by_every_command(types, monkeypatch, command):
    monkeypatch.setenv("MEGACAM_KEY_ID", "A" * 20)
    monkeypatch.setenv("MEGACAM_KEY_SECRET", "s" * 40)
    _is_failure(types(*command), "no board on USB; plug it in with a cable that carries data")
    _is_failure(types(*command, "--port", "/dev/none"), "there is no port /dev/none; plug")
    two = [SimpleNamespace(device=f"COM{n}", vid=1, description="CP2102") for n in (3, 4)]
    monkeypatch.setattr(device.list_ports, "comports", lambda: two)
    _is_failure(types(*command), "COM3 (CP2102), COM4 (CP2102); choose one with --port")


def test_a_board_that_is_busy(types):
    with scripted() as port, serial.Serial(port, exclusive=True):
        _is_failure(types("shot", "--port", port), f"another program uses {port}; close it")


def test_a_board_that_is_not_micropython_or_too_old(types, monkeypatch):
    monkeypatch.setattr(device, "_ENTER_TIMEOUT_S", 0.2)
    monkeypatch.setattr(device, "_READ_TIMEOUT_S", 0.1)
    with scripted((b"\x01", b"AT+ERROR\r\n")) as port:
        _is_failure(types("shot", "--port", port), "does not answer as MicroPython; put it on")
    old = (b"\x04", b"OKmicropython 1 22 2\r\n\x04\x04>")
    with scripted(*RAW, old) as port:
        _is_failure(types("shot", "--port", port), "1.22.2 and megacam needs", "`megacam flash`")


def test_a_board_without_space(types, tmp_path):
    with plugged_in(tmp_path / "b", {"spool/big": bytes(1_950_000)}) as board:
        _is_failure(types("deploy", "--port", board.port), "KB are needed and")


def test_misuse_is_2(types):
    assert types("shot", "--colour")[0] == 2
    assert types("provision", "--only", "cheese")[0] == 2
    assert types("setup", "--config", "none.json")[0] == 2, "nobody is here to be asked"


def test_dry_runs_change_nothing_and_say_so_to_programs_too(types, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGACAM_WIFI_SSID", "Barn")
    monkeypatch.setenv("MEGACAM_WIFI_PASSWORD", "hay hay hay")
    code, said, _ = types("provision", "--only", "wifi", "--dry-run")
    assert (code, "+ wifi  Barn" in said, "hay" in said) == (0, True, False)
    code, said, _ = types("provision", "--only", "wifi", "--dry-run", "--json")
    assert json.loads(said) == {"done": False, "entries": ["wifi"]}
    (tmp_path / "config.json").unlink()
    _is_failure(types("setup", "--dry-run"), "config.json is missing", "without --dry-run")


def test_the_log_is_coloured_and_goes_on_after_a_pulled_cable(tmp_path):
    main = b"import time\nfor i in range(9999):\n print('E app line n=%d' % i)\n time.sleep_ms(50)"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": ""}
    with plugged_in(tmp_path, {"main.py": main}) as board:
        argv = [sys.executable, "-m", "megacam", "logs", "--port", board.port]
        running = subprocess.Popen(argv, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        seen = b""
        try:
            while b"\x1b[1;31mE app line" not in seen:
                seen += os.read(ours, 1000)
            board.pull()
            while b"no connection to the board; waiting for it" not in seen:
                seen += os.read(ours, 1000)
            board.plug_in()
            seen = b""
            while b"E app line" not in seen:
                seen += os.read(ours, 1000)
        finally:
            running.kill()
            running.wait()
            os.close(ours)
