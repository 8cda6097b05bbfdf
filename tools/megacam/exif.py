"""Read the EXIF of a photo: what the camera wrote into it, and when it was taken."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

_EXIF, _GPS = 0x8769, 0x8825
_TEXTS = {
    "description": (0, 0x010E),
    "make": (0, 0x010F),
    "model": (0, 0x0110),
    "software": (0, 0x0131),
    "id": (_EXIF, 0xA420),
}
_DATE, _OFFSET, _COMMENT = 0x9003, 0x9011, 0x9286
_MICRODEGREES = 1_000_000


def split(photo: bytes) -> tuple[bytes, bytes]:
    """Return (EXIF segment behind SOI, the photo without it); no segment is empty bytes."""
    if photo[2:4] != b"\xff\xe1" or photo[6:12] != b"Exif\0\0":
        return b"", photo
    end = 4 + int.from_bytes(photo[4:6], "big")
    return photo[2:end], photo[:2] + photo[end:]


def read(photo: bytes) -> dict[str, str]:
    """Return what the EXIF of a JPEG says, in words; the beginning of the file is enough.

    The names are those of the S3 metadata where these exist: taken-at (UTC), device, seq,
    location, reading; and position, make, model and software. The text is untrusted.
    """
    raw = _tags(photo)
    found = {name: _text(raw[place].get(tag)) for name, (place, tag) in _TEXTS.items()}
    device, _, number = found.pop("id").rpartition("-")
    found["location"] = found.pop("description")
    if device and number.isascii() and number.isdigit():
        found |= {"device": device, "seq": str(int(number))}
    taken = _taken(raw[_EXIF])
    if taken:
        found["taken-at"] = f"{taken:%Y-%m-%dT%H:%M:%SZ}"
    comment = raw[_EXIF].get(_COMMENT)
    if isinstance(comment, bytes) and comment[:8] == b"ASCII\0\0\0":
        found["reading"] = comment[8:].decode("ascii", "replace").rstrip("\0 ")
    found["position"] = _position(raw[_GPS])
    return {name: value for name, value in found.items() if value}


def taken(photo: bytes) -> datetime | None:
    """Return when a photo was taken, in UTC, or None if its EXIF does not say."""
    return _taken(_tags(photo)[_EXIF])


def _tags(photo: bytes) -> dict[int, Any]:
    """Return {directory: {tag: value}}; a photo that Pillow cannot read has no tags."""
    block, _ = split(photo)
    if not block:
        return {0: {}, _EXIF: {}, _GPS: {}}
    from PIL import Image  # an extra, which most commands do without

    exif = Image.Exif()
    try:
        exif.load(block[4:])
        return {0: dict(exif), _EXIF: exif.get_ifd(_EXIF), _GPS: exif.get_ifd(_GPS)}
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return {0: {}, _EXIF: {}, _GPS: {}}


def _text(value: Any) -> str:
    # Pillow takes every text for Latin-1, but cameras write UTF-8.
    if not isinstance(value, str):
        return ""
    text = value.encode("latin-1", "replace").decode("utf-8", "replace").strip("\0 ")
    return "".join(c for c in text if c.isprintable())


def _taken(tags: dict[int, Any]) -> datetime | None:
    date, offset = _text(tags.get(_DATE)), _text(tags.get(_OFFSET)) or "+00:00"
    try:
        local = datetime.strptime(date, "%Y:%m:%d %H:%M:%S")
        sign = -1 if offset[0] == "-" else 1
        hours, minutes = int(offset[1:3]), int(offset[4:6])
        utc = local - sign * timedelta(hours=hours, minutes=minutes)
    except (ValueError, OverflowError):
        return None
    return utc.replace(tzinfo=timezone.utc)


def _position(tags: dict[int, Any]) -> str:
    try:
        north, east = _angle(tags[2]), _angle(tags[4])
        signs = tags[1] == "S", tags[3] == "W"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""
    latitude, longitude = (-x if s else x for x, s in zip((north, east), signs, strict=True))
    return f"{latitude:.6f}, {longitude:.6f}"


def _angle(parts: Any) -> float:
    degrees, minutes, seconds = (Fraction(part.numerator, part.denominator) for part in parts)
    return float(degrees + minutes / 60 + seconds / 3600)
