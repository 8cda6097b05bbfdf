"""boot.py on MicroPython, with a flash in RAM and NVS, clock, watchdog and timer modelled.

`micropython boot_cases.py NAME FOLDER` runs the function NAME with the boot.py and trial.py of
FOLDER; a failure is an AssertionError.
"""

import os
import sys

import flash_with_cuts as chip
import vfs

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = 1, 2, 3, 4, 5
A, B = 0, 1
FOUR = 4 << 1  # what a switch writes: on trial
HAS_WORKED = (16, 32)
WORKS = "def begin():\n print('runs', __file__)\n"
CRASHES = {
    "at import": "1 / 0\n",
    "in begin": "def begin():\n raise OSError(5)\n",
    "no memory": "def begin():\n bytearray(1 << 40)\n",
    "memory that stays full": """
kept = [None] * 2000
def begin():
    size = 65536
    for at in range(2000):
        try:
            kept[at] = bytearray(size)
        except MemoryError:
            if not size:
                raise
            size //= 4
""",
    "not Python": "def begin(:\n",
    "no begin": "",
    "sys.exit() at import": "raise SystemExit\n",
    "machine.soft_reset() in begin": "def begin():\n raise SystemExit\n",
}
NOW = 848_000_000  # 2026-11-14
_FILES = 24 * 4096


class Reset(BaseException):
    """The chip restarts."""


class Hang(BaseException):
    """Nothing happens any more."""


class PowerCut(BaseException):
    """The supply fails."""


class NVS:
    """One namespace; each write counts, and the power may fail just before one."""

    kept = {}  # noqa: RUF012
    is_readable = is_writable = True
    writes = cut_at = 0

    def __init__(self, namespace):
        assert namespace == "megacam"
        self._new = {}

    def get_i32(self, name):
        if not self.is_readable or name not in self.kept:
            raise OSError(-4354)
        return self.kept[name]

    def set_i32(self, name, value):
        assert type(value) is int
        if not self.is_writable:
            raise OSError(-4357)
        self._new[name] = value

    def commit(self):
        NVS.writes += 1
        if NVS.writes == NVS.cut_at:
            raise PowerCut
        self.kept.update(self._new)


class Timer:
    """Remembers what it would call, and when."""

    due = None

    def __init__(self, number):
        assert number != 0  # prompt.py's

    def init(self, mode, period, callback):
        assert mode == 0
        Timer.due = (period, callback)

    def deinit(self):
        Timer.due = None


class Machine:
    """The module `machine`."""

    Timer = Timer
    cause = POWER_ON
    watchdog_ms = 0

    def reset(self):
        raise Reset

    def reset_cause(self):
        return self.cause

    def WDT(self, timeout):  # noqa: N802
        self.watchdog_ms = timeout


class Clock:
    """The module `time`."""

    now = slept_s = 0

    def time(self):
        return self.now

    def sleep_ms(self, ms):
        self.slept_s += ms // 1000


_BUILT_IN = tuple(sys.modules)
_PATH = ["", "/lib"]


class Board:
    """A board whose slots have the begin.py of `a` and `b`, None for a slot that is not there."""

    made = {}  # noqa: RUF012 the flash of each pair of slots

    def __init__(self, a=WORKS, b=None, **numbers):
        self.machine, self.clock = Machine(), Clock()
        NVS.kept = dict(numbers)
        NVS.writes = NVS.cut_at = 0
        NVS.is_readable = NVS.is_writable = True
        if (a, b) not in self.made:
            self.made[a, b] = self._make(a, b)
        self.image = bytearray(self.made[a, b])
        self.mount()

    def _make(self, a, b):
        self.image = chip.new_image(_FILES)
        self.mount()
        self.write("trial.py", _TRIAL)
        for letter, begin in (("a", a), ("b", b)):
            if begin is not None:
                os.mkdir("/" + letter)
                os.mkdir("/" + letter + "/firmware")
                self.write(letter + "/firmware/__init__.py", begin)
        return bytes(self.image)

    def mount(self):
        vfs.umount("/")
        vfs.mount(vfs.VfsLfs2(chip.Flash(self.image)), "/")
        os.chdir("/")

    def write(self, path, text):
        with open("/" + path, "w") as f:
            f.write(text)

    def start(self, cause=HARD):
        """Start once; return the slot that runs, "reset" or "hang"; PowerCut comes through."""
        self.mount()
        Timer.due = None
        self.machine.watchdog_ms = 0
        self.machine.cause = cause
        for name in tuple(sys.modules):
            if name not in _BUILT_IN:
                del sys.modules[name]
        sys.modules["machine"], sys.modules["time"] = self.machine, self.clock
        sys.modules["esp32"] = type("esp32", (), {"NVS": NVS})
        sys.path[:] = _PATH
        names = {}
        try:
            exec(_BOOT, names)
        except Reset:
            return "reset"
        except SystemExit:
            return "soft reset"
        except Hang:
            return "hang"
        assert "run" not in names and "trial" not in sys.modules
        assert sys.path[1] == sys.path[0] + "/lib"
        return sys.path[0][-1]

    def live(self, cause=HARD, starts=20):
        """Start until a slot runs; return it, and how many starts that took."""
        for count in range(1, starts):
            found = self.start(cause)
            if found in ("a", "b"):
                return found, count
            assert "reset" in found or self.machine.watchdog_ms, "it hangs for ever"
            cause = {"reset": HARD, "soft reset": SOFT}.get(found, WATCHDOG)
        raise AssertionError("no slot runs")

    @property
    def state(self):
        return NVS.kept.get("slot")


