"""`make coverage`: run tests on a copy whose device code notes every statement that runs.

make coverage -- [--only=tests/driver,tests/s3/test_s3.py] [--jobs=4]
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from statements import report, rewriting

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "build" / "coverage"
_COPY = _FOLDER / "copy"
_NUMBERS = _FOLDER / "numbers"
_COPIED = (
    *("*.py", "*.toml", "*.json", "*.md", "Makefile"),
    *("docs", "firmware", "lib", "tests", "tools"),
)
_DEVICE = ("*.py", "firmware/**/*.py", "lib/**/*.py")
# Some of these hide the host's files before they load device code, which then finds no counter.
_RUN_ON_DEVICE = "tests/device/*.py"
_TESTS = ("driver", "firmware", "s3", "board", "doctor", "e2e")
# In the copy, code and heap have other sizes, one file more is open, and sources look different.
_LEFT_OUT = (
    "tests/driver/test_arducam_mega_memory.py",
    "tests/driver/test_arducam_mega_quirks.py::test_every_reason_is_explained_where_users_look",
    "tests/e2e/test_sd_card_memory.py",
    "tests/firmware/test_large_pieces.py",
    "tests/firmware/test_led_and_sensor.py::test_the_table_in_the_docs_has_every_state",
    "tests/firmware/test_memory_figures.py::test_on_the_chip_it_is_what_is_left_of_the_first_heap",
    "tests/firmware/test_memory_figures.py::test_a_photo_and_the_report_of_the_chip_say_the_chips_figure",
    "tests/s3/test_iot_credentials.py::test_a_provider_that_hangs_up_is_tried_again_later",
    "tests/s3/test_s3_body.py::test_8_mb_need_no_more_memory_than_1_kb",
    "tests/s3/test_s3_footprint.py",
)
# Where the counter must lie for CPython and for MicroPython.
_COUNTER_FOLDERS = ("tests", "tools/megacam/sim/port")
# The end of the copy's interpreter.py.
_INTERPRETER = """

_plain_arguments = _arguments


def _arguments(args, heap):
    size = float(heap.rstrip("KM")) * {{"K": 1 << 10, "M": 1 << 20}}.get(heap[-1], 1)
    return _plain_arguments(args, str(int(size * {times})))
"""
# What the copy's interpreter_process.py does first. A board's environment is its own, so the
# process opens the file of numbers itself.
_FIRST = "    from micropython_unix import main\n"
_OPEN = """\
    numbers = os.open({numbers!r}, os.O_WRONLY | os.O_APPEND)
    os.environ["MEGACAM_COVERAGE_FD"] = str(numbers)
"""
# The end of the copy's bundle.py: modules that note their statements cannot be copied into others.
_BUNDLE = """

def bundle(texts, overlays):
    return dict(texts)
"""
_HEAP_TIMES = 2.5  # the code is about twice as long


def prepare() -> report.Table:
    """Make the copy; return the statements of each file."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _COPY.mkdir(parents=True)
    for path in (path for pattern in _COPIED for path in _ROOT.glob(pattern)):
        if path.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, _COPY / path.name, ignore=unwanted)
        else:
            shutil.copy(path, _COPY)
    table, count = _rewrite()
    counter = (Path(__file__).parent / "counter.py").read_text(encoding="utf-8")
    for folder in _COUNTER_FOLDERS:
        path = _COPY / folder / f"{rewriting.COUNTER}.py"
        path.write_text(counter.replace("COUNT = 0", f"COUNT = {count}"), encoding="utf-8")
    for path in _COPY.glob(_RUN_ON_DEVICE):
        path.write_text(rewriting.BEGIN + path.read_text(encoding="utf-8"), encoding="utf-8")
    _change_interpreter(_COPY / "tools/megacam/sim")
    with (_COPY / "tools/megacam/board/bundle.py").open("a", encoding="utf-8") as file:
        file.write(_BUNDLE)
    _NUMBERS.touch()
    return table


def _change_interpreter(folder: Path) -> None:
    with (folder / "interpreter.py").open("a", encoding="utf-8") as file:
        file.write(_INTERPRETER.format(times=_HEAP_TIMES))
    process = folder / "interpreter_process.py"
    before, first, after = process.read_text(encoding="utf-8").partition(_FIRST)
    assert first, f"{process.name} has another beginning"
    text = before + _OPEN.format(numbers=str(_NUMBERS)) + first + after
    process.write_text(text, encoding="utf-8")


def _rewrite() -> tuple[report.Table, int]:
    table: report.Table = {}
    count = 0
    for path in sorted(path for pattern in _DEVICE for path in _COPY.glob(pattern)):
        text, lines = rewriting.rewrite(path.read_text(encoding="utf-8"), count)
        path.write_text(text, encoding="utf-8")
        table[path.relative_to(_COPY).as_posix()] = (count, lines)
        count += len(lines)
    return table, count


def run(tests: list[str], jobs: int) -> bool:
    """Run `tests` on the copy, `jobs` at a time; return whether all passed."""
    left_out = [f"--deselect={name}" for name in _LEFT_OUT]
    argv = ["pytest", "-n", str(jobs), "--dist=worksteal", *left_out, *tests]
    environment = {**os.environ, "MEGACAM_COVERAGE": str(_NUMBERS), "PYTHONPATH": ""}
    return not subprocess.run([sys.executable, "-m", *argv], cwd=_COPY, env=environment).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="statements", description=__doc__)
    parser.add_argument("--only", metavar="TESTS,...", help="folders or files of tests")
    parser.add_argument("--jobs", type=int, default=4, help="tests at a time; 4 unless told")
    options = parser.parse_args()
    tests = options.only.split(",") if options.only else [f"tests/{name}" for name in _TESTS]
    table = prepare()
    has_passed = run(tests, options.jobs)
    files = report.read(_NUMBERS, table)
    print(report.text(files))
    if not has_passed:
        print("Some tests failed on the copy, so more may run than this says.", file=sys.stderr)
    return report.total(files) < report.GOAL


if __name__ == "__main__":
    sys.exit(main())
