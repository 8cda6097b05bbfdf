"""Cases of tests/update/releases.py for the boards of device/update_rig.py."""

import zlib

from update import releases

NOW = 1_795_521_600
WIFI = b'[{"ssid": "old router"}]'


def entry(content):
    """Return an NVS entry in the format of firmware/credentials, in hex."""
    return (b"\x01" + zlib.crc32(content).to_bytes(4, "big") + content).hex()


def described(case):
    """Return `case` as JSON can hold it: its objects, NVS entries and highest counter."""
    entries = dict(
        zip(("update_current", "update_next"), map(entry, case.board.keys), strict=False)
    )
    if case.board.seal:
        entries["seal"] = entry(case.board.seal)
    return {
        "objects": {name: content.hex() for name, content in case.objects.items()},
        "entries": {**entries, "wifi": entry(WIFI)},
        "held": case.board.release,
    }


def named(name):
    """Return the case `name`."""
    return next(case for case in releases.cases(NOW) if case.name == name)
