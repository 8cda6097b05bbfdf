"""The board tells each step of a deploy, and the host waits for steps, whatever else it sends."""

import ast
import itertools
import re
import time
from unittest import mock

import pytest
import serial
from megacam.board import answer, deploy, device, files, tree
from megacam.errors import MegacamError
from megacam.sim.pty_board import PtyBoard
from megacam.sim.rom import PORT
from mpremote import transport_serial
from small_firmware import NEW, OLD
from usb_board import CONFIG, plugged_in, scripted

# From here on, each line that the host takes for a step is noted with the reads of the flash.
_NOTE_READS = """
import builtins,machine
n=[]
def print(*a):
 builtins.print(*a)
 if a[0]=='=':n.append((machine.flash_reads[0],a[1]))
"""
_NOTED = "builtins.print(n)"
# 0.1 s on an ESP32.
_MOST_READS = 900


def _deploy(board, wanted):
    """Deploy; return (the plan, the host's steps, [(reads, step)] of the board)."""
    told = []
    with device.connect(board.port) as found:
        plan = deploy.plan(found, wanted, PORT)
        found.exec(_NOTE_READS)
        deploy.make(found, plan, on_step=told.append)
        noted = ast.literal_eval(found.exec(_NOTED))
    reads = [(b - a, step) for (a, _), (b, step) in itertools.pairwise(noted)]
    return plan, told, reads


@pytest.mark.parametrize("photos", [0, 50], ids=["empty", "with photos"])
def test_the_board_names_each_file_that_it_copies_and_no_step_is_long(tmp_path, photos):
    spool = {f"spool/{number:06}": bytes(20_000) for number in range(photos)}
    wanted = {**deploy.tree(CONFIG), "main.py": b""}
    with plugged_in(tmp_path, spool) as board:
        first, told, reads = _deploy(board, wanted)
        assert {f"verifying {path}" for path in first.digests} <= {*told}
        _are_short(reads)
        other = {
            path: content + b"\n" * path.endswith((".py", ".der", ".txt"))
            for path, content in wanted.items()
        }
        del other["roots/amazon-root-ca-1.der"]
        second, told, reads = _deploy(board, other)
        assert second.remove == ["roots/amazon-root-ca-1.der"]
        copied = {step.split(",")[0] for step in told if step.startswith("copying")}
        assert {f"copying {path}" for path in second.kept if tree.is_of_slot(path)} <= copied
        _are_short(reads)


def _are_short(reads):
    # The longest are the hash of lib/overlay.bin, and the free space, for which littlefs walks
    # through all files.
    assert max(reads, key=lambda read: read[0])[0] < 8 * _MOST_READS
    steps = itertools.pairwise(reads)
    blocks = [count for (_, a), (count, b) in steps if isinstance(b, int) and b - 1 == a]
    # Now and then littlefs walks through all files for the next 256 blocks that it may use.
    assert sum(count >= _MOST_READS for count in blocks) <= 3


def test_every_part_of_a_deploy_has_steps(tmp_path):
    big = bytes(5 * files.BLOCK_BYTES)
    with plugged_in(tmp_path, {**OLD, "a/lib/big.bin": big, "switch/x": b""}) as board:
        told = []
        with device.connect(board.port) as found:
            wanted = {**NEW, "lib/big.bin": b"x" + big[1:]}
            plan = deploy.plan(found, wanted, on_step=told.append)
            deploy.make(found, plan, on_step=told.append)
    kinds = [step.split()[0] for step in told]
    assert list(dict.fromkeys(kinds)) == ["comparing", "copying", "verifying", "clearing"]
    assert [step for step in told if "copying lib/big.bin" in step] == [
        f"copying lib/big.bin, block {number}" for number in (1, 2, 3, 4)
    ]


