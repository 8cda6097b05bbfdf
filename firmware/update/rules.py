"""Whether a release is for this board, and when; loaded only when there is one."""

import hashlib
import sys

# MicroPython 1.24 does not tell its board, and the simulator's is called "standard".
_BOARD = "ESP32_GENERIC"
_UNNAMED = ("", "standard")
_MPY = "_mpy"  # as text, or the build would take it for a private name of ours


def check(found, device, held, now):
    """Return why the release has to wait, or ""; raises ValueError with why it is refused.

    `found` is the result of manifest.read(), `held` the highest counter of a release that this
    board has switched to, `now` UTC seconds since 1970.
    """
    counter = found["counter"]
    if counter <= held:
        raise ValueError(f"it is release {counter}, and this camera has had {held}")
    if held < found["least"]:
        raise ValueError(f"it needs release {found['least']} first, and this camera has {held}")
    build = getattr(sys.implementation, "_build", "")
    board = _BOARD if build in _UNNAMED else build
    if found["board"] != board:
        raise ValueError(f"it is for the board {found['board']}, and this is {board}")
    mpy = getattr(sys.implementation, _MPY)
    if found["mpy"] != f"{mpy & 255}.{mpy >> 8 & 3}":
        raise ValueError("it is compiled for another version of MicroPython")
    if now >= found["expires"]:
        raise ValueError("it has expired; sign and push it anew")
    if now < found["not-before"]:
        return "its time has not come"
    cohort = hashlib.sha256(f"{device} {counter}".encode()).digest()
    if int.from_bytes(cohort[:4], "big") % 100 >= found["percent"]:
        return "this camera is not in its percentage yet"
    return ""
