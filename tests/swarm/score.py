"""`make swarm-score`: how many seeds it takes to find each planted mistake.

python -m swarm.score [--seeds N] [--only TEXT] [--jobs N] [--minutes N]
"""

import argparse
import statistics
import sys
import time

from swarm import fleet
from swarm.mutations import MUTATIONS


def main() -> int:
    parser = argparse.ArgumentParser(prog="swarm.score", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="at most, for each mistake")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--only", default="", help="only mistakes with this in their names")
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one per core")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each mistake")
    options = parser.parse_args()
    counts = []
    for mutation in MUTATIONS:
        if options.only in mutation.name:
            counts.append(_count(mutation.name, options))
    caught = [count for count in counts if count]
    median = statistics.median(caught) if caught else 0
    print(f"{len(caught)} of {len(counts)} are found, the median within {median:.0f} seeds")
    return len(caught) < len(counts)


def _count(name: str, options: argparse.Namespace) -> int:
    """Return how many seeds it takes, 0 if it is not found; print the same."""
    seeds = range(options.first, options.first + options.seeds)
    began_s = time.monotonic()
    tried = 0
    for outcome in fleet.outcomes(seeds, options.minutes, options.jobs, name):
        tried += 1
        if outcome.broken:
            invariant, why = outcome.broken
            count = outcome.history.seed - options.first + 1
            took_s = time.monotonic() - began_s
            print(
                f"{count:4} seeds, {took_s:4.0f} s: {name}: {invariant}: {why}"[:250], flush=True
            )
            return count
    print(f"not found by {tried} seeds: {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
