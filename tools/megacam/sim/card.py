"""The SD card slot of a simulated board, and the faults of the card in it."""

import time
from pathlib import Path

# What ports/esp32/machine_sdcard.c returns for a failed ioctl, and for a failed read or write.
_NO, _EIO = -1, -5
_DEINIT = 2  # MP_BLOCKDEV_IOCTL_...


class Card:
    """A slot with a card of `size_bytes`, all zeros when new; 0 means an empty slot.

    The board reads and writes `image` directly, but asks answer() while the file `ails` is not
    empty, which means that the card has a fault.
    """

    def __init__(self, folder: Path, size_bytes: int):
        self.image = folder / "card.img"
        self.ails = folder / "card.img.ails"
        self.is_in = size_bytes > 0
        self._writes_left: int | None = None
        self._slow_ms = 0
        # Whether the driver believes that it has initialized the card, and whether this card is.
        self._is_believed = self._is_set_up = False
        with self.image.open("ab") as image:
            if size_bytes:
                image.truncate(size_bytes)
        self._tell()

    def environment(self) -> dict[str, str]:
        """Return the environment variables that describe the slot to the board's interpreter."""
        return {"MEGACAM_CARD": str(self.image), "MEGACAM_CARD_AILS": str(self.ails)}

    def pull(self) -> None:
        """Take the card out."""
        self.is_in = self._is_set_up = False
        self._tell()

    def insert(self) -> None:
        """Put the card in again: it answers after it has been initialized again."""
        self.is_in = True
        self._tell()

    def refuse_writes(self, after: int = 0) -> None:
        """Accept `after` writes and then none: a card at the end of its life is read-only."""
        self._writes_left = after
        self._tell()

    def slow(self, ms: int) -> None:
        """Take `ms` milliseconds for each access."""
        self._slow_ms = ms
        self._tell()

    def mend(self) -> None:
        """Accept writes again, without delay."""
        self._writes_left, self._slow_ms = None, 0
        self._tell()

    def reset(self) -> None:
        """Do what a reset of the board does: its driver forgets the card."""
        self._is_believed = False

    def answer(self, op: str | int) -> int:
        """Return 0 if an access succeeds, or the error; `op` is read, write or an ioctl."""
        time.sleep(self._slow_ms / 1000)
        if op == _DEINIT:
            self._is_believed = False
            return 0
        if not self._is_believed:
            self._is_believed = self._is_set_up = self.is_in
            self._tell()
        if isinstance(op, int):
            return 0 if self._is_believed else _NO
        if not self._is_set_up or (op == "write" and not self._may_write()):
            return _EIO
        return 0

    def _may_write(self) -> bool:
        if self._writes_left:
            self._writes_left -= 1
            return True
        return self._writes_left is None

    def _tell(self) -> None:
        ails = not self._is_set_up or self._writes_left is not None or self._slow_ms > 0
        self.ails.write_bytes(b"x" if ails else b"")