def _text(name):
    with open(sys.argv[2] + "/" + name) as f:
        return f.read()


_BOOT, _TRIAL = compile(_text("boot.py"), "boot.py", "exec"), _text("trial.py")


def the_slot_of_the_number_runs():
    for state in (A, B, A | HAS_WORKED[A], B | HAS_WORKED[A] | HAS_WORKED[B]):
        board = Board(WORKS, WORKS, slot=state)
        for cause in (POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT):
            assert board.live(cause) == ("ab"[state & 1], 1)
            assert not board.machine.watchdog_ms and not Timer.due
        assert NVS.kept == {"slot": state} and not NVS.writes


def without_a_number_the_slot_that_is_there_runs():
    for is_readable in (True, False):
        for a, b, runs in ((WORKS, None, "a"), (None, WORKS, "b"), (WORKS, WORKS, "a")):
            board = Board(a, b)
            NVS.is_readable = is_readable
            assert board.live() == (runs, 1)
            assert not NVS.writes


def a_trial_has_three_starts():
    for running in (A, B):
        board = Board(WORKS, WORKS, slot=running | FOUR | HAS_WORKED[running ^ 1], back=0)
        new, old = "ab"[running], "ab"[running ^ 1]
        for left in (3, 2, 1):
            assert board.start() == new
            assert board.machine.watchdog_ms == 180_000 and Timer.due[0] == 3_600_000
            assert board.state == running | left << 1 | HAS_WORKED[running ^ 1]
        for _ in range(3):
            assert board.start() == old
            assert board.state == running ^ 1 | HAS_WORKED[running ^ 1]
            assert NVS.kept["back"] == 1
            assert not board.machine.watchdog_ms and not Timer.due


def an_hour_on_trial_restarts():
    board = Board(slot=A | FOUR)
    board.start()
    try:
        Timer.due[1](None)
        raise AssertionError("the timer does not restart the board")
    except Reset:
        pass


def causes_count_as_they_should():
    counted = (POWER_ON, HARD, WATCHDOG, DEEP_SLEEP)
    for cause in counted + (SOFT,):
        board = Board(WORKS, WORKS, slot=B | FOUR, until=NOW)
        board.clock.now = NOW
        board.start(cause)
        assert board.state == (B | FOUR if cause == SOFT else B | 3 << 1), cause


def wakes_within_the_hour_are_free():
    board = Board(WORKS, WORKS, slot=B | FOUR, until=NOW + 3600)
    for second in range(0, 3600, 30):
        board.clock.now = NOW + second
        assert board.start(DEEP_SLEEP) == "b"
        assert board.machine.watchdog_ms
    assert board.state == B | FOUR
    board.start(HARD)
    assert board.state == B | 3 << 1
    board.clock.now = NOW + 3600
    assert [board.start(DEEP_SLEEP) for _ in range(3)] == ["b", "b", "a"]


def wakes_without_a_clock_count():
    # Without a clock, or with `until` from a clock that was not set, an hour might never end.
    for now, until in ((0, NOW), (100, 3700), (NOW, 3700)):
        board = Board(WORKS, WORKS, slot=B | FOUR, until=until)
        board.clock.now = now
        assert [board.start(DEEP_SLEEP) for _ in range(4)] == ["b", "b", "b", "a"]


