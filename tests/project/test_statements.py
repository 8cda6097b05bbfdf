"""The statement counter of `make coverage`, on both interpreters."""

import subprocess
import sys
from pathlib import Path

import pytest
from statements import report, rewriting

COUNTER = Path(rewriting.__file__).with_name("counter.py")
PROGRAM = '''"""A module."""
import sys

const = int
_ZERO = const(0)
count = 0


class Thing:
    """A thing."""

    limit = 3

    def add(self, number):
        """Add."""
        global count
        try:
            count += 6 // number
        except ZeroDivisionError:
            count = -1
        finally:
            self.limit += 1
        if number == 1:
            return "one"
        elif number == 2:
            return "two"
        else:
            for _ in range(number):
                pass
            else:
                count += 1
        while number > 9:
            number -= 1
        with open("program.py") as file:
            return file.read(3)


def never():
    return sys


print(Thing().add(2), Thing().add(3), count)
'''
#: The lines of PROGRAM that do not run.
MISSING = [20, 24, 33, 39]


@pytest.fixture
def program(tmp_path):
    """Return the folder with the rewritten program and its counter, and the program's lines."""
    text, lines = rewriting.rewrite(PROGRAM, 300)
    (tmp_path / "program.py").write_text(text)
    counter = COUNTER.read_text().replace("COUNT = 0", f"COUNT = {300 + len(lines)}")
    (tmp_path / f"{rewriting.COUNTER}.py").write_text(counter)
    (tmp_path / "numbers").touch()
    return tmp_path, lines


def missing(program):
    folder, lines = program
    [file] = report.read(folder / "numbers", {"program.py": (300, lines)})
    return file.missing


def on_cpython(folder, environment):
    argv = [sys.executable, "program.py"]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_on_cpython_every_statement_that_runs_is_counted_once(program):
    folder, lines = program
    environment = {"MEGACAM_COVERAGE": str(folder / "numbers")}
    for _ in range(2):
        assert on_cpython(folder, environment) == 'two """ 6\n'
    assert missing(program) == MISSING
    assert len((folder / "numbers").read_bytes()) == 2 * 2 * (len(lines) - len(MISSING))


def test_on_micropython_the_same_ones_are_counted(program, micropython, monkeypatch):
    folder, _ = program
    monkeypatch.chdir(folder)
    environment = {"MEGACAM_COVERAGE": str(folder / "numbers")}
    assert micropython("program.py", path=[folder], env=environment) == 'two """ 6\n'
    assert missing(program) == MISSING


def test_where_nobody_counts_the_program_runs_as_ever(program):
    folder, _ = program
    assert on_cpython(folder, {}) == 'two """ 6\n'
    (folder / f"{rewriting.COUNTER}.py").unlink()
    assert on_cpython(folder, {}) == 'two """ 6\n'


def test_what_allocates_nothing_still_allocates_nothing(program, micropython):
    folder, _ = program
    code = (
        "import micropython, statements_counter\n"
        "covered(1)\n"
        "micropython.heap_lock()\n"
        "covered(2)\ncovered(299)\ncovered(2)\n"
        "micropython.heap_unlock()\n"
    )
    environment = {"MEGACAM_COVERAGE": str(folder / "numbers")}
    micropython("-c", code, path=[folder], env=environment)
    assert (folder / "numbers").read_bytes() == b"\1\0\2\0\x2b\1"


def test_a_module_with_a_docstring_alone_stays_as_it_is():
    assert rewriting.rewrite('"""Nothing."""\n', 0) == ('"""Nothing."""\n', [])


def test_the_report_lists_the_least_covered_file_first():
    files = [report.File("a.py", [1, 2, 3], {0, 1, 2}), report.File("b.py", [4, 5, 6, 9], {0})]
    assert report.text(files).splitlines() == [
        "  25.0 %  b.py: 5-6, 9",
        " 100.0 %  a.py",
        "  57.1 %  of 7 statements; the goal is 97 %",
    ]
