"""Read a release's manifest; loaded only when there is one. rules.py judges it.

A manifest is the owner's signature, 384 bytes, and then lines of text in a fixed order;
docs/updates.md has the format. Nothing of the text is read before signature.py has verified it.
The text has one canonical form, so that nobody can read it in two ways.
"""

from firmware.update import lines

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIGNATURE_BYTES = const(384)
_HIGHEST = const((1 << 25) - 1)  # of a counter, see start/slot_state.py
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


def read(path, device):
    """Return {line: value} of the manifest `path`; raises ValueError with the reason to refuse it.

    In the result numbers are integers, and `device`, `keep` and `file` are empty (see
    lines.files()).
    """
    with open(path, "rb") as f:
        f.seek(_SIGNATURE_BYTES)
        if f.readline() != b"megacam release 1\n":
            raise ValueError("its manifest has another format; deploy newer firmware by cable")
        found, is_ours = _facts(f, device)
    if not is_ours:
        raise ValueError("it is for another camera")
    return found


def _facts(f, device):
    """Return ({line: value}, whether it is for `device`) of the lines after the first."""
    found = {}
    order = _ORDER.split()
    is_ours = False
    last = ""
    for name, value in lines.lines(f):
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
