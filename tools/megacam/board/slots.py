"""The board's two slots, /a and /b, and the numbers in NVS by which boot.py chooses one.

    found = slots.read(board)
    slots.write(board, found.switched())

firmware/start/slot_state.py explains the numbers. Here they are read and written over the raw
REPL, because the firmware on a board may be missing or broken.
"""

from dataclasses import dataclass, replace

from megacam.board import files
from megacam.board.device import Device

LETTERS = "ab"
#: Why a board went back to its other slot, by the number `back`.
WHY_BACK = {
    1: "three starts",
    2: "an hour without a stored photo",
    3: "it could not be started",
    4: "too many restarts",
    5: "no photo was due in eight days",
}
_STARTS = 4
_HOUR_S = 3600
# MicroPython for other chips, and the tests, may have no NVS: then slot a runs.
_READ = """
import os
try:
 from esp32 import NVS
 _v=NVS('megacam')
except(ImportError,OSError):_v=None
def _g(p):
 try:return _v.get_i32(p)
 except(AttributeError,OSError):return -1
def _w(p):
 try:return os.stat(p+'/deployed.json')[0]!=0
 except OSError:return False
print('=',_g('slot'),_g('back'),int(_w('/a')),int(_w('/b')),int('slot' in os.listdir('/')))
"""
# The number `slot` comes after what boot.py needs for a trial. The file /slot says that slot a was
# copied by hand; until it is gone, boot.py believes that.
_WRITE = """
from esp32 import NVS
import os,time
_v=NVS('megacam')
def _p(k,n):
 _v.set_i32(k,n)
 _v.commit()
if {switches}:
 _p('until',int(time.time())+{hour})
 _p('back',0)
_p('slot',{state})
try:os.remove('/slot')
except OSError:pass
"""


@dataclass(frozen=True)
class Slots:
    """The slot that the next start runs, "a" or "b", or "" if there is none that is whole.

    `left` is the number of starts that it has left on trial, counting the next one, and 0 if it is
    confirmed. `worked` has the letters of the slots that have stored a photo, `back` is why the
    board went back to its other slot last, 0 if it has not. `release` is the highest counter of a
    release that the board has switched to.
    """

    slot: str = ""
    left: int = 0
    worked: frozenset[str] = frozenset()
    back: int = 0
    release: int = 0

    @property
    def is_on_trial(self) -> bool:
        """Return whether the slot runs for a few starts only unless it works."""
        return self.left > 0

    @property
    def folder(self) -> str:
        """Return the folder of the slot; "" is the top, where older versions have their files."""
        return f"/{self.slot}" if self.slot else ""

    @property
    def other(self) -> str:
        """Return the letter of the slot that does not run; a new board begins with a."""
        return "b" if self.slot == "a" else "a"

    def kept(self) -> "Slots":
        """Return the same slot, confirmed."""
        return replace(self, left=0)

    def given_up(self) -> "Slots":
        """Return what runs if the slot on trial is not wanted any more."""
        is_back = self.is_on_trial and self.other in self.worked
        return replace(self, slot=self.other, left=0) if is_back else self

    def alone(self) -> "Slots":
        """Return the same slot with no way back to the other one, whose files are to change."""
        return replace(self, worked=self.worked & {self.slot})

    def switched(self) -> "Slots":
        """Return the other slot, with new files: on trial if this one has worked."""
        left = _STARTS if self.slot in self.worked else 0
        return Slots(self.other, left, self.worked & {self.slot}, release=self.release)

    @property
    def number(self) -> int:
        """Return the number `slot` in NVS."""
        worked = sum(16 << LETTERS.index(letter) for letter in self.worked)
        return self.release << 6 | worked | self.left << 1 | LETTERS.index(self.slot)


def read(board: Device) -> Slots:
    """Return what boot.py will choose at the next start."""
    with files.understood():
        [line] = files.ask(board, _READ)
        number, back, *found, is_by_hand = map(int, line.split())
        whole = [letter for letter, is_whole in zip(LETTERS, found, strict=True) if is_whole]
    if number < 0 or is_by_hand or (whole and LETTERS[number & 1] not in whole):
        # boot.py takes a, or what is there.
        return Slots(whole[0] if whole else "", release=max(number, 0) >> 6)
    worked = frozenset(letter for i, letter in enumerate(LETTERS) if number & 16 << i)
    return Slots(LETTERS[number & 1], number >> 1 & 7, worked, max(back, 0), number >> 6)


def write(board: Device, slots: Slots, *, switches: bool = False) -> None:
    """Let the next start run `slots.slot`; `switches` says that it has new files."""
    board.exec(_WRITE.format(state=slots.number, switches=switches, hour=_HOUR_S))
