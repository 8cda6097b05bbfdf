"""The simulated board on a pseudo-terminal, used with the real mpremote."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from megacam.sim import flash
from megacam.sim.pty_board import PtyBoard

MAIN = b"import time\nprint('main runs')\nwhile True:\n    time.sleep_ms(20)\n"
FILES = {"boot.py": b"print('boot runs')\n", "main.py": MAIN}
WAIT_S = 120  # against a hang


@pytest.fixture
def board(tmp_path):
    with PtyBoard(tmp_path, FILES) as board:
        board.plug_in()
        wait_for(board, b"main runs")
        yield board


def wait_for(board, text, count=1):
    deadline = time.monotonic() + WAIT_S
    while board.console.count(text) < count:
        assert time.monotonic() < deadline, bytes(board.console).decode(errors="replace")
        time.sleep(0.02)


def mpremote(board, *args):
    argv = [sys.executable, "-m", "mpremote", "connect", board.port, *args]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=WAIT_S)
    return done.returncode, done.stdout.strip()


def test_a_running_main_is_interrupted_and_code_runs_in_the_raw_repl(board):
    assert mpremote(board, "eval", "6*7") == (0, "42")
    code, said = mpremote(board, "exec", "1/0")
    assert (code, said.splitlines()[-1]) == (1, "ZeroDivisionError: divide by zero")


BUSY = b"""
import time
print('busy')
since = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), since) < 250:
    pass
print('asleep')
time.sleep_ms(60000)
"""


def test_a_ctrl_c_waits_until_the_board_sleeps_and_not_for_ever(tmp_path):
    """During the import of a module, a Ctrl-C could make MicroPython's unix port hang forever."""
    with _plugged(tmp_path / "a", BUSY) as (board, line):
        line.write(b"\x03")
        wait_for(board, b"KeyboardInterrupt")
        assert b"asleep" in board.console
    with _plugged(tmp_path / "b", BUSY.replace(b"250", b"60000")) as (board, line):
        line.write(b"\x03")
        wait_for(board, b"KeyboardInterrupt")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc shows which signals wait")
def test_a_ctrl_c_waits_for_a_board_that_a_busy_machine_gives_no_time_to_compute(tmp_path):
    """It has been awake for long then, but may still be in the middle of an import."""
    with _plugged(tmp_path, BUSY.replace(b"250", b"60000")) as (board, line):
        pid = board._process.pid
        os.kill(pid, signal.SIGSTOP)
        line.write(b"\x03")
        time.sleep(1.5)
        waiting = Path(f"/proc/{pid}/status").read_text().split("ShdPnd:")[1].split()[0]
        os.kill(pid, signal.SIGCONT)
        wait_for(board, b"KeyboardInterrupt")
    assert not int(waiting, 16) >> (signal.SIGINT - 1) & 1


@contextlib.contextmanager
def _plugged(folder, main):
    with PtyBoard(folder, {"main.py": main}) as board:
        board.plug_in()
        with Path(board.port).open("wb", buffering=0) as line:
            wait_for(board, b"busy")
            yield board, line


# More than a pseudo-terminal holds, and a word behind it that is not in the command itself.
LINES = 4000
TALK = b"for n in range(%d): print('line', n, 'of some', 9 * '==========')\r\r" % LINES
AND_TELL = b"print('to' + 'ld')\r"


def _read_until(line, end):
    heard = b""
    while end not in heard:
        heard += line.read(4096)
    return heard


def test_a_program_that_gets_no_time_to_read_misses_nothing(tmp_path):
    with _plugged(tmp_path, b"print('busy')") as (board, line):
        board.patience_s = 600
        line.write(TALK)
        wait_for(board, b"line 100 ")
        time.sleep(1.5)  # a busy machine
        line.write(AND_TELL)
        with Path(board.port).open("rb", buffering=0) as reader:
            heard = _read_until(reader, b"told")
    assert [heard.count(b"line %d " % n) for n in range(LINES)] == [1] * LINES


def test_what_nobody_reads_is_lost_and_does_not_stop_the_board(tmp_path):
    with _plugged(tmp_path, b"print('busy')") as (board, line):
        board.patience_s = 0.2
        line.write(TALK)
        wait_for(board, b"line %d " % (LINES - 1))
        line.write(AND_TELL)
        wait_for(board, b"told")
        with Path(board.port).open("rb", buffering=0) as reader:
            _read_until(reader, b"line 100 ")
            # It is read again, so nothing more is lost.
            board.patience_s = 600
            line.write(b"print('again', 6 * 7)\r")
            heard = _read_until(reader, b"again 42")
    assert b"told" not in heard


