"""RAM: what stays loaded, the peak for a photo, and the smallest heap for a complete cycle."""

import ast
import graphlib
import json
import tempfile
from pathlib import Path

from megacam.board import tree as device_tree
from megacam.sim.board import Board

from bench import flash, running, updating, whole
from bench.configurations import CONFIGURATIONS, KEY_UPDATE, UPDATE, end
from bench.reading import photo_file
from bench.report import Chapter, Table
from bench.servers import store

UPLOADS = 1000
_TELL = (1, 10, 100, 1000)
SMALL, LARGE = 10_000, 5_000_000
_STEP = 1024
_RESIDENT = """\
This is the heap that each resident module keeps after its import (code, classes, constants),
without the modules it needs, and the number of names that no earlier module had brought."""
_LIVE = """\
This is the heap that the whole firmware uses on the simulated board: while its loop sleeps between
two photos, and at the `stored` line of a photo, where the frames and modules of the upload lie in
it too.
MicroPython interns names and texts of up to ten letters and keeps them for ever: here {n_qstr} in
{n_pool} tables, each twice as long as the one before. Objects are measured one by one, after a
start with the same classes. *Everything else* is what the application itself holds, and what the
stand-ins have allocated since."""
_FLAT = """\
One client uploads {count:,} photos of {size:,} bytes, with verified TLS and mode `checksum`, and
collects garbage as the firmware does. *Live* is the heap in use after the upload. *Lowest free* is
the low-water mark of the free heap so far."""
_LEAST = """\
This is the smallest heap on which the interpreter does the work, found by bisection. TLS and the
network come on top, with RAM of their own. A photo needs the same heap whatever its size. The
budget is 50,000 bytes on the ESP32 and {budget:,} on this interpreter."""
_UPDATE = """\
This is the most that is in use in each step of an update, after the load of a module or in pow(),
and in the put of a photo or a report after the same start. The release brings a next key. A later
start has more names in memory."""
_BUDGET = 80 * 1024
#: Design budget: bytes of heap in use between photos.
MOST_LIVE = 56 * 1024
#: Those of objects() that are freed before the first photo.
DURING_START = "settings, during the start only"


def upload(there: dict, size: int, count: int = 1) -> dict:
    """Return the job for device/uploads.py: `count` photos of `size` bytes to a store()."""
    job = {"path": photo_file(size), "size": size, "count": count, "tell": list(_TELL)}
    return {**there, **job}


def uploads(count: int = UPLOADS) -> list[dict]:
    """Upload a small photo `count` times; return {number, live, low} after some of them."""
    with store() as there:
        return running.execute("uploads", upload(there, SMALL, count), heap="112K").results


def least_heap(size: int) -> int:
    """Return the smallest heap, to the KB, in which a photo of `size` bytes can be uploaded."""
    with store() as there:
        return running.smallest_heap("uploads", upload(there, size))


def least_cycle(configuration: str) -> int:
    """Return the smallest heap, to 1 KB, on which the firmware stores two photos, or updates."""
    low, high = 60 * 1024, 92 * 1024
    with whole.stage(configuration=configuration) as board:
        while high - low > _STEP:
            middle = (low + high) // 2 // _STEP * _STEP
            if whole.fits(board, middle, *end(configuration)):
                high = middle
            else:
                low = middle
    return high


def objects() -> dict[str, int]:
    """Return {name: bytes of heap} of the objects made at the firmware's start, without names."""
    config = (device_tree.root() / "config.example.json").read_text(encoding="utf-8")
    with store() as there:
        job = {**there, "config": config, "path": photo_file(SMALL), "size": SMALL}
        run = running.execute("objects", job)
    named = [one["n_total_bytes"] for one in run.names]
    grown = [after - before for before, after in zip(named[::2], named[1::2], strict=True)]
    return {
        one["name"]: one["bytes"] - names for one, names in zip(run.results, grown, strict=True)
    }


def residence(modules: list[str]) -> tuple[int, dict[str, tuple[int, int]]]:
    """Return the bytes of heap of a board that has just started, and {module: (bytes, names)}.

    `bytes` is the heap that the module keeps, without the modules that it imports and without
    interned names. `names` is how many names it adds.
    """
    needs = {}
    for name, path in device_tree.sources().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        needs[device_tree.module_name(name)] = _imports(tree) & set(modules)
    order = graphlib.TopologicalSorter({name: needs.get(name, set()) for name in modules})
    code = f"import residence; residence.main({list(order.static_order())!r})"
    with (
        tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder,
        Board(Path(folder), device_tree.placed(running.board_files()), heap="2M") as board,
    ):
        start = int(board.exec("import gc; gc.collect(); print(gc.mem_alloc())"))
        lines = board.exec(code).splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    names = [running.names(line) for line in lines if line.startswith(running.NAMES)]
    return start, {
        one["module"]: (
            one["heap"] - after["n_total_bytes"] + before["n_total_bytes"],
            after["n_qstr"] - before["n_qstr"],
        )
        for one, before, after in zip(told, names[:-1], names[1:], strict=True)
    }


def _imports(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _live(steady: dict, start: int, modules: int) -> Table:
    made = objects()
    made.pop(DURING_START)
    names, letters = (steady["names"][name] for name in ("n_total_bytes", "n_str_data_bytes"))
    parts = {
        "interpreter and stand-ins, before our modules": start,
        "modules: code, classes, constants": modules,
        "names: letters": letters,
        "names: tables": names - letters,
        **made,
    }
    live = steady["asleep"]["live"]
    parts["everything else"] = live - sum(parts.values())
    parts["in use between photos"] = live
    parts["in use at the `stored` line"] = steady["heap"]["live"]
    return Table(["what", "bytes of heap"], [[name, count] for name, count in parts.items()])


def chapter() -> Chapter:
    steady = whole.steady()
    sizes = flash.sizes()
    start, kept = residence(flash.resident(steady["modules"]))
    by_size = sorted(kept, key=lambda name: -kept[name][0])
    columns = [(sizes[name], *kept[name]) for name in by_size]
    rows: list[list[object]] = [
        [name, *column] for name, column in zip(by_size, columns, strict=True)
    ]
    totals = [sum(column) for column in zip(*columns, strict=True)]
    rows.append(["all modules", *totals])
    flat = [[one["number"], one["live"], one["low"]] for one in uploads()]
    least = [
        [f"driver and client, a photo of {size:,} bytes", least_heap(size)]
        for size in (SMALL, LARGE)
    ]
    least += [
        [f"the whole firmware, boot to second photo: {name}", least_cycle(name)]
        for name in CONFIGURATIONS
        if name not in (UPDATE, KEY_UPDATE)
    ]
    least += [[f"the whole firmware: {name}", least_cycle(name)] for name in (UPDATE, KEY_UPDATE)]
    return Chapter(
        "RAM",
        [
            _RESIDENT,
            Table(["module", "bytes of .mpy", "bytes of heap", "new names"], rows),
            _LIVE.format(**steady["names"]),
            _live(steady, start, totals[1]),
            _FLAT.format(count=UPLOADS, size=SMALL),
            Table(["uploads", "live", "lowest free"], flat),
            _LEAST.format(budget=_BUDGET),
            Table(["work", "bytes of heap"], least),
            _UPDATE,
            Table(
                ["step of an update", "in use", "in a put"],
                [[step, *most] for step, most in updating.peaks().items()],
            ),
        ],
    )
