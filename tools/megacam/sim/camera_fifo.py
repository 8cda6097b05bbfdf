"""The frame memory of the camera, and what happens to a photo on its way into it."""

import hashlib
import random
from dataclasses import dataclass, field

from megacam.sim.camera_faults import Faults

FIFO_BYTES = 8 * 1024 * 1024  # application note: "8MB"
OVERFULL_LENGTH = FIFO_BYTES + 1892  # measured on a 3MP whose memory was filled by FRAME_COUNT 255
EMPTY = b"\x08\x01"  # what an empty FIFO and a blank frame read as (measured)
_JUNK = (
    bytes(value or 0x5C for value in range(255)) + b"\xa9"
)  # maps any byte to neither 00 nor FF


def junk(size: int, seed: int) -> bytes:
    """Return `size` bytes that are neither 0x00 nor 0xFF, the same ones for the same seed."""
    return random.Random(seed).randbytes(size).translate(_JUNK)


@dataclass
class FrameRecord:
    """One completed capture.

    `fifo` is everything that the FIFO held, including padding and damage; `photos` are the photos
    as the picture source made them (more than one with FRAME_COUNT); `read_bytes` is how many
    bytes were clocked out. `photo` and `sha256` are those of the first photo.
    """

    number: int
    time_us: int
    width: int
    height: int
    format: str
    quality: str
    fifo: bytes
    photos: list[bytes]
    read_bytes: int = 0
    sha256: str = field(init=False)

    def __post_init__(self):
        self.sha256 = hashlib.sha256(self.photo).hexdigest()

    @property
    def photo(self) -> bytes:
        return self.photos[0] if self.photos else b""

    def forget(self) -> None:
        """Drop the bytes and keep the rest, because long runs would fill the memory."""
        self.fifo = b""
        self.photos = []


class Fifo:
    """The sequential reader of one frame; its pointer only moves forward."""

    def __init__(self):
        self.clear()

    def clear(self) -> None:
        """Empty the FIFO, as a reset and the start of a capture do."""
        self.load(b"")
        self.first_burst = False

    def load(self, data: bytes, dies_at: int | None = None) -> None:
        """Load a new frame; the camera loses power once `dies_at` of its bytes have been read."""
        self.data = data
        self.position = 0
        self.first_burst = True
        self.opcode = 0  # this frame is read with 0x3C or 0x3D; 0 until it is read
        self.dies_at = dies_at

    @property
    def left(self) -> int:
        """Return how many bytes of the frame have not been read yet."""
        return max(0, len(self.data) - self.position)

    def take(self, size: int) -> bytes:
        """Clock `size` bytes out; beyond the end they are the empty pattern 08 01."""
        start, self.position = self.position, self.position + size
        if self.position <= len(self.data):
            return self.data[start : self.position]
        missing = min(size, self.position - len(self.data))
        past = max(0, start - len(self.data))
        fill = EMPTY * (missing // 2 + 1)
        return self.data[start : self.position] + fill[past % 2 : past % 2 + missing]


def blank_frame(size: int) -> bytes:
    """Return the constant frame that the blanking quirks produce."""
    return (EMPTY * (size // 2 + 1))[:size]


def counter_frame(size: int) -> bytes:
    """Return the 32-bit-counter data of TESTPAT bit 7: the same in every frame."""
    return b"".join(n.to_bytes(4, "big") for n in range(size // 4 + 1))[:size]


def stored_photo(photo: bytes, faults: Faults, seed: int) -> bytes:
    """Return `photo`, a JPEG, as the FIFO holds it under `faults`: padded, cut, shifted."""
    if faults.strike("missing-eoi") and photo.endswith(b"\xff\xd9"):
        photo = photo[:-2]
    if faults.strike("soi-at-one"):
        photo = junk(1, seed) + photo
    return photo + _padding(len(photo), faults, seed)


def _padding(size: int, faults: Faults, seed: int) -> bytes:
    amount = 0
    for name, unit in (("round8", 8), ("round16", 16), ("round1024", 1024)):
        if faults.strike(f"padding-{name}"):
            amount = -size % unit
    if faults.strike("padding-small"):
        amount = 1 + seed % 7
    if faults.strike("padding-kilobytes"):
        amount = 5000
    if faults.strike("padding-fake-eoi") and amount > 2:
        bytes_left = junk(amount - 2, seed)
        return bytes_left[: amount // 2] + b"\xff\xd9" + bytes_left[amount // 2 :]
    return junk(amount, seed) if faults.strike("padding-junk") else bytes(amount)


def damaged(data: bytes, faults: Faults) -> bytes:
    """Return what is read from a FIFO that holds `data` if a bit flips or a byte gets lost."""
    middle = len(data) // 2
    if data and faults.strike("bit-flip"):
        data = data[:middle] + bytes((data[middle] ^ 0x10,)) + data[middle + 1 :]
    if data and faults.strike("dropped-byte"):
        data = data[:middle] + data[middle + 1 :] + EMPTY[:1]
    return data
