"""`make soak`: simulate a month and report what happened to every photo.

python -m soak [--days N] [--seed N] [--sample] [--heap 112K] [--log FILE]
"""

import argparse
import contextlib
import sys
from pathlib import Path

from soak import plan, run
from soak.board import HEAP

_REPORT = Path(__file__).parents[2] / "build" / "soak.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same month")
    parser.add_argument("--sample", action="store_true", help="every fault once, in some hours")
    parser.add_argument("--heap", default=HEAP, help=f"of the board; {HEAP} unless told")
    parser.add_argument("--log", type=Path, help="keep the board's console in this file")
    options = parser.parse_args()
    made = plan.sample(options.seed) if options.sample else plan.month(options.seed, options.days)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(options.log.open("w")) if options.log else None
        report = run.run(made, options.heap, lambda text: print(text, flush=True), log)
    report.write(_REPORT)
    print(report)
    return bool(report.broken)


sys.exit(main())
