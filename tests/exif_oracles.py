"""What three programs that are not ours read in a photo's EXIF: Pillow, exiftool and exiv2."""

import io
import shutil
import subprocess
from fractions import Fraction

import pytest
from PIL import Image

#: EXIF tags: name here, directory, number, exiftool's name, exiv2's name.
_FIELDS = (
    ("description", 0, 0x010E, "IFD0:ImageDescription", "Exif.Image.ImageDescription"),
    ("make", 0, 0x010F, "IFD0:Make", "Exif.Image.Make"),
    ("model", 0, 0x0110, "IFD0:Model", "Exif.Image.Model"),
    ("software", 0, 0x0131, "IFD0:Software", "Exif.Image.Software"),
    ("date", 0x8769, 0x9003, "ExifIFD:DateTimeOriginal", "Exif.Photo.DateTimeOriginal"),
    ("offset", 0x8769, 0x9011, "ExifIFD:OffsetTimeOriginal", "Exif.Photo.OffsetTimeOriginal"),
    ("comment", 0x8769, 0x9286, "ExifIFD:UserComment", "Exif.Photo.UserComment"),
    ("id", 0x8769, 0xA420, "ExifIFD:ImageUniqueID", "Exif.Photo.ImageUniqueID"),
    ("north", 0x8825, 1, "GPS:GPSLatitudeRef", "Exif.GPSInfo.GPSLatitudeRef"),
    ("latitude", 0x8825, 2, "GPS:GPSLatitude", "Exif.GPSInfo.GPSLatitude"),
    ("east", 0x8825, 3, "GPS:GPSLongitudeRef", "Exif.GPSInfo.GPSLongitudeRef"),
    ("longitude", 0x8825, 4, "GPS:GPSLongitude", "Exif.GPSInfo.GPSLongitude"),
    ("gps time", 0x8825, 7, "GPS:GPSTimeStamp", "Exif.GPSInfo.GPSTimeStamp"),
    ("gps date", 0x8825, 29, "GPS:GPSDateStamp", "Exif.GPSInfo.GPSDateStamp"),
)
_ANGLES = ("latitude", "longitude")
needed = pytest.mark.skipif(
    not (shutil.which("exiftool") and shutil.which("exiv2")),
    reason="needs exiftool and exiv2 (Debian: libimage-exiftool-perl, exiv2)",
)


def read(photo: bytes, folder) -> dict[str, object]:
    """Return {field: value} of a JPEG, after checking that all three programs read the same.

    Texts are as they are, without blanks at their ends. Angles are millionths of a degree, the GPS
    time is "HH:MM:SS" or "" if it has no value. What is missing is left out.
    """
    found = _pillow(photo)
    path = folder / "oracle.jpg"
    path.write_bytes(photo)
    assert _exiftool(path, found) == found
    assert _exiv2(path) == found
    return found


def _pillow(photo):
    with Image.open(io.BytesIO(photo)) as picture:
        picture.load()
        exif = picture.getexif()
        found = {}
        for name, directory, number, *_ in _FIELDS:
            value = (exif.get_ifd(directory) if directory else exif).get(number)
            if value is not None:
                found[name] = _plain(name, value)
        return found


def _plain(name, value):
    """Return a value of Pillow's like those of the others."""
    if name == "comment":
        assert value[:8] == b"ASCII\0\0\0"
        return value[8:].decode("ascii")
    if name in _ANGLES:
        return _millionths([Fraction(part.numerator, part.denominator) for part in value])
    if name == "gps time":
        known = all(part.denominator for part in value)
        return ":".join(f"{int(part):02}" for part in value) if known else ""
    # Pillow takes every text for Latin-1.
    return value.encode("latin-1").decode("utf-8").strip()


def _millionths(parts):
    degrees, minutes, seconds = parts
    angle = (degrees + minutes / 60 + seconds / 3600) * 1_000_000
    assert angle.denominator == 1
    return int(angle)


def _exiftool(path, expected):
    command = ["exiftool", "-args", "-n", "-a", "-G1", "-EXIF:All", "-validate", "-error"]
    lines = _lines([*command, str(path)])
    told = dict(line[1:].split("=", 1) for line in lines if line.startswith("-"))
    assert not any("Error" in name for name in told), told
    found = {}
    for name, _, _, tag, _ in _FIELDS:
        if tag in told:
            value = told[tag].strip()
            if name in _ANGLES:
                value = round(float(value) * 1_000_000)
            if name == "gps time" and not expected.get(name):
                # It has no word for 0/0.
                assert value == "00:00:00"
                value = ""
            found[name] = value
    return found


def _exiv2(path):
    lines = _lines(["exiv2", "-q", "-Pkv", str(path)])
    told = {}
    for line in lines:
        key, _, value = line.partition(" ")
        told[key] = value.strip()
    found = {}
    for name, _, _, _, key in _FIELDS:
        if key in told:
            value = told[key]
            if name in _ANGLES:
                value = _millionths([Fraction(part) for part in value.split()])
            if name == "gps time":
                parts = [part.split("/") for part in value.split()]
                known = all(below != "0" for _, below in parts)
                value = ":".join(f"{int(above):02}" for above, _ in parts) if known else ""
            if name == "comment":
                assert value.startswith("charset=Ascii")
                value = value.removeprefix("charset=Ascii").strip()
            found[name] = value
    return found


def _lines(command):
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode().split("\n")
