"""A board on USB: finding it, the sentence for each error, code and files over the raw REPL."""

import ast
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from megacam.board import device, files
from megacam.board.device import (
    BusyError,
    GoneError,
    NoBoardError,
    NotMicroPythonError,
    RemoteError,
    RestartedError,
)
from mpremote.transport import TransportError
from usb_board import firmware, plugged_in, scripted

# What hangs need not keep a core busy.
_HANG = "import time\nwhile True:time.sleep(1)"
RAW = b"raw REPL; CTRL-B to exit\r\n>"


def _usb(*names):
    return lambda: [SimpleNamespace(device=n, vid=0x10C4, description="CP2102") for n in names]


def test_the_only_board_is_found_and_a_port_that_is_not_usb_is_none():
    built_in = SimpleNamespace(device="/dev/ttyS0", vid=None, description="n/a")
    found = device.find(None, lambda: [built_in, *_usb("/dev/ttyUSB0")()])
    assert found == "/dev/ttyUSB0"


def test_no_board_says_what_to_look_at():
    with pytest.raises(NoBoardError, match="no board on USB; plug it in with a cable"):
        device.find(None, _usb())


def test_two_boards_are_named_and_not_chosen_from():
    with pytest.raises(NoBoardError, match=r"COM3 \(CP2102\), COM4 \(CP2102\); choose one"):
        device.find(None, _usb("COM3", "COM4"))


def test_a_port_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(NoBoardError, match=r"there is no port .*tty9"),
        device.connect(str(tmp_path / "tty9")),
    ):
        pass


def test_a_file_that_is_no_port_is_named(tmp_path):
    (tmp_path / "notes").touch()
    with (
        pytest.raises(NoBoardError, match="cannot be opened as a serial port"),
        device.connect(str(tmp_path / "notes")),
    ):
        pass


def test_a_port_that_another_program_holds_is_busy():
    hold = "import serial,sys; s=serial.Serial(sys.argv[1],exclusive=True); print(1,flush=True)"
    with scripted() as port:
        argv = [sys.executable, "-c", f"{hold}; input()", port]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            try:
                with pytest.raises(BusyError, match="another program uses"), device.connect(port):
                    pass
            finally:
                other.kill()


def test_what_does_not_answer_is_not_micropython(monkeypatch):
    monkeypatch.setattr(device, "_ENTER_TIMEOUT_S", 0.2)
    monkeypatch.setattr(device, "_READ_TIMEOUT_S", 0.1)
    with (
        scripted((b"\x01", b"AT+ERROR\r\n")) as port,
        pytest.raises(NotMicroPythonError, match="does not answer as MicroPython"),
        device.connect(port),
    ):
        pass


@pytest.mark.parametrize("said", [b"micropython 1 22 2", b"circuitpython 9 1 0"])
def test_an_old_or_other_python_is_named_with_what_is_needed(said):
    answers = (
        (b"\x01", RAW),
        (b"\x05A\x01", b"R\x00"),
        (b"\x04", b"OK" + said + b"\r\n\x04\x04>"),
    )
    name, version = said.decode().split(" ", 1)
    with (
        scripted(*answers) as port,
        pytest.raises(NotMicroPythonError) as refused,
        device.connect(port),
    ):
        pass
    assert f"runs {name} {version.replace(' ', '.')} and megacam needs" in str(refused.value)


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    loop = b"import time\nwhile True:\n time.sleep(1)\n"
    with plugged_in(folder, {"boot.py": b"print('boot')\n", "main.py": loop}) as board:
        yield board


def test_code_runs_and_its_lines_come_as_they_are_printed(board):
    lines = []
    with device.connect(board.port) as found:
        assert found.exec("for i in range(3):print(i)", on_line=lines.append) == "0\n1\n2\n"
        assert lines == ["0", "1", "2"]
        assert found.version.startswith("1.2")


