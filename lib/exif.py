"""Fill in what changes from photo to photo in an EXIF block, in place and without allocation.

    block = exif_block.build(("Arducam", "Mega 3MP", "my camera", "Barn"), "cam1", None, 64)
    exif.fill(block, 42, (2026, 7, 1, 14, 0, 0), 120, (2026, 7, 1, 12, 0, 0), b"21.5 C")
    frame.insert(block)  # of arducam_mega: behind the photo's first two bytes (SOI)

lib/exif_block.py builds the block once. Each value has a fixed place and a fixed width. Tags:
EXIF 2.32 (CIPA DC-008-2019), 4.6.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Unknown times (EXIF 2.32, 4.6.5 and 4.6.6): blanks between the colons, fractions without a value.
_UNKNOWN = (
    b"    :  :     :  :  \0   :  \0\0"
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    b"    :  :  \0\0"
)
# From the start of the times: DateTimeOriginal, OffsetTimeOriginal, GPSTimeStamp, GPSDateStamp.
_OFFSET = const(20)
_GPS_TIME = const(28)
_GPS_DATE = const(52)
# In the block: the times, the number of entries in the EXIF directory (12 bytes each), the first
# entry, and UserComment if there is one. The last one is ImageUniqueID; it ends with the number.
_TIMES = const(18)
_COUNT = const(83)
_FIRST = const(84)
_COMMENT = const(120)
_ENTRY_BYTES = const(12)
_DIGITS = const(10)
_CHARSET_BYTES = const(8)  # of UserComment: "ASCII" and zeros


def fill(block, number, local, offset_min, utc, text=b""):
    """Write a photo's number, times and comment into `block`.

    `number` has at most 10 digits. `local` and `utc` are (year, month, day, hour, minute, second),
    and local time is `offset_min` minutes ahead of UTC; `local` is None while the time is unknown.
    `text` is ASCII, for UserComment; what is too long is cut, and without that field it is
    ignored.
    """
    date(block, _TIMES, local, offset_min, utc)
    last = _FIRST + (block[_COUNT] - 1) * _ENTRY_BYTES
    _digits(block, _value(block, last) + block[last + 7] - _DIGITS - 1, number, _DIGITS)
    if block[_COMMENT] == 0x92 and block[_COMMENT + 1] == 0x86:
        at = _value(block, _COMMENT) + _CHARSET_BYTES
        for i in range(at, len(block)):
            block[i] = text[i - at] if i - at < len(text) else 0
        block[_COMMENT + 7] = _CHARSET_BYTES + min(len(text), len(block) - at)


def date(buf, at, local, offset_min, utc):
    """Write the times into `buf`, where they begin at `at`; see fill().

    They take 64 bytes and begin at 18 in a block, so at 20 in a photo with a block.
    """
    for i in range(len(_UNKNOWN)):
        buf[at + i] = _UNKNOWN[i]
    if local is None:
        return
    _day(buf, at, local)
    buf[at + _OFFSET] = 45 if offset_min < 0 else 43  # - or +
    _digits(buf, at + _OFFSET + 1, abs(offset_min) // 60, 2)
    _digits(buf, at + _OFFSET + 4, abs(offset_min) % 60, 2)
    _day(buf, at + _GPS_DATE, utc)
    for i in range(3):
        _digits(buf, at + 11 + 3 * i, local[3 + i], 2)
        buf[at + _GPS_TIME + 8 * i + 3] = utc[3 + i]
        buf[at + _GPS_TIME + 8 * i + 7] = 1


def _value(block, entry):
    return 10 + (block[entry + 10] << 8 | block[entry + 11])


def _day(buf, at, fields):
    _digits(buf, at, fields[0], 4)
    _digits(buf, at + 5, fields[1], 2)
    _digits(buf, at + 8, fields[2], 2)


def _digits(buf, at, number, width):
    for i in range(at + width - 1, at - 1, -1):
        buf[i] = 48 + number % 10
        number //= 10
