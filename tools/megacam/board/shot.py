"""Take one photo over USB: the firmware's own driver sends it as base64; it is checked here."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from megacam.board.device import Device, DeviceError, RemoteError
from megacam.doctor import probes
from megacam.errors import MegacamError

# 3,072 bytes: a multiple of 3 for base64 and of 4 for the camera's DMA.
_READ = """
import binascii
def _send():
 camera.start()
 frame=camera.finish()
 print('size',frame.size)
 buf=bytearray(3072)
 view=memoryview(buf)
 try:
  while 1:
   n=frame.readinto(buf)
   if not n:break
   print(binascii.b2a_base64(view[:n]).decode(),end='')
 finally:
  frame.close()
_send()
"""
_TIMEOUT_S = 60
# ITU-T T.81, table B.1: markers without a length, and the frame headers that hold the size.
_ALONE = (0x01, *range(0xD0, 0xD9))
_FRAME_HEADERS = (0xC0, 0xC1, 0xC2)
_SCAN, _END = 0xDA, b"\xff\xd9"


class DamagedPhotoError(DeviceError):
    """What was received is not a complete JPEG."""


def take(board: Device, on_bytes: Callable[[int, int], Any] = lambda done, size: None) -> bytes:
    """Take a photo with the settings on the board and return it; `on_bytes` gets (done, size).

    Raises DamagedPhotoError, and MegacamError if the camera or the settings cannot be used.
    """
    try:
        probes.run(board, probes.CAMERA)
    except probes.ProbeError as error:
        raise _explained(error.kind, error.text) from None
    size, data = 0, bytearray()

    def on_line(line: str) -> None:
        nonlocal size
        if line.startswith("size "):
            size = int(line[5:])
        else:
            try:
                data.extend(base64.b64decode(line.encode(), validate=True))
            except (binascii.Error, ValueError):
                raise DamagedPhotoError("a line of the photo is damaged; try again") from None
        on_bytes(len(data), size)

    try:
        board.exec(_READ, _TIMEOUT_S, on_line)
    except RemoteError as error:
        raise _explained(error.kind, error.text) from None
    if len(data) != size:
        raise DamagedPhotoError(f"got {len(data)} of {size} bytes; check the cable and try again")
    return check(bytes(data))[0]


def _explained(kind: str, text: str) -> MegacamError:
    if kind == "ImportError":
        return MegacamError("the board has no megacam firmware yet; run `megacam deploy` first")
    return MegacamError(f"no photo: {text}; `megacam doctor` says what to do")


def check(photo: bytes) -> tuple[bytes, int, int]:
    """Return (the photo without padding, width, height); raises DamagedPhotoError."""
    end = photo.rfind(_END)
    if photo[:2] != b"\xff\xd8" or end < 0:
        raise DamagedPhotoError(
            "the photo is not a complete JPEG: no start or no end; run `megacam doctor`"
        )
    at, width, height = 2, 0, 0
    while at + 4 <= end:
        if photo[at] != 0xFF:
            raise DamagedPhotoError(f"the photo is damaged at byte {at}; run `megacam doctor`")
        while photo[at + 1] == 0xFF:
            at += 1  # fill bytes may precede any marker (T.81, B.1.1.2)
        marker = photo[at + 1]
        if marker in _FRAME_HEADERS:
            height = int.from_bytes(photo[at + 5 : at + 7], "big")
            width = int.from_bytes(photo[at + 7 : at + 9], "big")
        if marker == _SCAN:
            break
        alone = marker in _ALONE
        at += 2 if alone else 2 + int.from_bytes(photo[at + 2 : at + 4], "big")
    if not width or not height:
        raise DamagedPhotoError("the photo is damaged: it has no size; run `megacam doctor`")
    return photo[: end + 2], width, height