class _Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_progress_is_a_line_that_is_taken_and_nothing_else():
    clock = _Clock()
    steps = answer.Part(120, lambda line: line.startswith("= "), clock)
    for _ in range(10):
        clock.now += 119
        steps.add(b"= step\r\n")
        assert not steps.is_late
    clock.now += 119
    steps.add(b"E (12) wifi: noise\r\n= half a li")
    clock.now += 2
    assert steps.is_late
    steps.add(b"ne\r\n")
    assert not steps.is_late
    whole = answer.Part(120, None, clock)
    clock.now += 121
    whole.add(b"= step\n")
    assert whole.is_late, "nobody asked for steps"


@pytest.mark.parametrize("options", [{"give_up": 0.0}, {"give_up": 0.0, "patience_s": 600}])
def test_a_board_that_sends_nothing_is_given_up_like_one_that_babbles(options):
    with scripted() as port, serial.Serial(port) as line:
        tap = answer.Tap(line)
        assert tap.inWaiting() == 0
        vars(tap).update(options)
        with pytest.raises(OSError, match="the board sends no prompt"):
            tap.inWaiting()


def test_an_answer_is_taken_when_it_comes_and_not_at_the_next_look(tmp_path, monkeypatch):
    looks = mock.Mock(wraps=time)
    monkeypatch.setattr(transport_serial, "time", looks)
    with plugged_in(tmp_path, OLD) as board, device.connect(board.port) as found:
        looks.sleep.reset_mock()
        with monkeypatch.context() as patch:
            patch.setattr(device, "_PAUSE_S", 600)
            assert found.exec("import time\ntime.sleep_ms(50)\nprint(1)") == "1\n"
        looks.sleep.assert_not_called()


@pytest.mark.parametrize("code", ["while 1:pass", "while 1:print('noise')"], ids=["mute", "noise"])
def test_a_board_without_progress_is_given_up_in_a_sentence(tmp_path, monkeypatch, code):
    assert device.SILENCE_S == 120
    monkeypatch.setattr(device, "SILENCE_S", 2)
    with plugged_in(tmp_path, OLD) as board:
        with device.connect(board.port) as found, pytest.raises(device.GoneError) as given_up:
            files.ask(found, code)
        port = board.port
    assert str(given_up.value) == (
        f"the board at {port} has made no progress for 2 s; press its reset button and run the "
        "command again"
    )


class Noisy(PtyBoard):
    """A board that also sends `noise` before each `every`-th of its own pieces of output."""

    noise, every = b"", 0
    _pieces = 0

    def _emit(self, data):
        self._pieces += 1
        if self.noise and self._pieces % self.every == 0:
            super()._emit(self.noise)
        super()._emit(data)


NOISE = {
    "a line": b"\r\nE (1234) wifi: \x1b[31mno \xff\xfe memory\r\n",
    "no line": b"\xf0\x9f\x00'\x1b]0;\xff",
    "an end": b"\x04",
    "a prompt": b"\x04\x04>",
    "a traceback": b'\x04Traceback (most recent call last):\r\nOSError: \x1b[2J\xff "x"\r\n\x04>',
    "the prompt of a restart": b"MicroPython v1.29\r\n>>> ",
}


@pytest.mark.parametrize("every", [3, 40])
@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_whatever_the_board_sends_no_raw_byte_is_shown(tmp_path, capfd, monkeypatch, noise, every):
    monkeypatch.setattr(device, "SILENCE_S", 1)
    told = []
    with Noisy(tmp_path, OLD) as board:
        board.plug_in()
        with device.connect(board.port) as found:
            board.noise, board.every = noise, every
            try:
                deploy.make(
                    found, deploy.plan(found, NEW, on_step=told.append), on_step=told.append
                )
            except MegacamError as error:
                told.append(str(error))
            board.noise = b""
    assert capfd.readouterr() == ("", "")
    for text in told:
        assert text.isprintable() and not re.search(r"\bb['\"]|\\x", text), text
        assert "['" not in text, text
