"""Accept only JPEGs like the camera's, and no file that would keep a decoder busy. Pure functions.

    width, height = check(data)

check() reads the markers (ITU-T T.81, annex B) and decodes nothing. A progressive file of 100 KB
can ask for a thousand passes over its picture, and a few hundred bytes can claim 65535 x 65535
pixels.
"""

import re
from typing import NoReturn

from megacam.gallery.refusals import PhotoMissingError

# The largest Arducam Mega photo is 2592 x 1944.
PIXELS_LIMIT = 12_000_000
SIDE_LIMIT = 8192
# Each of the three color components may have a scan of its own (B.2.3).
_SCANS_LIMIT = 3
_SEGMENTS_LIMIT = 64

_BASELINE, _HUFFMAN, _START, _END, _SCAN = 0xC0, 0xC4, 0xD8, 0xD9, 0xDA
# Tables, restart interval, application data and comments, which can be skipped.
_PASSED = {_HUFFMAN, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}
_FRAMES = {0xC1: "extended", 0xC2: "progressive", 0xC3: "lossless"}
_ARITHMETIC = range(0xC8, 0xD0)
_FRAME_BYTES, _LENGTH_BYTES = 8, 2
# Within a scan, FF 00 is a data byte, FF D0 to FF D7 are restart markers, and FF FF is fill.
_FILLING = re.compile(rb"\xff+")
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def check(data: bytes) -> tuple[int, int]:
    """Return width and height of a baseline JPEG; raises PhotoMissingError for anything else.

    A truncated file passes: it is left to the decoder, which then has little to read.
    """
    if data[:2] != bytes((0xFF, _START)):
        _refuse("damaged or not a JPEG: it does not start like one")
    size: tuple[int, int] | None = None
    scans = 0
    at = 2
    for _ in range(_SEGMENTS_LIMIT):
        marker, at = _marker(data, at)
        if marker == _END:
            break
        after = at + max(_LENGTH_BYTES, int.from_bytes(data[at : at + _LENGTH_BYTES], "big"))
        if marker == _BASELINE and size is None:
            size = _size(data[at + _LENGTH_BYTES : after])
        elif marker == _SCAN and size:
            scans += 1
            after = _end_of_scan(data, after)
        elif marker not in _PASSED:
            _refuse(_kind(marker))
        if scans > _SCANS_LIMIT:
            _refuse(f"not from the camera: it has more than {_SCANS_LIMIT} scans")
        at = after
    else:
        _refuse(f"not from the camera: it has more than {_SEGMENTS_LIMIT} segments")
    if size is None or not scans:
        _refuse("damaged: it has no picture")
    return size


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker at an offset and the offset after it; past the end, the marker is _END."""
    if at >= len(data):
        return _END, at
    if data[at] != 0xFF:
        _refuse(f"damaged: no marker at byte {at}")
    filled = _FILLING.match(data, at)
    after = filled.end() if filled else at
    return (data[after] if after < len(data) else _END), after + 1


def _size(frame: bytes) -> tuple[int, int]:
    """Return (width, height) of a frame header.

    The header has precision, height, width and number of components (B.2.2).
    """
    if len(frame) < _FRAME_BYTES - _LENGTH_BYTES:
        _refuse("damaged: its header is cut off")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if frame[0] != 8 or frame[5] not in (1, 3):
        _refuse(f"not from the camera: {frame[5]} colours of {frame[0]} bits")
    if not width or not height:
        _refuse("damaged: its header gives no size")
    if width * height > PIXELS_LIMIT or max(width, height) > SIDE_LIMIT:
        _refuse(f"not from the camera: it claims {width} x {height} pixels")
    return width, height


def _end_of_scan(data: bytes, at: int) -> int:
    found = _AFTER_SCAN.search(data, at)
    return found.start() if found else len(data)


def _kind(marker: int) -> str:
    if marker in _FRAMES:
        return f"not from the camera: its JPEG is {_FRAMES[marker]}, not baseline"
    if marker in _ARITHMETIC:
        return "not from the camera: its JPEG has arithmetic coding and is not baseline"
    return f"damaged or not from the camera: marker FF{marker:02X}"


def _refuse(why: str) -> NoReturn:
    raise PhotoMissingError(f"the photo is {why}")
