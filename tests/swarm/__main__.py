"""`make swarm`: live through many histories; print each that breaks an invariant.

python -m swarm [--seeds N] [--first N] [--fresh N] [--minutes N] [--jobs N]
python -m swarm --replay SEED | --shrink SEED [--mistake NAME]
"""

import argparse
import subprocess
import sys
import time

from swarm import draw, fleet, world


def main() -> int:
    parser = argparse.ArgumentParser(prog="swarm", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--fresh", type=int, default=0, help="so many more, by the commit")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no more then")
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one per core")
    parser.add_argument("--replay", type=int, metavar="SEED", help="print the log of a seed")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="find the shortest history")
    parser.add_argument("--mistake", default="", help="to plant, of mutations.py")
    options = parser.parse_args()
    if options.replay is not None:
        return _replay(options.replay, options.mistake)
    if options.shrink is not None:
        from swarm import shrink

        return shrink.main(options.shrink, options.mistake)
    return _run(options)


def _replay(seed: int, mistake: str) -> int:
    history = draw.history(seed)
    print(history.to_json())
    outcome = world.run(history, mutation=mistake)
    print("\n".join(outcome.log))
    print(f"SHA-256 of the log: {outcome.fingerprint}...")
    return bool(outcome.broken)


def _fresh(count: int) -> range:
    """Return seeds of this commit alone, so that each run of CI lives new histories."""
    if not count:
        return range(0)
    done = subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True
    )
    commit = done.stdout.strip() or f"{int(time.time()):x}"
    first = int(commit, 16) * 1000
    print(f"new seeds of {commit}: {first} to {first + count - 1}", flush=True)
    return range(first, first + count)


def _run(options: argparse.Namespace) -> int:
    began_s, days, failed, count = time.monotonic(), 0.0, 0, 0
    seeds = [*_fresh(options.fresh), *range(options.first, options.first + options.seeds)]
    for outcome in fleet.outcomes(seeds, options.minutes, options.jobs):
        count += 1
        days += outcome.figures["days"]
        text = f"seed {outcome.history.seed}: {outcome.history.described()}"
        if outcome.broken:
            failed += 1
            name, why = outcome.broken
            print(f"BROKEN {text}\n    {name}: {why}\n    {outcome.figures}", flush=True)
        else:
            print(f"ok {text} {outcome.figures} log {outcome.fingerprint}", flush=True)
    minutes = (time.monotonic() - began_s) / 60
    print(
        f"{count} histories, {days:.1f} days, {failed} broken; {days / minutes:.1f} days a minute"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