ASKING = b"""
from machine import SPI, Pin
spi, cs = SPI(2, sck=Pin(18), mosi=Pin(23), miso=Pin(19)), Pin(5, Pin.OUT, value=1)
out, back = bytearray(3), bytearray(3)
def ask(register):
    try:
        cs(0)
        out[0] = register
        spi.write_readinto(out, back)
    finally:
        cs(1)
    return back[2]
try:
    print("asking")
    while True:
        ask(0x44)
except KeyboardInterrupt:
    print("id", hex(ask(0x40)))
"""


def test_a_ctrl_c_in_mid_transfer_does_not_shift_what_the_camera_says(tmp_path):
    with _plugged(tmp_path, b"print('busy')") as (board, line):
        line.write(b"\r\x01")
        wait_for(board, b"raw REPL; CTRL-B to exit\r\n>")
        for count in range(1, 21):
            line.write(ASKING + b"\x04")
            wait_for(board, b"OKasking", count=count)
            time.sleep(count / 1000)
            line.write(b"\x03")
            wait_for(board, b"\x04>", count=count)
        assert board.console.count(b"id 0x82") == 20, bytes(board.console[-1000:])


def test_a_soft_reset_into_the_raw_repl_runs_boot_but_not_main(board):
    before = len(board.console)
    cause = "import machine; print(machine.reset_cause())"
    assert mpremote(board, "exec", cause) == (0, "5")
    console = bytes(board.console[before:])
    assert b"MPY: soft reboot\r\nboot runs" in console
    assert b"main runs" not in console


def test_variables_live_until_the_next_reset(board):
    assert mpremote(board, "exec", "x = 5")[0] == 0
    assert mpremote(board, "resume", "eval", "x") == (0, "5")
    assert mpremote(board, "eval", "x")[0] == 1


def test_a_hard_reset_starts_the_board_from_its_rom(board):
    assert mpremote(board, "reset")[0] == 0
    wait_for(board, b"rst:0xc (SW_CPU_RESET)")
    wait_for(board, b"main runs", count=2)
    assert board.console.count(b"main runs") == 2


def test_files_go_there_and_back_whatever_is_in_them(board, tmp_path):
    content = bytes(range(256)) * 20
    (tmp_path / "there.bin").write_bytes(content)
    assert mpremote(board, "cp", str(tmp_path / "there.bin"), ":there.bin")[0] == 0
    assert mpremote(board, "cp", ":there.bin", str(tmp_path / "back.bin"))[0] == 0
    assert (tmp_path / "back.bin").read_bytes() == content
    board.pull()
    assert flash.read_image(board.image)["there.bin"] == content


def test_a_program_left_running_is_interrupted_by_the_next_command(board):
    assert mpremote(board, "exec", "--no-follow", "while True: pass")[0] == 0
    assert mpremote(board, "resume", "eval", "1") == (0, "1")


def test_a_board_without_power_has_no_port(board):
    assert Path(board.port).exists()
    board.pull()
    assert not Path(board.port).is_symlink(), "its number may be somebody else's by now"
    board.plug_in()
    assert Path(board.port).exists()


def test_nvs_and_flash_outlive_a_pulled_cable(board):
    keep = "from esp32 import NVS; n = NVS('x'); n.set_i32('k', 7); n.commit()"
    assert mpremote(board, "exec", keep)[0] == 0
    board.pull()
    board.plug_in()
    assert mpremote(board, "exec", "from esp32 import NVS; print(NVS('x').get_i32('k'))") == (
        0,
        "7",
    )


@pytest.mark.parametrize("writes", [1, 4])
def test_the_power_can_be_cut_in_front_of_any_write_to_the_flash(board, writes):
    board.pull()
    board.plug_in(cut_after_writes=writes)
    code, _ = mpremote(board, "exec", "f = open('a', 'w'); f.write('x' * 5000); f.close()")
    assert code == 1
    assert board.wait_until_unplugged(WAIT_S)
    board.pull()
    assert flash.read_image(board.image).get("a") in (None, b"")


def test_a_brown_out_is_seen_on_the_console_and_restarts_the_board(board):
    board.brown_out()
    wait_for(board, b"Brownout detector was triggered")
    assert mpremote(board, "eval", "1") == (0, "1")


def test_the_command_says_how_to_reach_the_board_and_ends_with_ctrl_c(tmp_path):
    import signal

    argv = [sys.executable, "-m", "megacam", "sim", "board", "--folder", str(tmp_path / "b")]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--pty" in done.stderr
    running = subprocess.Popen([*argv, "--pty"], stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        port = running.stdout.readline().split(" is at ")[1].split(";")[0]
        mine = [sys.executable, "-m", "mpremote", "connect", port, "eval", "1+1"]
        assert subprocess.run(mine, capture_output=True, timeout=WAIT_S).stdout.strip() == b"2"
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(WAIT_S) == 0
