"""Flash and start: bytes of .mpy by module, what stays loaded, reads, the cost of a start."""

from megacam.board import overlays, tree

from bench import running, whole
from bench.report import Chapter, Table

#: Design budget: bytes of .mpy in memory while the board takes photos.
MOST_RESIDENT = 24 * 1024
# micropython-lib's hmac, compiled; the simulator's stand-in is smaller.
_HMAC_BYTES = 865

_TEXT = """\
Modules are compiled with `-O3` and with shortened private names, as they are on the board. A
module is *resident* if it is in `sys.modules` after the third photo of the whole firmware on the
simulated board. All other modules are loaded when they are
needed and then dropped."""
_READS = """\
Reading the flash stops both cores of the ESP32. These are the reads of the block device, below the
file system, which is littlefs with the parameters of the ESP32. A photo counts from its
predecessor's `stored` line to its own, with no task in between."""
_START = """\
From reset to the first photo in the store, the firmware takes {count:,} instructions of the
interpreter. They include boot.py, Wi-Fi, the clock, the camera, a handshake with an ECDSA
certificate (nearly half of the total, see *One request*) and the first photo, and also the
simulator's stand-ins for the chip."""


def sizes() -> dict[str, int]:
    """Return {module: bytes of .mpy} of everything on the board, including boot.py and main.py."""
    files = tree.build()
    archive, contents = files.pop("lib/overlay.bin"), files.pop("lib/overlay.txt").decode()
    found = {tree.module_name(name): len(content) for name, content in files.items()}
    lines = [line.split() for line in contents.splitlines()]
    places = [int(offset) - overlays.FIRST for _, offset in lines]
    on_demand = {
        # Without the zeros up to the next module.
        tree.module_name(f"{name[1:]}.py"): len(archive[at:end].rstrip(b"\0"))
        for (name, _), at, end in zip(lines, places, [*places[1:], len(archive)], strict=True)
    }
    return {**found, **on_demand, "hmac": _HMAC_BYTES}


def resident(modules: list[str]) -> list[str]:
    """Return the modules of ours that are in memory when `modules` are in sys.modules."""
    return sorted(set(sizes()) & {*modules})


def chapter() -> Chapter:
    all_sizes = sizes()
    stays = resident(whole.steady()["modules"])
    by_size = sorted(all_sizes, key=lambda name: (name not in stays, -all_sizes[name]))
    rows = [[name, all_sizes[name], "resident" if name in stays else ""] for name in by_size]
    total = sum(all_sizes[name] for name in stays)
    summary = Table(
        ["", "bytes of .mpy"],
        [["all modules", sum(all_sizes.values())], ["resident", total], ["budget", MOST_RESIDENT]],
    )
    parts: list[object] = [_TEXT, summary, Table(["module", "bytes", "in memory"], rows)]
    reads = [[what, *counts] for what, counts in whole.flash_reads().items()]
    parts += [_READS, Table(["what", "reads of the block device", "bytes read"], reads)]
    if running.can_count():
        parts.append(_START.format(count=whole.start_instructions()))
    return Chapter("Flash and start", parts)
