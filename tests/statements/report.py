"""Which statements ran, by file."""

import struct
from dataclasses import dataclass
from pathlib import Path

#: Percentage of all statements that the tests have to run.
GOAL = 97.0


#: {path: (number of the file's first statement, the lines of all its statements)}.
Table = dict[str, tuple[int, list[int]]]


@dataclass
class File:
    """The statements of one file: their lines, and those that ran, by their place in `lines`."""

    path: str
    lines: list[int]
    ran: set[int]

    @property
    def missing(self) -> list[int]:
        """Return the lines of the statements that did not run, in order."""
        return sorted({line for at, line in enumerate(self.lines) if at not in self.ran})


def read(numbers: Path, table: Table) -> list[File]:
    """Return the files of `table` with what ran, by the file of `numbers`."""
    ran = {number for (number,) in struct.iter_unpack("<H", numbers.read_bytes())}
    return [
        File(path, lines, {number - first for number in ran} & {*range(len(lines))})
        for path, (first, lines) in table.items()
    ]


def total(files: list[File]) -> float:
    """Return the percentage of all statements that ran."""
    return _percentage(sum(len(file.ran) for file in files), sum(len(f.lines) for f in files))


def text(files: list[File]) -> str:
    """Return a line for each file, the least covered first, and the sum."""
    told = []
    for file in sorted(files, key=lambda file: (_of(file), file.path)):
        missing = f": {ranges(file.missing)}" if file.missing else ""
        told.append(f"{_of(file):6.1f} %  {file.path}{missing}")
    count = sum(len(file.lines) for file in files)
    return "\n".join(
        [*told, f"{total(files):6.1f} %  of {count:,} statements; the goal is {GOAL:.0f} %"]
    )


def ranges(lines: list[int]) -> str:
    """Return sorted lines as "3, 7-9"."""
    found: list[list[int]] = []
    for line in lines:
        if found and line <= found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in found)


def _of(file: File) -> float:
    return _percentage(len(file.ran), len(file.lines))


def _percentage(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0
