"""Which captures of the camera are blank: those that were triggered too early after something."""

from megacam.sim.camera_faults import Faults

_AFTER_RESET_US = 400_000  # measured, in the dark
_AFTER_REDUNDANT_US = 300_000
_AFTER_WAKE_US = 300_000
_AFTER_CHANGE_US = 300_000
_LONG_AGO_US = -(1 << 40)


class Blanks:
    """What has happened since the reset at `reset_us`, and when."""

    def __init__(self, faults: Faults, reset_us: int):
        self._faults = faults
        self._reset_us = reset_us
        self._until_reset = False
        self._redundant_us = self._woken_us = self._changed_us = _LONG_AGO_US
        self._is_changed = False

    def forget_reset(self) -> None:
        """Let the reset be long ago: the camera did it by itself."""
        self._reset_us = _LONG_AGO_US

    def note_redundant(self, now_us: int) -> None:
        """Note that the size was written with the value that it has."""
        self._redundant_us = now_us

    def note_wake(self, now_us: int) -> None:
        """Note that low power ended."""
        self._woken_us = now_us

    def note_change(self, now_us: int) -> None:
        """Note a new format or size."""
        self._changed_us = now_us
        self._is_changed = True

    def is_blank(self, now_us: int) -> bool:
        """Return whether a capture that is triggered now is blank; counts the fault."""
        strike = self._faults.strike
        if now_us - self._reset_us < _AFTER_RESET_US and strike("early-trigger-blanking"):
            self._until_reset = True
        redundant_us, self._redundant_us = self._redundant_us, _LONG_AGO_US
        is_changed, self._is_changed = self._is_changed, False
        return (
            self._until_reset
            or (now_us - redundant_us < _AFTER_REDUNDANT_US and strike("redundant-0x21-blanking"))
            or (now_us - self._woken_us < _AFTER_WAKE_US and strike("early-wake-blanking"))
            or (now_us - self._changed_us < _AFTER_CHANGE_US and strike("early-change-blanking"))
            or (is_changed and strike("blank-after-change"))
        )
