"""`make swarm-score`: how many seeds it takes to find each planted mistake.

python -m swarm.score [--seeds N] [--only TEXT,...] [--jobs N] [--minutes N] [--resume]

Each mistake has its own row of seeds, from the first on. A seed whose history has not drawn what
the mistake needs cannot find it: it is counted and not lived. A history ends after --questions of
the board. What breaks without the mistake too is no catch. The mistakes take turns, so that each
has been tried when the time is up; `--resume` goes on from there.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from swarm import draw, fleet, world
from swarm.mutations import MUTATIONS, Mutation

#: What was found so far: a list of Score as JSON.
RESULTS = Path(__file__).parents[2] / "build" / "swarm-score.json"


@dataclass
class Score:
    """What the seeds have found of one mistake.

    `seeds` is how many have had their turn, with those that could not find it; `lived` is how many
    of them were lived. `invariant` is the one that broke in the last of them, "" if none has yet,
    `why` its text.
    """

    name: str
    seeds: int = 0
    lived: int = 0
    invariant: str = ""
    why: str = ""

    def next_seed(self, mutation: Mutation, most: int) -> int:
        """Return the next seed that can find it, 0 if there is none up to `most`."""
        for seed in range(self.seeds + 1, most + 1):
            if mutation.can_be_met_by(draw.history(seed)):
                return seed
        return 0

    def told(self) -> str:
        """Return a line about it."""
        found = f"{self.invariant}: {self.why}" if self.invariant else f"not found {self.why}"
        return f"{self.seeds:4} seeds, {self.lived:3} lived: {self.name}: {found}"[:240]


def try_seed(name: str, seed: int, questions: int) -> tuple[str, str]:
    """Return (invariant, text) of what a seed breaks only with that mistake, ("", "") if nothing.

    The text names an invariant that breaks without it too.
    """
    history = draw.history(seed)
    outcome = world.run(history, is_logging=False, mutation=name, questions=questions)
    if not outcome.broken:
        return "", ""
    plain = world.run(history, is_logging=False)
    if plain.broken:
        return "", f"seed {seed} breaks {plain.broken[0]} without the mistake: {plain.broken[1]}"
    return outcome.broken


def load() -> dict[str, Score]:
    """Return what --resume goes on from: {name: Score}."""
    if not RESULTS.exists():
        return {}
    return {each["name"]: Score(**each) for each in json.loads(RESULTS.read_text())}


def save(scores: dict[str, Score]) -> None:
    """Keep what was found; a run that is killed loses only the seeds that it was living."""
    RESULTS.parent.mkdir(exist_ok=True)
    part = RESULTS.with_suffix(".part")
    part.write_text(json.dumps([asdict(score) for score in scores.values()], indent=1))
    part.replace(RESULTS)


def play(scores: dict[str, Score], options: argparse.Namespace) -> Iterator[Score]:
    """Live seeds for the mistakes named in `scores`; yield each score that has changed."""
    end_s = time.monotonic() + options.minutes * 60
    planted = {mutation.name: mutation for mutation in MUTATIONS}
    left = {name for name, score in scores.items() if not score.invariant}
    running: dict[Future[tuple[str, str]], tuple[Score, int]] = {}
    with fleet.shared_builds(), fleet.pool(options.jobs) as pool:
        while True:
            for score in sorted((scores[name] for name in left), key=lambda one: one.lived):
                if len(running) >= fleet.count(options.jobs) or time.monotonic() >= end_s:
                    break
                left.discard(score.name)
                seed = score.next_seed(planted[score.name], options.seeds)
                if seed:
                    future = pool.submit(try_seed, score.name, seed, options.questions)
                    running[future] = score, seed
                else:
                    score.seeds = options.seeds
                    yield score
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                score, score.seeds = running.pop(future)
                score.lived += 1
                score.invariant, score.why = future.result()
                if not score.invariant:
                    left.add(score.name)
                yield score


def main() -> int:
    parser = argparse.ArgumentParser(prog="swarm.score", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="at most, for each mistake")
    parser.add_argument("--only", default="", help="only mistakes with one of these in the name")
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one per core")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no more then")
    parser.add_argument("--questions", type=int, default=60_000, help="at most, of a history")
    parser.add_argument("--resume", action="store_true", help=f"go on from {RESULTS.name}")
    options = parser.parse_args()
    known = load() if options.resume else {}
    wanted = [one.name for one in MUTATIONS if any(t in one.name for t in options.only.split(","))]
    scores = {name: known.get(name) or Score(name) for name in wanted}
    for score in play(scores, options):
        save({**known, **scores})
        if score.invariant or score.why:
            print(score.told(), flush=True)
    return _sum_up(list(scores.values()))


def _sum_up(scores: list[Score]) -> int:
    print()
    for score in sorted(scores, key=lambda one: (not one.invariant, one.seeds)):
        print(score.told())
    caught = [score.seeds for score in scores if score.invariant]
    median = statistics.median(caught) if caught else 0
    print(f"{len(caught)} of {len(scores)} are found, the median within {median:.0f} seeds")
    return len(caught) < len(scores)


if __name__ == "__main__":
    sys.exit(main())
