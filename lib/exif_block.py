"""Build the EXIF block (APP1) for all photos of a camera; lib/exif.py fills in the rest for each.

    block = exif_block.build(("Barn", "Arducam", "Mega 3MP", "my camera"), "cam1", None, 64)

After the marker comes a big-endian TIFF: the times, the EXIF directory, the main one, that of GPS,
and the longer values. So whatever changes has the same place in every block. Tags: EXIF 2.32 (CIPA
DC-008-2019), 4.6; layout: TIFF 6.0, section 2.
"""

from struct import pack

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_BYTE = const(1)
_ASCII = const(2)
_LONG = const(4)
_RATIONAL = const(5)
_UNDEFINED = const(7)
# Offsets in the TIFF: the times, as lib/exif.py writes them, and the EXIF directory.
_DATE = const(8)
_OFFSET = const(28)
_GPS_TIME = const(36)
_GPS_DATE = const(60)
_EXIF = const(72)
_HEAD = b"\xff\xe1\0\0Exif\0\0MM\0*"  # with room for the length
_TIFF = const(10)  # where the TIFF begins
_COMMENT_AT = const(128)  # where the entry of UserComment has the value's offset
_MILLION = const(1000000)


def build(texts, device, position=None, comment_bytes=0):
    """Return the block as a bytearray without times; its length is a multiple of 4, for DMA.

    `texts` are ImageDescription (left out if it is empty), Make, Model and Software. They are
    UTF-8: EXIF 2.32 wants ASCII, but this is how most programs read them. ImageUniqueID is
    `device`, a hyphen and 10 digits for the photo's number. `position` is (latitude, longitude) in
    millionths of a degree, north and east positive, or None. UserComment holds `comment_bytes`; 0
    leaves it out.
    """
    exif = _exif(f"{device}-0000000000", comment_bytes)
    main = _main(texts)
    gps = _gps(*position) if position else ()
    main_at = _EXIF + _size(exif)
    main.append((0x8769, _LONG, 1, _EXIF))
    if gps:
        main.append((0x8825, _LONG, 1, main_at + _size(main) + 12))
    block = bytearray(_HEAD + pack(b">L", main_at) + bytes(_EXIF - _DATE))
    _add(block, exif, main, gps)
    if comment_bytes:
        block[_COMMENT_AT : _COMMENT_AT + 4] = pack(b">L", len(block) - _TIFF)
        block += b"ASCII\0\0\0" + bytes(comment_bytes)
    block += bytes(-len(block) % 4)
    block[2:4] = pack(b">H", len(block) - 2)
    return block


def _exif(name, comment_bytes):
    name = _text(name)
    entries = [
        (0x9000, _UNDEFINED, 4, b"0232"),
        (0x9003, _ASCII, 20, _DATE),
        (0x9011, _ASCII, 7, _OFFSET),
        (0x9286, _UNDEFINED, 8, 0),
        (0xA420, _ASCII, len(name), name),
    ]
    if not comment_bytes:
        entries.pop(3)
    return entries


def _main(texts):
    entries = []
    for i in range(4):
        text = _text(texts[i])
        if texts[i]:
            entries.append(((0x010E, 0x010F, 0x0110, 0x0131)[i], _ASCII, len(text), text))
    return entries


def _text(text):
    return text.encode() + b"\0"


def _size(entries):
    return 6 + 12 * len(entries) if entries else 0


def _gps(latitude, longitude):
    return (
        (0, _BYTE, 4, b"\2\3\0\0"),
        (1, _ASCII, 2, b"S\0" if latitude < 0 else b"N\0"),
        (2, _RATIONAL, 3, _angle(latitude)),
        (3, _ASCII, 2, b"W\0" if longitude < 0 else b"E\0"),
        (4, _RATIONAL, 3, _angle(longitude)),
        (7, _RATIONAL, 3, _GPS_TIME),
        (29, _ASCII, 11, _GPS_DATE),
    )


def _angle(millionths):
    degrees, rest = divmod(abs(millionths), _MILLION)
    minutes, rest = divmod(rest * 60, _MILLION)
    return pack(b">6L", degrees, 1, minutes, 1, rest * 60, _MILLION)


def _add(block, *directories):
    """Append the directories, lists of (tag, type, count, value), and the values of over 4 bytes.

    A value is bytes, or the number that stands for it: where it is in the TIFF.
    """
    values = bytearray()
    at = len(block) - _TIFF + sum(map(_size, directories))
    for entries in directories:
        if entries:
            block += pack(b">H", len(entries))
        for tag, kind, count, value in entries:
            if isinstance(value, int):
                value = pack(b">L", value)
            elif len(value) > 4:
                values += value + bytes(len(value) % 2)
                value = pack(b">L", at + len(values) - len(value) - len(value) % 2)
            block += pack(b">HHL", tag, kind, count) + value + bytes(4 - len(value))
        if entries:
            block += bytes(4)  # no further directory
    block += values
