"""The transfer path from SPI to TLS, compared with the tightest possible loop."""

from bench import request, running
from bench.reading import PHOTOS, photo_file
from bench.report import Chapter, Table
from bench.servers import store

BUFFERS = (1024, 2048, 4092, 8192, 16384)
MODES = ("none", "etag", "checksum", "signed", "signed-checksum")
WAYS = ("floor", *MODES)
_CALLS = 100  # of device/transfer.py
_FEW_BYTES = 65_472  # sixteen blocks of 4092


def measure(ways, photos, *, counted: bool = False, count_bus: bool = False) -> running.Run:
    """Send `photos`, pairs of (size, buffer in bytes), in all `ways`."""
    with store() as there:
        job = {
            **there,
            "ways": list(ways),
            "photos": [[photo_file(size), size, buffer] for size, buffer in photos],
            "count_bus": count_bus,
        }
        return running.execute("transfer", job, counted=counted)


_TEXT = """\
This is the path of a photo from `spi.readinto` to the TLS socket: the driver's frame, the JPEG
check, the checksum of the mode and the connection. *Floor* is the tightest loop possible:
`spi.readinto` and then `sock.write`, with nothing else, over the same bus and the same TLS
(AES-GCM in software). Instructions are counted per KB of photo, from the first byte of the body to
its last. The factor, and the cost of a photo above the floor, compare with the floor of the same
run."""
_ALLOCATED = """\
This table shows the bytes that the transfer leaves on the heap. In `none`, `etag` and `checksum`
they are the same few objects for every size (bound methods and views, made before the loop), so
the size of a photo costs no heap. The signed modes build a text signature for every 8 KB."""
_MEANING = """\
The goal is {none:.2f} for `none` and {checksum:.2f} for `checksum`. {verdict} `none` computes
nothing over the body. Its cost above the floor is the price of Python: {block:,} instructions per
block (the frame, the check and the bus take one call each, so that they stay independent of each
other) and {once:,} per photo. The cost per photo covers bound methods and views that the loop must
not allocate, the head that was read ahead, a check that the camera kept its power, and the header
and end of the JPEG. The JPEG check alone takes {jpeg:,} instructions in the smallest photo and
{jpeg_large:,} in the largest. The MD5 of `etag` takes {md5:.0%} of the floor, the CRC32 of
`checksum` {crc:.0%}."""
_SMALL = """\
A photo of three blocks is too small to spread its fixed cost: `none` takes {excess:,} instructions
above the floor, where the goal allows {allowed:,}. Without the JPEG check, which the floor does
not have, the factor is {unwatched:.2f}. The check, the bus and the camera consist of methods, and
a call of an empty method already takes {call}. The {over:,} instructions above the goal are
{share:.1%} of what the PUT around the photo takes on an open connection, and {handshake:.2%} of a
handshake (*One request*)."""
# The number of steps of a dict lookup depends on the number of the interned name, and names are
# numbered in the order of their creation. This alone changes these figures by 0.01.
GOALS = {"none": 1.11, "checksum": 1.27}


def factors(ways, photos) -> tuple[dict[str, int], dict[str, float]]:
    """Return the instructions and their ratio to the floor, by "way size buffer".

    The instructions include "call", those for the call of an empty method.
    """
    counted = measure(("floor", *ways), photos, counted=True).instructions
    counted["call"] = (counted.pop("calls") - counted.pop("no calls")) // _CALLS
    meters = [counted.pop(name) for name in ("meter", "floor meter")]
    for name in counted.keys() - {"call"}:
        counted[name] -= meters[name.startswith("floor")]
    floors = {name.partition(" ")[2]: n for name, n in counted.items() if name[:5] == "floor"}
    factor = {
        name: n / floors[name.partition(" ")[2]] for name, n in counted.items() if name != "call"
    }
    return counted, factor


def _by_photo() -> list[object]:
    photos = [(size, 4092) for size in PHOTOS.values()]
    counted, factor = factors((*MODES, "unwatched"), photos)
    rows: list[list[object]] = []
    for resolution, size in PHOTOS.items():
        for way in WAYS:
            name = f"{way} {size} 4092"
            beyond = counted[name] - counted[f"floor {size} 4092"]
            rows.append([resolution, way, counted[name] * 1024 // size, factor[name], beyond])
    columns = ["photo", "way", "instructions per KB", "factor", "above the floor"]
    return [Table(columns, rows), *_meaning(counted, factor)]


def _meaning(counted: dict[str, int], factor: dict[str, float]) -> list[str]:
    small, medium, large = PHOTOS.values()
    blocks = {size: -(-size // 4092) for size in PHOTOS.values()}
    excess = {
        size: counted[f"none {size} 4092"] - counted[f"floor {size} 4092"] for size in blocks
    }
    block = (excess[large] - excess[small]) // (blocks[large] - blocks[small])
    jpeg = {s: counted[f"none {s} 4092"] - counted[f"unwatched {s} 4092"] for s in blocks}
    missed = [
        f"`{mode}` at {resolution} ({factor[f'{mode} {size} 4092']:.2f})"
        for resolution, size in PHOTOS.items()
        for mode, goal in GOALS.items()
        if round(factor[f"{mode} {size} 4092"], 2) > goal
    ]
    verdict = f"It is met but for {' and '.join(missed)}." if missed else "It is met."
    over_none = {m: factor[f"{m} {medium} 4092"] - factor[f"none {medium} 4092"] for m in MODES}
    texts = [
        _MEANING.format(
            **GOALS,
            verdict=verdict,
            block=block,
            once=excess[small] - block * blocks[small],
            jpeg=jpeg[small],
            jpeg_large=jpeg[large],
            md5=over_none["etag"],
            crc=over_none["checksum"],
        )
    ]
    if missed:
        allowed = int((GOALS["none"] - 1) * counted[f"floor {small} 4092"])
        over = excess[small] - allowed
        anyway = request.measure(True).instructions
        texts.append(
            _SMALL.format(
                excess=excess[small],
                allowed=allowed,
                over=over,
                call=counted["call"],
                unwatched=factor[f"unwatched {small} 4092"],
                share=over / anyway["next put, RSA-2048"],
                handshake=over / anyway["handshake, RSA-2048"],
            )
        )
    return texts


def _by_buffer() -> list[object]:
    counted, factor = factors(MODES, [(_FEW_BYTES, buffer) for buffer in BUFFERS])
    rows: list[list[object]] = []
    for buffer in BUFFERS:
        for way in WAYS:
            name = f"{way} {_FEW_BYTES} {buffer}"
            rows.append([buffer, way, counted[name] * 1024 // _FEW_BYTES, factor[name]])
    return [
        f"By size of the buffer, for {_FEW_BYTES:,} bytes; the signed modes take 8 KB at least:",
        Table(["buffer", "way", "instructions per KB", "factor"], rows),
    ]


def allocations() -> tuple[Table, dict[str, dict[str, int]]]:
    """Return a table of bytes allocated and SPI transactions, and the same as {name: result}."""
    photos = [(size, 4092) for size in PHOTOS.values()]
    results = {one["name"]: one for one in measure(WAYS, photos, count_bus=True).results}
    rows = [
        [resolution, way, told["allocated"], told["transactions"]]
        for resolution, size in PHOTOS.items()
        for way in WAYS
        for told in [results[f"{way} {size} 4092"]]
    ]
    return Table(["photo", "way", "bytes on the heap", "SPI transactions"], rows), results


def chapter() -> Chapter:
    counted = [*_by_photo(), *_by_buffer()] if running.can_count() else []
    return Chapter("The transfer path", [_TEXT, *counted, _ALLOCATED, allocations()[0]])
