"""RAM: what stays, what a photo needs at most, and the smallest heap for a whole cycle."""

import ast
import graphlib
import json
import tempfile
from pathlib import Path

from megacam import device_tree
from megacam.sim import interpreter
from megacam.sim.board import Board

from bench import flash, running, whole
from bench.reading import photo_file
from bench.report import Chapter, Table
from bench.transfer import store

UPLOADS = 1000
_TELL = (1, 10, 100, 1000)
SMALL, LARGE = 10_000, 5_000_000
_STEP = 4096
_RESIDENT = """\
What each resident module keeps of the heap after its import, without the modules that it needs,
and what the whole firmware has in use between two photos on the simulated board. The rest is the
transfer buffer (4,092 bytes), settings, the TLS session and the stand-ins for the ESP32's own
modules."""
_FLAT = """\
{count:,} photos of {size:,} bytes over one client, with verified TLS and mode `checksum`,
collected as the firmware does. *Live* is what is in use after the upload, *least free* the
low-water mark of the heap so far."""
_LEAST = """\
The smallest heap with which the interpreter does the work, bisected; on top of it come TLS and the
network, which have their own RAM. A photo needs the same whatever its size. The budget is 50,000
bytes on the ESP32, {budget:,} on this interpreter."""
_BUDGET = 80 * 1024


def upload(there: dict, size: int, count: int = 1) -> dict:
    """Return the job of device/uploads.py: `count` photos of `size` bytes to a store()."""
    job = {"path": photo_file(size), "size": size, "count": count, "tell": list(_TELL)}
    return {**there, **job}


def uploads(count: int = UPLOADS) -> list[dict]:
    """Upload a small photo `count` times; return {number, live, low} after some of them."""
    with store() as there:
        return running.execute("uploads", upload(there, SMALL, count), heap="112K").results


def least_heap(size: int) -> int:
    """Return the smallest heap, to a KB, that uploads a photo of `size` bytes."""
    with store() as there:
        return running.smallest_heap("uploads", upload(there, size))


def least_cycle() -> int | None:
    """Return the smallest heap, to 4 KB, on which the whole firmware stores two photos."""
    low, high = 48 * 1024, int(interpreter.HEAP.removesuffix("K")) * 1024
    with whole.stage() as board:
        while high - low > _STEP:
            middle = (low + high) // 2 // _STEP * _STEP
            if whole.fits(board, middle):
                high = middle
            else:
                low = middle
    return high


def residence(modules: list[str]) -> dict[str, int]:
    """Return {module: bytes of heap that it keeps}, without what it needs of the others."""
    needs = {}
    for name, path in device_tree.sources().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        needs[flash.module_name(name)] = _imports(tree) & set(modules)
    order = graphlib.TopologicalSorter({name: needs.get(name, set()) for name in modules})
    code = f"import residence; residence.main({list(order.static_order())!r})"
    with (
        tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder,
        Board(Path(folder), running.board_files(), heap="2M") as board,
    ):
        return json.loads(board.exec(code))


def _imports(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def chapter() -> Chapter:
    steady = whole.steady()
    modules = flash.resident(steady["modules"])
    kept = residence(modules)
    rows: list[list[object]] = [
        [name, kept[name]] for name in sorted(kept, key=lambda n: -kept[n])
    ]
    total = sum(kept.values())
    live = steady["heap"]["live"]
    rows += [["all modules", total], ["the rest", live - total], ["in use between photos", live]]
    flat = [[one["number"], one["live"], one["low"]] for one in uploads()]
    least = [
        [f"driver and client, a photo of {size:,} bytes", least_heap(size)]
        for size in (SMALL, LARGE)
    ]
    least.append(["the whole firmware, boot to second photo", least_cycle()])
    return Chapter(
        "RAM",
        [
            _RESIDENT,
            Table(["module", "bytes of heap"], rows),
            _FLAT.format(count=UPLOADS, size=SMALL),
            Table(["uploads", "live", "least free"], flat),
            _LEAST.format(budget=_BUDGET),
            Table(["work", "bytes of heap"], least),
        ],
    )
