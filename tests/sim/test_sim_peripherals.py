"""The modules `machine`, `network` and `esp32` of a simulated board."""

import ast
import contextlib
import json
import socket

import pytest
from megacam.sim.board import Board, BoardError
from megacam.sim.pty_board import PtyBoard
from megacam.sim.world import World

FEED = "import machine\ndog = machine.WDT(timeout=2000)\n"


@pytest.fixture
def board(tmp_path):
    with Board(tmp_path, {}, fast=True) as board:
        yield board


def _said(board, *lines):
    """Return the values of the expressions `lines` on the board."""
    program = "import esp32, machine, network, time\n" + "".join(f"print({x!s})\n" for x in lines)
    return [ast.literal_eval(line) for line in board.exec(program).splitlines()]


def _life(tmp_path, main, board_class=Board, **options):
    """Power on a board that runs `main`, wait until it ends by itself, and return its output."""
    main = f"import machine\nprint(machine.reset_cause())\nif machine.reset_cause() == 1:\n{main}"
    lines = []
    with board_class(tmp_path, {"boot.py": b"", "main.py": main.encode()}, **options) as board:
        board.start(lines.append)
        assert board.join(20), lines
    return lines


def test_an_analogue_input_tells_the_volts_on_it(board):
    board.world.volts[34] = 1.25
    pin = "machine.ADC(machine.Pin({}), atten=machine.ADC.ATTN_11DB).read_uv()"
    assert _said(board, pin.format(34), pin.format(35)) == [1_250_000, 0]
    board.world.volts[34] = 12
    assert _said(board, pin.format(34)) == [3_100_000]


def test_a_timer_is_taken_and_never_fires(board):
    start = "machine.Timer(0, mode=machine.Timer.PERIODIC, period=1, callback=lambda t: 1 // 0)"
    assert _said(board, f"({start}.deinit(), time.sleep_ms(50))") == [(None, None)]


def test_a_one_shot_timer_restarts_the_board_unless_it_is_stopped(board):
    start = "(machine.Timer(1).init(mode=0, period=50, callback=machine.reset), "
    assert _said(board, f"{start}machine.Timer(1).deinit(), time.sleep_ms(90))") == [(None,) * 3]
    with pytest.raises(BoardError, match="code failed"):
        _said(board, f"{start}time.sleep_ms(90), machine.reset_cause())")


def test_constants_and_what_is_not_there(board):
    causes = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
    assert _said(board, *(f"machine.{name}" for name in causes)) == [1, 2, 3, 4, 5]
    modes = ("PM_NONE", "PM_PERFORMANCE", "PM_POWERSAVE")
    assert _said(board, *(f"network.WLAN.{name}" for name in modes)) == [0, 1, 2]
    assert _said(board, "hasattr(machine, 'CAN')", "hasattr(machine.WDT(), 'stop')") == [0, 0]


def test_bytes_come_and_go_as_bytes(board):
    assert _said(board, "machine.unique_id()") == [bytes.fromhex("240ac4000001")]
    anything = bytes(range(256))
    store = f"(esp32.NVS('a').set_blob('b', {anything}), machine.RTC().memory({anything}))"
    buf = bytearray(anything + bytes(4))
    read = "[(lambda b: (esp32.NVS('a').get_blob('b', b), bytes(b)))(bytearray(260))]"
    assert _said(board, store, read) == [(None, None), [(256, bytes(buf))]]


@pytest.mark.parametrize("use", ["machine.WDT(1)", "machine.WDT(timeout=0)"])
def test_a_senseless_watchdog_is_refused(board, use):
    assert "ValueError" in board.exec(
        f"import machine\ntry:\n    {use}\nexcept ValueError as e:\n    print(repr(e))\n"
    )


def test_a_watchdog_bites_a_board_that_sleeps_too_long(tmp_path):
    # The board's time jumps, so its next request shows that it slept.
    main = "    import time\n    dog = machine.WDT(timeout=2000)\n    time.sleep_ms(2001)\n"
    assert _life(tmp_path, main + "    dog.feed()\n    print('alive')\n", fast=True) == ["1", "3"]


def test_a_watchdog_bites_a_board_that_asks_nothing(tmp_path):
    main = "    dog = machine.WDT(timeout=50)\n    while True:\n        pass\n"
    assert _life(tmp_path, main) == ["1", "3"]