def a_trial_that_crashes_goes_back():
    for text in CRASHES.values():
        board = Board(WORKS, text, slot=B | FOUR | HAS_WORKED[A])
        assert board.live() == ("a", 4)
        assert board.state == A | HAS_WORKED[A] and NVS.kept["back"] == 1
        assert board.clock.slept_s == 30  # for Ctrl-C


def a_trial_that_hangs_goes_back():
    hangs = "import sys\nsys.modules['machine'].hang()\n"
    for text in (hangs, "def begin():\n import sys\n sys.modules['machine'].hang()\n"):
        board = Board(WORKS, text, slot=B | FOUR)
        board.machine.hang = _hang
        assert board.live() == ("a", 4)


def _hang():
    raise Hang


def a_confirmed_slot_that_cannot_start_tries_the_other():
    for text in CRASHES.values():
        board = Board(text, WORKS, slot=A | HAS_WORKED[A])
        assert board.live() == ("b", 2)
        assert NVS.kept == {"slot": B | 3 << 1, "back": 3}


def two_broken_slots_take_turns_for_ever():
    board = Board(CRASHES["at import"], CRASHES["in begin"], slot=A)
    seen = []
    for _ in range(20):
        assert board.start() == "reset"
        seen.append(sys.path[0][-1])
    assert "".join(seen) == "abbb" * 5
    board.write("a/firmware/__init__.py", WORKS)  # one that works again runs soon, whichever it is
    assert board.live()[0] == "a"


def a_broken_slot_alone_is_tried_again():
    for letter, a, b in (("a", "1 / 0\n", None), ("b", None, "1 / 0\n")):
        board = Board(a, b)
        assert [board.start() for _ in range(3)] == ["reset"] * 3
        board.write(letter + "/firmware/__init__.py", WORKS)
        assert board.live() == (letter, 1)


def an_empty_board_waits_for_files():
    board = Board(None, None)
    assert [board.start() for _ in range(3)] == ["reset"] * 3


def numbers_that_cannot_be_written_stop_nothing():
    for state, runs in ((B | FOUR, "b"), (B | 1 << 1, "a"), (A, "a")):
        board = Board(WORKS, WORKS, slot=state)
        NVS.is_writable = False
        assert board.live() == (runs, 1)


def files_copied_by_hand_run_confirmed():
    for state in (A, B, B | FOUR, A | 1 << 1, None):
        board = Board(WORKS, WORKS, **({} if state is None else {"slot": state}))
        board.write("slot", "a\n")
        assert board.live() == ("a", 1)
        assert board.state == A and "slot" not in os.listdir("/")


def the_counter_of_the_release_stays_on_every_way():
    broken = CRASHES["at import"]
    for a, b, state in (
        (WORKS, WORKS, B | FOUR),
        (WORKS, broken, B | FOUR),
        (broken, WORKS, A | HAS_WORKED[A]),
    ):
        board = Board(a, b, slot=state | 42 << 6)
        board.live()
        assert board.state >> 6 == 42
    board = Board(WORKS, WORKS, slot=B | 42 << 6)
    board.write("slot", "a\n")
    board.start()
    assert board.state == 42 << 6


def ctrl_c_ends_at_the_prompt():
    board = Board("def begin():\n raise KeyboardInterrupt\n")
    try:
        board.start()
        raise AssertionError("it went on")
    except KeyboardInterrupt:
        pass


def a_power_cut_at_any_write_of_nvs_leaves_a_slot_that_runs():
    broken = CRASHES["at import"]
    cases = [
        (a, b, slot | left << 1 | worked, cause)
        for a, b in ((WORKS, WORKS), (WORKS, broken), (broken, WORKS), (WORKS, None))
        for slot in (A, B)
        for left in range(5)
        for worked in (0, 16, 32, 48)
        for cause in (POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT)
    ]
    cuts, met = 0, set()
    for a, b, state, cause in cases:
        board = Board(a, b, slot=state)
        board.live(cause)
        for cut_at in range(1, NVS.writes + 1):
            board = Board(a, b, slot=state)
            NVS.cut_at = cut_at
            try:
                board.live(cause)
                raise AssertionError("the power did not fail")
            except PowerCut:
                cuts += 1
            left = (a, b, repr(sorted(NVS.kept.items())))
            if left in met:
                continue
            met.add(left)
            runs, _ = board.live(POWER_ON)
            assert (a if runs == "a" else b) == WORKS
            assert board.state >> 1 & 7 < 5
    assert cuts > 500 and len(met) > 50, (cuts, len(met))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")
