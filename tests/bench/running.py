"""Run the programs of device/ on MicroPython, with the firmware compiled as on a board.

    run = execute("reading", {"way": "ours"}, counted=True)
    run.results         # the JSON objects that it printed
    run.instructions    # {mark: processor instructions up to the next mark}

A program calls job() and mark(name) of device/marks.py. Instructions are counted by valgrind's
callgrind, which is exact: two runs of the same code give the same count.
"""

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from megacam.board import tree
from megacam.sim import interpreter, rom

PROGRAMS = Path(__file__).parent / "device"
_TIMEOUT_S = 300
_HEAP_STEP = 1024
_MOST_HEAP = 16 * 1024 * 1024
_CALLGRIND = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


#: The beginning of MicroPython's line about interned names.
NAMES = "qstr pool"


class ProgramError(Exception):
    """A program for MicroPython failed; the message is its output."""


@dataclass
class Run:
    """The results of one run; `instructions` is empty if they were not counted.

    `names` has the result of names() for each line that micropython.qstr_info() printed.
    """

    results: list[dict] = field(default_factory=list)
    names: list[dict[str, int]] = field(default_factory=list)
    instructions: dict[str, int] = field(default_factory=dict)


def names(line: str) -> dict[str, int]:
    """Return {"n_pool", "n_qstr", "n_str_data_bytes", "n_total_bytes"} from a line after NAMES."""
    return {name: int(count) for name, count in re.findall(r"(n_\w+)=(\d+)", line)}


def can_count() -> bool:
    """Return whether instructions can be counted on this machine (Debian package valgrind)."""
    return bool(shutil.which("valgrind") and shutil.which("callgrind_control"))


@functools.cache
def board_files() -> dict[str, bytes]:
    """Return {path on the board: content} of the deployed firmware, hmac and our programs."""
    programs = {path.stem: path.read_text(encoding="utf-8") for path in PROGRAMS.glob("*.py")}
    begin = "__import__('overlay')\n"
    files = tree.build({name: begin + text for name, text in programs.items()})
    return {**files, "lib/hmac.mpy": tree.compile_file(rom.PORT / "hmac.py")}


@functools.cache
def folder() -> Path:
    """Return a folder with board_files(), which exists as long as this process."""
    top = Path(tempfile.mkdtemp(prefix="megacam-bench-"))
    atexit.register(shutil.rmtree, top)
    for name, content in board_files().items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return top


def execute(
    program: str,
    job: dict,
    *,
    heap: str = "2M",
    counted: bool = False,
    at_mark: Callable[[str], object] = lambda name: None,
) -> Run:
    """Run `program` of device/ with `job`; raises ProgramError.

    At each mark the program waits until `at_mark` has returned.
    """
    argv = interpreter.command("-m", program, heap=heap)
    process = subprocess.Popen(
        [*_CALLGRIND, *argv] if counted else argv,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "MICROPYPATH": f"{folder()}/lib:{folder()}:.frozen",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin
    try:
        # Not passed as an argument: MicroPython limits arguments to 255 bytes.
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return _follow(process, counted, at_mark)
    finally:
        process.kill()
        process.wait()


def _follow(process: subprocess.Popen, counted: bool, at_mark: Callable[[str], object]) -> Run:
    assert process.stdin and process.stdout
    run, strange, last, total = Run(), [], "", 0
    times: Counter[str] = Counter()
    for line in process.stdout:
        if line.startswith(NAMES):
            run.names.append(names(line))
        elif not line.startswith("{"):
            strange.append(line)
        elif "mark" in (result := json.loads(line)):
            if counted:
                now = _instructions(process.pid)
                run.instructions[last] = run.instructions.get(last, 0) + now - total
                times[last] += 1
                last, total = result["mark"], now
            at_mark(result["mark"])
            process.stdin.write("\n")
            process.stdin.flush()
        else:
            run.results.append(result)
    if process.wait(_TIMEOUT_S) or strange:
        raise ProgramError("".join(strange) or f"ended with {process.returncode}")
    _take_off_marks(run.instructions, times)
    return run


def _instructions(pid: int) -> int:
    told = subprocess.run(["callgrind_control", "-e", str(pid)], capture_output=True, text=True)
    found = re.search(r"Th 1\s+([\d,]+)", told.stdout)
    if not found:
        raise ProgramError(f"callgrind told nothing: {told.stdout}{told.stderr}")
    return int(found[1].replace(",", ""))


def _take_off_marks(instructions: dict[str, int], times: Counter[str]) -> None:
    # A mark prints a line and reads one; marks.py measures that by a mark named "nothing".
    cost = instructions.pop("nothing", 0)
    for unwanted in ("", "end"):
        instructions.pop(unwanted, None)
    for name in instructions:
        instructions[name] -= cost * times[name]


def smallest_heap(program: str, job: dict) -> int:
    """Return the smallest heap in bytes, to the KB, with which `program` succeeds.

    Raises ProgramError.
    """
    low, high = 0, _HEAP_STEP * 16
    while not _fits(program, job, high):
        low, high = high, high * 2
        if high > _MOST_HEAP:
            execute(program, job, heap=str(_MOST_HEAP))
    while high - low > _HEAP_STEP:
        middle = (low + high) // 2
        if _fits(program, job, middle):
            high = middle
        else:
            low = middle
    return high


def _fits(program: str, job: dict, heap: int) -> bool:
    try:
        execute(program, job, heap=str(heap))
    except (ProgramError, BrokenPipeError):
        return False
    return True