def test_a_watchdog_that_is_fed_stays_quiet(tmp_path):
    main = (
        "    import time\n    dog = machine.WDT(timeout=2000)\n"
        "    for _ in range(9):\n        time.sleep_ms(1000)\n        dog.feed()\n"
        "    print('alive')\n"
    )
    assert _life(tmp_path, main, fast=True) == ["1", "alive"]


def test_the_clock_outlives_a_reset_and_deep_sleep_but_no_loss_of_power(board):
    def told(code="print(time.time())"):
        code += "\nreset_cause()"  # this request tells the simulator the board's time
        begin = "import time\nfrom machine import RTC, deepsleep, reset_cause\n"
        return int(board.exec(begin + code))

    told("time.sleep_ms(50000)\nprint(0)")
    assert told() // 10 == 5
    told("RTC().datetime((2026, 11, 24, 1, 12, 0, 0, 0))\ntime.sleep_ms(60000)\nprint(0)")
    assert told("print(time.gmtime()[3] * 60 + time.gmtime()[4])") == 12 * 60 + 1
    told("print(0)\ntry:\n    deepsleep(3600000)\nexcept SystemExit:\n    pass")
    assert told("print(time.gmtime()[3] * 60 + time.gmtime()[4])") == 13 * 60 + 1
    board.world.power_on()
    assert told() < 10


def test_the_clock_outlives_a_reset_from_the_last_that_was_heard_of_the_board(tmp_path):
    world = World(tmp_path)
    for heard_us in (2_000_000, 7_000_000):
        world.hear(heard_us)
    world.reset()
    world.hear(1_000_000)
    world.reset()
    assert world.rtc_us == 8_000_000


def test_a_watchdog_of_an_earlier_life_does_not_bite(tmp_path):
    main = "    machine.WDT(timeout=2000)\n    machine.reset()\nimport time\ntime.sleep_ms(5000)\n"
    main += "print(machine.unique_id() and 'alive')\n"
    assert _life(tmp_path, main, fast=True) == ["1", "2", "alive"]


def test_the_boot_rom_tells_of_a_watchdog(tmp_path):
    main = b"import machine\nif machine.reset_cause() == 1:\n    machine.WDT(timeout=50)\n"
    main += b"    while True:\n        pass\nprint('cause', machine.reset_cause())\n"
    with PtyBoard(tmp_path, {"boot.py": b"", "main.py": main}) as board:
        board.plug_in()
        wait_for(board, b"cause 3")
        assert b"rst:0x8 (TG1WDT_SYS_RESET)" in board.console


def wait_for(board, text):
    for _ in range(3000):
        if text in board.console:
            return
        board.wait_until_unplugged(0.02)
    raise AssertionError(bytes(board.console))


@contextlib.contextmanager
def _wire(tmp_path):
    ours, theirs = socket.socketpair()
    World(tmp_path).serve(theirs)
    with ours, ours.makefile("rw") as stream:

        def ask(name, now_us=0, args=None, values=()):
            stream.write(json.dumps([name, now_us, args, values]) + "\n")
            stream.flush()
            when, *answer = json.loads(stream.readline())
            assert when == now_us
            return answer

        yield ask


def test_each_kind_of_answer_on_the_wire(tmp_path):
    with _wire(tmp_path) as ask:
        assert ask("STA_IF") == ["", 0]
        assert ask("WDT") == ["object", "WDT"]
        kind, dog = ask("WDT", 1_000_000, [], {"timeout": 2000})
        assert kind == "object"
        assert ask(f"{dog}.feed", 2_000_000) == ["object", f"{dog}.feed"]
        assert ask(f"{dog}.feed", 3_000_000, []) == ["", None]
        assert ask("reset_cause", 5_000_000, []) == ["", 1]
        assert ask("reset_cause", 5_000_001, []) == ["exit", 78], "starved, whatever it asks"


def test_a_board_without_power_gets_no_answer_so_it_writes_nothing_more(tmp_path):
    """The kill takes a moment, and until then the interpreter would go on."""
    with _wire(tmp_path) as ask, pytest.raises(ValueError, match="Expecting value"):
        ask("power", 1, [])