def test_an_exception_on_the_board_arrives_by_name(board):
    with device.connect(board.port) as found:
        with pytest.raises(RemoteError) as failed:
            found.exec("class NetworkError(Exception):pass\nraise NetworkError('no: net')")
        assert (failed.value.kind, failed.value.text) == ("NetworkError", "no: net")


def test_a_program_that_hangs_on_the_board_is_said(board):
    with (
        device.connect(board.port) as found,
        pytest.raises(GoneError, match="no progress for 1 s"),
    ):
        found.exec(_HANG, timeout_s=1)


def test_the_board_runs_again_when_we_leave(board):
    with device.connect(board.port):
        before = bytes(board.console).count(b"boot\n")
    deadline = time.monotonic() + 120
    while bytes(board.console).count(b"boot\n") <= before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bytes(board.console).count(b"boot\n") > before


def test_files_of_any_content_go_there_and_back(board):
    content = bytes(range(256)) * 9
    with device.connect(board.port) as found:
        files.make_folders(found, ["/a/b/c"])
        files.write(found, "/a/b/c", content)
        assert files.read(found, "/a/b/c") == content
        assert files.read(found, "/a/none") is None
        digests = files.hashes(found, ["/a/b/c", "/a/none"])
        assert digests == {"/a/b/c": files.sha256(content)}
        files.remove_tree(found, "/a")
        assert "a" not in files.listing(found, "/")


def _once(function):
    return lambda line: function() if line == "on" else None


def test_a_brown_out_in_mid_work_is_called_one(board):
    with device.connect(board.port) as found, pytest.raises(RestartedError) as restarted:
        found.exec(f"print('on')\n{_HANG}", on_line=_once(board.brown_out))
    assert restarted.value.brown_out
    assert "brown-out" in str(restarted.value)


def test_a_pulled_cable_is_one_sentence(board):
    with device.connect(board.port) as found, pytest.raises(GoneError, match="lost the board"):
        found.exec(f"print('on')\n{_HANG}", on_line=_once(board.cut_power))
    board.pull()
    board.plug_in()


def _interrupted():
    raise KeyboardInterrupt


def test_a_ctrl_c_in_mid_work_lets_the_board_start_again(board):
    with pytest.raises(KeyboardInterrupt), device.connect(board.port) as found:
        before = len(board.console)
        found.exec(f"print('on')\n{_HANG}", on_line=_once(_interrupted))
    deadline = time.monotonic() + 120
    while b"SW_CPU_RESET" not in board.console[before:] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert b"SW_CPU_RESET" in board.console[before:]


def test_restarts_by_megacam_are_no_trouble_to_the_firmware(tmp_path):
    with plugged_in(tmp_path, firmware()) as board:
        with device.connect(board.port) as found:
            found.exec("from firmware.health import counters\ncounters.keep({'boots':7})")
        with device.connect(board.port) as found:
            said = found.exec("from firmware.health import counters\nprint(counters.read())")
    counters = ast.literal_eval(said)
    assert counters["boots"] >= 7 and not counters.get("reboots"), counters


def test_a_board_stopped_before_boot_py_did_anything_has_its_memory_in_one_piece(tmp_path):
    # An empty boot.py stands for one that was interrupted before its first line.
    files = firmware(**{"boot.py": b""})
    with plugged_in(tmp_path, files) as board, device.connect(board.port) as found:
        said = found.exec("import gc,micropython\ngc.collect()\nmicropython.mem_info()")
    free, largest_blocks = re.search(r"free: (\d+).*max free sz: (\d+)", said, re.S).groups()
    assert int(largest_blocks) * 32 > int(free) * 0.8, said


def test_what_mpremote_prints_of_a_board_that_babbles_is_not_shown(capsys):
    class Babbling:
        serial = SimpleNamespace(in_waiting=0, read=lambda size: b"")

        def exec_raw_no_follow(self, code):
            print(b"\x05A\x01 raw bytes")
            raise TransportError("could not enter raw repl")

    with pytest.raises(GoneError, match="lost the board at COM3; check its cable"):
        device.Device("COM3", Babbling()).exec("1")
    assert capsys.readouterr().out == ""
