"""One photo from trigger to stored, by part, and each part beside the tightest code for it."""

import functools

from bench import running
from bench.reading import photo_file
from bench.report import Chapter, Table
from bench.servers import store

#: The photos' sizes in bytes, and the most that each may take with a handshake, in floors.
GOALS = {12 * 1024: 1.4, 58 * 1024: 1.25}
#: {part: the beginnings of the names of those modules with whose load it begins}.
PARTS = {
    "camera": ("/lib/arducam_mega/",),
    "schedule and names": ("/firmware/shot/",),
    "signing": ("/lib/canonical_request", "/lib/signing_key"),
    "request head": ("/lib/s3/describe", "/lib/s3/request", "/lib/https/request"),
    "stream": ("/lib/s3/put", "/lib/s3/aws_chunked"),
    "reply": ("/lib/https/reply", "/lib/s3/stored"),
    "counters": ("/firmware/health/counters",),
}
_HEAP = "96K"

_TEXT = """\
A steady photo over an open connection, from the camera's trigger to the stored object and the
saved counters, as `firmware/shot/take.py` does it with mode `checksum`. **These are instructions
of MicroPython's interpreter on a 64-bit host, not of the ESP32**, whose files, TLS and SPI cost
something else. Nothing waits, and no stand-in for the chip does any work, so two runs differ by
less than 0.1 %. The handshake (ECDSA P-256) varies with its random numbers. *Loads* are those of
the modules on demand of all parts, each after a collection of garbage in a heap of {heap}."""
_FLOORS = """\
*Floor* is the tightest code for the same bytes, with everything at hand and no module to load.
*Camera* (trigger, wait, head of the frame): the same calls of the bus, from a list. *Schedule and
names* (next photo, sequence, key, metadata): one function with two formats. *Signing*: one SHA-256
of the canonical request and the two of the HMAC, with padded keys. *Request head*: one `write` of
the same bytes. *Stream* (from the camera's FIFO to TLS): `readinto` and `write`. *Reply*: two
`readinto`. *Counters*: JSON and CRC32. *Handshake*: `connect`, `wrap_socket` and one `write`."""
_GOAL = """\
The goal is {goals} times the floor with a handshake. It is {verdict}."""


def _offsets() -> dict[str, str]:
    """Return {offset in the archive: part} of all modules of PARTS."""
    lines = running.board_files()["lib/overlay.txt"].decode().splitlines()
    return {
        offset: part
        for name, offset in (line.split() for line in lines)
        for part, beginnings in PARTS.items()
        if name.startswith(beginnings)
    }


@functools.cache
def measure(size: int) -> dict[str, tuple[int, int]]:
    """Return {part: (instructions, floor)} for a photo of `size` bytes.

    Besides PARTS there are "loads", which have no floor, and "handshake".
    """
    with store() as there:
        job = {
            **there,
            "folder": str(running.folder()),
            "parts": _offsets(),
            "path": photo_file(size),
            "size": size,
        }
        counted = running.execute("photo", job, heap=_HEAP, counted=True).instructions
    parts = (*PARTS, "loads", "handshake")
    return {part: (counted[part], counted.get(f"{part} floor", 0)) for part in parts}


def totals(size: int) -> tuple[int, int]:
    """Return (instructions, floor) of a photo of `size` bytes over an open connection."""
    told = [measure(size)[part] for part in (*PARTS, "loads")]
    return sum(ours for ours, _ in told), sum(floor for _, floor in told)


def factor(size: int) -> float:
    """Return how many floors a photo of `size` bytes takes with a handshake."""
    pairs = (totals(size), measure(size)["handshake"])
    ours, floor = (sum(values) for values in zip(*pairs, strict=True))
    return ours / floor


def chapter() -> Chapter:
    title = "One photo by part"
    if not running.can_count():
        return Chapter(title, ["Not measured in this run: it needs valgrind."])
    rows: list[list[object]] = [
        [part, *(count or None for size in GOALS for count in measure(size)[part])]
        for part in (*PARTS, "loads")
    ]
    rows.append(["all, over an open connection", *(n for size in GOALS for n in totals(size))])
    rows.append(["handshake", *(n for size in GOALS for n in measure(size)["handshake"])])
    columns = [name for size in GOALS for name in (f"{size:,} bytes", "floor")]
    factors = [
        [f"{size:,} bytes, over an open connection", totals(size)[0] / totals(size)[1]]
        for size in GOALS
    ]
    factors += [[f"{size:,} bytes, with a handshake", factor(size)] for size in GOALS]
    met = all(round(factor(size), 2) <= goal for size, goal in GOALS.items())
    goals = " and ".join(f"{goal} ({size:,} bytes)" for size, goal in GOALS.items())
    return Chapter(
        title,
        [
            *(_TEXT.format(heap=_HEAP + "B"), _FLOORS),
            Table(["part", *columns], rows),
            Table(["photo", "floors"], factors),
            _GOAL.format(goals=goals, verdict="met" if met else "NOT met"),
        ],
    )