def test_each_kind_of_refusal_on_the_wire(tmp_path):
    with _wire(tmp_path) as ask:
        assert ask("CAN") == ["AttributeError", ["the simulated board has no CAN"]]
        assert ask("reset_cause", 0, [1])[0] == "TypeError"
        _, nvs = ask("NVS", 0, ["a"])
        assert ask(f"{nvs}.get_i32", 0, ["b"]) == ["OSError", [-4354, "ESP_ERR_NVS_NOT_FOUND"]]
        _, wlan = ask("WLAN", 0, [0])
        assert ask(f"{wlan}.scan", 0, []) == ["OSError", ["Wifi Not Started"]]
        assert ask(f"{wlan}.ifconfig", 0, ["dhcp"])[0] == "RuntimeError"
        assert ask("deepsleep", 0, [1000]) == ["exit", 77]


def test_what_an_access_point_is_called_may_be_any_bytes(tmp_path):
    with Board(tmp_path, {}, networks=[{"ssid": "\udcff\n", "rssi": -30}]) as board:
        (found,) = _said(board, "[network.WLAN(0).active(True), network.WLAN(0).scan()]")
    assert found[0] is True
    [(name, bssid, *rest)] = found[1]
    assert (name, len(bssid), rest) == (b"\xff\n", 6, [6, -30, 3, False])


# The flash.

_BLOCKS = """
flash = machine.Flash()
size = flash.ioctl(4, 0) * 4096
written = bytes(range(1, 8)) * 3
buf = bytearray(len(written) + 2)
micropython.heap_lock()
flash.writeblocks(size // 4096 - 2, written, 4090)
flash.readblocks(size // 4096 - 2, buf, 4089)
micropython.heap_unlock()
print(bytes(buf) == b"\\0" + written + b"\\0")
"""


@pytest.mark.parametrize("without", [(), ["copy_x64"]], ids=["any machine", "no machine code"])
def test_flash_is_read_and_written_at_any_place_without_an_allocation(tmp_path, without):
    with Board(tmp_path, {"kept": b"1"}, without=without) as board:
        board.image.write_bytes(board.image.read_bytes()[:-8192] + bytes(8192))
        said = board.exec("import machine, micropython\n" + _BLOCKS)
        assert said == "True\n"
        assert board.image.read_bytes()[-4102:-4081] == bytes(range(1, 8)) * 3


# The SD card, as in ports/esp32/machine_sdcard.c.

_ACCESS = """
import machine
buf = bytearray(512)
for _ in range(2):
    print(card.readblocks(0, buf), card.writeblocks(0, b"x" * 512), buf[0])
"""


def _card(board):
    code = "from machine import SDCard\ncard = SDCard(slot=3)\n" + _ACCESS
    return [line.split() for line in board.exec(code).splitlines()]


def test_a_card_keeps_what_is_written_and_says_eio_when_it_ails(tmp_path):
    with Board(tmp_path, {}, card_bytes=1 << 20, fast=True) as board:
        assert _card(board) == [["0", "0", "0"], ["0", "0", "120"]]
        assert board.card.image.stat().st_size == 1 << 20
        board.card.refuse_writes(after=1)
        assert _card(board) == [["0", "0", "120"], ["0", "-5", "120"]]
        board.card.mend()
        board.card.pull()
        assert _card(board) == [["-5", "-5", "0"]] * 2
        board.card.insert()
        assert _card(board) == [["0", "0", "120"]] * 2


def test_a_card_that_was_out_answers_once_it_was_set_up_anew(tmp_path):
    with Board(tmp_path, {}, card_bytes=1 << 20) as board:
        card = board.card
        assert card.answer("read") == 0
        card.pull()
        card.insert()
        assert card.answer("read") == -5
        assert card.answer(2) == 0 and card.answer(1) == 0
        assert card.answer("read") == 0


def test_a_slot_without_a_card_answers_no(tmp_path):
    with Board(tmp_path, {}) as board:
        assert _card(board) == [["-5", "-5", "0"]] * 2
        code = "from machine import SDCard\nprint(SDCard(slot=3).ioctl(4, 0))"
        assert board.exec(code).split() == ["-1"]


def test_what_rtc_memory_keeps_takes_no_large_piece_of_ram(tmp_path):
    code = b"""
import gc
from machine import RTC
data = bytes(range(256)) * 4
RTC().memory(b"a")
gc.collect()
held = []
try:
    while True:
        held.append(bytearray(1024))
except MemoryError:
    held.pop()
RTC().memory(data)
print("kept")
"""
    lines = []
    with Board(tmp_path, {"boot.py": b"", "main.py": code}, heap="24K") as board:
        board.start(lines.append)
        assert board.join(20), lines
        assert lines == ["kept"]
        # To read it there takes memory, and the collector may still find the list on the stack.
        assert board.world._rtc == bytes(range(256)) * 4
