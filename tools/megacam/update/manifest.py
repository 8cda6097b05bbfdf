"""A release's manifest: the canonical text that the owner signs and the board obeys.

    release = signature (384 bytes) + Manifest(...).text()

The text is ASCII and has exactly one form, so that nobody can read it in two ways:
docs/updates.md has its lines. Pure functions.
"""

import dataclasses
import hashlib
import re

HEAD = "megacam release 1"
SIGNATURE_BYTES = 384  # RSA-3072
TEXT_BYTES = 8192
#: In a manifest's list of devices: every camera.
EVERY = "*"
# Below these folders, or exactly these files: nothing that the board runs by name at the start.
FOLDERS = ("firmware", "lib", "roots")
FILES = ("config.json", "deployed.json")
_COUNTER_HIGHEST = 2**25 - 1  # the board keeps it and its slot's state in one NVS i32
_SIZE_HIGHEST = 2**31 - 1
_TIME_HIGHEST = 2**32 - 1
_PART = re.compile(r"[A-Za-z0-9_.-]+")
_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_HEX = re.compile(r"([0-9a-f]{2})+")
_DIGEST_CHARS = 64
_ONCE = (
    "counter", "least", "version", "board", "mpy", "percent", "not-before", "expires", "next-key",
    "wifi",
)  # fmt: skip
_REPEATED = ("device", "keep", "file")


class ManifestError(Exception):
    """The text is no manifest; the message says what is wrong with it."""


@dataclasses.dataclass(frozen=True, order=True)
class File:
    """One file of a release: its path below the slot, its size and its SHA-256 in hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What one release brings, and to whom. Times are UTC seconds since 1970.

    `devices`: names, or ("*",). `least`: the counter that a board must have reached before.
    `next_key` and `wifi` are hex, "" for none. `keep`: what the board copies from the slot that
    runs. Raises ManifestError for a value that its text cannot have.
    """

    counter: int
    version: str
    board: str
    mpy: str
    devices: tuple[str, ...]
    not_before: int
    expires: int
    least: int = 0
    percent: int = 100
    next_key: str = ""
    wifi: str = ""
    keep: tuple[str, ...] = ()
    files: tuple[File, ...] = ()

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_words(self)
        for path in (*self.keep, *(file.path for file in self.files)):
            _check_path(path, path in self.keep)
        for file in self.files:
            if not re.fullmatch(_HEX, file.sha256) or len(file.sha256) != _DIGEST_CHARS:
                raise ManifestError(f"{file.path} has the SHA-256 {file.sha256!r}")
        paths = [file.path for file in self.files]
        if paths != sorted(set(paths)):
            raise ManifestError("the files are not sorted, or one is there twice")

    def text(self) -> bytes:
        """Return the canonical text; raises ManifestError if it is longer than 8 KB."""
        lines = [
            HEAD,
            f"counter {self.counter}",
            f"least {self.least}",
            f"version {self.version}",
            f"board {self.board}",
            f"mpy {self.mpy}",
            *(f"device {name}" for name in self.devices),
            f"percent {self.percent}",
            f"not-before {self.not_before}",
            f"expires {self.expires}",
            *([f"next-key {self.next_key}"] if self.next_key else []),
            *([f"wifi {self.wifi}"] if self.wifi else []),
            *(f"keep {path}" for path in self.keep),
            *(f"file {file.path} {file.size_bytes} {file.sha256}" for file in self.files),
        ]
        text = ("\n".join(lines) + "\n").encode("ascii")
        if len(text) > TEXT_BYTES:
            raise ManifestError(f"the manifest has {len(text)} of at most {TEXT_BYTES} bytes")
        return text


def parse(text: bytes) -> Manifest:
    """Return the manifest of a text; raises ManifestError unless it has the canonical form."""
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ManifestError("the text is not ASCII") from None
    if lines[0] != HEAD:
        raise ManifestError(f"the text does not begin with {HEAD!r}")
    found = _fields(lines[1:-1])
    try:
        manifest = Manifest(
            counter=int(found["counter"][0]),
            least=int(found["least"][0]),
            version=found["version"][0],
            board=found["board"][0],
            mpy=found["mpy"][0],
            percent=int(found["percent"][0]),
            not_before=int(found["not-before"][0]),
            expires=int(found["expires"][0]),
            next_key="".join(found["next-key"]),
            wifi="".join(found["wifi"]),
            devices=tuple(found["device"]),
            keep=tuple(found["keep"]),
            files=tuple(_file(words) for words in found["file"]),
        )
    except (ValueError, IndexError):
        raise ManifestError("a line is missing or has no valid value") from None
    if manifest.text() != text:
        raise ManifestError("the text is not in its canonical form")
    return manifest


def _fields(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in (*_ONCE, *_REPEATED)}
    for line in lines:
        name, _, value = line.partition(" ")
        if name not in found:
            raise ManifestError(f"the line {line[:40]!r} is unknown")
        if found[name] and name in _ONCE:
            raise ManifestError(f"there are two lines {name!r}")
        found[name].append(value)
    return found


def _file(words: str) -> File:
    path, size, digest = words.split(" ")
    return File(path, int(size), digest)


def _check_numbers(manifest: Manifest) -> None:
    limits = {
        "counter": (manifest.counter, 1, _COUNTER_HIGHEST),
        "least": (manifest.least, 0, _COUNTER_HIGHEST),
        "percent": (manifest.percent, 0, 100),
        "not-before": (manifest.not_before, 0, _TIME_HIGHEST),
        "expires": (manifest.expires, 0, _TIME_HIGHEST),
        **{file.path: (file.size_bytes, 0, _SIZE_HIGHEST) for file in manifest.files},
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise ManifestError(f"{name} is {value}; it must be {low} to {high}")


def _check_words(manifest: Manifest) -> None:
    words = {"version": manifest.version, "board": manifest.board, "mpy": manifest.mpy}
    for name, word in words.items():
        if not re.fullmatch(_WORD, word):
            raise ManifestError(f"{name} is {word!r}; it must be one word")
    if not manifest.devices:
        raise ManifestError("no device is named")
    for name in manifest.devices:
        if name != EVERY and not re.fullmatch(_WORD, name):
            raise ManifestError(f"device is {name!r}; it must be a camera's name or *")
    for name, text, size in (
        ("next-key", manifest.next_key, 2 * SIGNATURE_BYTES),
        ("wifi", manifest.wifi, len(manifest.wifi)),
    ):
        if text and (not re.fullmatch(_HEX, text) or len(text) != size):
            raise ManifestError(f"{name} is not hex of the right length")


def _check_path(path: str, is_kept: bool) -> None:
    parts = path.split("/")
    is_inside = len(parts) > 1 and parts[0] in FOLDERS
    if not all(re.fullmatch(_PART, part) and part.strip(".") for part in parts) or not (
        is_inside or path in FILES or (is_kept and path in FOLDERS)
    ):
        raise ManifestError(f"{path!r} is no path that a release may bring")


def is_chosen(device: str, counter: int, percent: int) -> bool:
    """Return whether `device` is among the first `percent` of a roll-out.

    Who is among 10 percent is among 50, too, as long as the counter stays the same.
    """
    digest = hashlib.sha256(f"{device} {counter}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent
