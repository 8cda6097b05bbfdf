"""The SD card slot: a card can be taken out, wear out, and need to be initialized again."""

from collections.abc import Callable

# What ports/esp32/machine_sdcard.c returns for a failed ioctl, and for a failed read or write.
_NO, _EIO = -1, -5
_DEINIT = 2  # MP_BLOCKDEV_IOCTL_DEINIT


class Card:
    """A slot; `is_in` tells whether there is a card in it.

    on_change(works) is called with whether each access succeeds from now on.
    """

    def __init__(self, is_in: bool):
        self.is_in = is_in
        self._is_worn = False
        self.on_change: Callable[[bool], None] = lambda works: None
        # Whether the driver believes that it has initialized the card, and whether this card is.
        self._is_believed = self._is_set_up = False

    def pull(self) -> None:
        """Take the card out."""
        self.is_in = self._is_set_up = False
        self._tell()

    def insert(self) -> None:
        """Put a card in: it answers after it has been initialized."""
        self.is_in = True

    def wear_out(self, is_worn: bool) -> None:
        """Refuse writes, as a card at the end of its life does, or accept them."""
        self._is_worn = is_worn
        self._tell()

    def reset(self) -> None:
        """Do what a reset of the board does: its driver forgets the card."""
        self._is_believed = False
        self._tell()

    def _tell(self) -> None:
        self.on_change(self._is_believed and self._is_set_up and not self._is_worn)

    def answer(self, op: str | int) -> int:
        """Return 0 if an access succeeds, or the error; `op` is "read", "write" or an ioctl."""
        if op == _DEINIT:
            self._is_believed = False
            self._tell()
            return 0
        if not self._is_believed:
            self._is_believed = self._is_set_up = self.is_in
            self._tell()
        if isinstance(op, int):
            return 0 if self._is_believed else _NO
        is_refused = not self._is_set_up or (op == "write" and self._is_worn)
        return _EIO if is_refused else 0
