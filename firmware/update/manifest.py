"""Read a release's manifest, and judge it; loaded only when there is one.

A manifest is the owner's signature, 384 bytes, and then lines of text in a fixed order;
docs/updates.md has the format. Nothing of the text is read before the signature is verified. The
text has one canonical form, so that nobody can read it in two ways.
"""

import hashlib
import sys

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# The most bytes of a manifest, signature included.
_MOST_BYTES = const(384 + 8192)
_SIGNATURE_BYTES = const(384)
_PIECE_BYTES = const(512)
_HIGHEST = const((1 << 25) - 1)  # of a counter, see start/slot_state.py
# MicroPython 1.24 does not tell its board, and the simulator's is called "standard".
_BOARD = "ESP32_GENERIC"
_UNNAMED = ("", "standard")
_MPY = "_mpy"  # as text, or the build would take it for a private name of ours
# The order of the lines, those that may be missing, and those that may be repeated.
_ORDER = (
    "counter least version board mpy device percent not-before expires next-key wifi keep file"
)
_OPTIONAL = "next-key wifi keep file"
_REPEATED = "device keep file"
_NUMBERS = "counter least percent not-before expires"
_FOLDERS = ("firmware", "lib", "roots")
_TOP = ("config.json", "deployed.json")
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_HEX = "0123456789abcdef"


def read(path, device, keys):
    """Return {line: value} of the manifest `path`; raises ValueError with the reason to refuse it.

    `keys` are the moduli of the owner's keys, 384 bytes each. In the result numbers are integers,
    `device`, `keep` and `file` are empty (see files()), and `signer` is the index of the key.
    """
    with open(path, "rb") as f:
        signer = _signer(f, keys)
        f.seek(_SIGNATURE_BYTES)
        if f.readline() != b"megacam release 1\n":
            raise ValueError("its manifest has another format; deploy newer firmware by cable")
        found, is_ours = _facts(f, device)
    if not is_ours:
        raise ValueError("it is for another camera")
    found["signer"] = signer
    return found


def _signer(f, keys):
    signature = f.read(_SIGNATURE_BYTES)
    hashed = hashlib.sha256()
    size = len(signature)
    while True:
        piece = f.read(_PIECE_BYTES)
        hashed.update(piece)
        size += len(piece)
        if not piece or size > _MOST_BYTES:
            break
    digest = hashed.digest()
    if not _SIGNATURE_BYTES < size <= _MOST_BYTES:
        raise ValueError(f"its manifest has {size} bytes")
    from firmware.update import signature as rsa

    for index, modulus in enumerate(keys):
        if rsa.check(signature, digest, modulus):
            return index
    raise ValueError("it is not signed by a key of this camera's owner")


def _facts(f, device):
    """Return ({line: value}, whether it is for `device`) of the lines after the first."""
    found = {}
    order = _ORDER.split()
    is_ours = False
    last = ""
    for name, value in _lines(f):
        while order and order[0] != name:
            _may_lack(order.pop(0), found)
        if not order or (name in found and name not in _REPEATED.split()):
            raise _wrong(name)
        if name == "device":
            is_ours = is_ours or value in ("*", device)
        elif name in ("keep", "file"):
            _check_entry(name, value, last)
            last = value if name == "file" else ""
        found[name] = _value(name, value)
    for name in order:
        _may_lack(name, found)
    return found, is_ours


def _may_lack(name, found):
    if name not in found and name not in _OPTIONAL.split():
        raise ValueError(f"its manifest lacks the line {name}")


def _wrong(line):
    return ValueError(f"its manifest has a wrong line: {line[:60]}")


def _lines(f):
    while True:
        line = f.readline()
        if not line:
            return
        if line[-1:] != b"\n" or max(line) > 126:
            raise ValueError("its manifest is cut off or not ASCII")
        name, _, value = line[:-1].decode().partition(" ")
        yield name, value


def _value(name, value):
    if name in _REPEATED.split():
        return ""
    if name in _NUMBERS.split():
        return _number(name, value)
    is_right = value and not value.strip(_PLAIN + "+")
    if name in ("next-key", "wifi"):
        is_right = _is_hex(value, 2 * _SIGNATURE_BYTES if name == "next-key" else len(value) & ~1)
    if not is_right:
        raise _wrong(name)
    return value


def _number(name, text):
    if not text.isdigit() or str(int(text)) != text:
        raise _wrong(f"{name} {text}")
    number = int(text)
    if name in ("counter", "least") and number > _HIGHEST:
        raise _wrong(f"{name} {text}")
    return number


def _is_hex(text, size):
    return text and len(text) == size and not text.strip(_HEX)


def _check_entry(name, value, last):
    path, _, rest = value.partition(" ")
    parts = path.split("/")
    is_inside = parts[0] in _FOLDERS and (len(parts) > 1 or name == "keep")
    is_plain = all(part.strip(".") and not part.strip(_PLAIN) for part in parts)
    is_right = is_plain and (is_inside or path in _TOP)
    if name == "file":
        size, _, digest = rest.partition(" ")
        _number(path, size)
        is_right = is_right and _is_hex(digest, 64) and last.partition(" ")[0] < path
    elif rest:
        is_right = False
    if not is_right:
        raise _wrong(f"{name} {value}")


def check(found, device, held, now):
    """Return why the release has to wait, or ""; raises ValueError with the reason to refuse it.

    `found` is the result of read(), `held` the highest counter of a release that this board has
    switched to, `now` UTC seconds since 1970.
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


def files(path):
    """Yield (path, size in bytes, SHA-256 in hex) for each file of the manifest `path`.

    What the board keeps of the running slot, a file or a folder, is (path, -1, "").
    """
    with open(path, "rb") as f:
        f.seek(_SIGNATURE_BYTES)
        f.readline()
        for name, value in _lines(f):
            if name == "keep":
                yield value, -1, ""
            elif name == "file":
                path, size, digest = value.split(" ")
                yield path, int(size), digest
