"""Write one picture of the scene to a file:

python -m megacam.sim.scene --hour 18.5 --size 1600x1200 docs/images/photo.jpg
"""

import argparse
from datetime import datetime, timedelta
from pathlib import Path

from . import draw

_QUALITY = 82


def main() -> None:
    """Draw the scene as the command line asks."""
    parser = argparse.ArgumentParser(
        prog="python -m megacam.sim.scene", description="Draw a photo."
    )
    parser.add_argument("file", type=Path, help="where to write it: .jpg or .png")
    parser.add_argument("--hour", type=_hour, default=18.5, help="hour of the day (default 18.5)")
    parser.add_argument("--size", type=_size, default=(1600, 1200), help="default 1600x1200")
    arguments = parser.parse_args()
    width, height = arguments.size
    moment = datetime(2026, 7, 14) + timedelta(hours=arguments.hour)
    draw(width, height, moment).save(arguments.file, quality=_QUALITY)


def _hour(text: str) -> float:
    hour = float(text)
    if not 0 <= hour < 24:
        raise argparse.ArgumentTypeError(f"{text} is not an hour from 0 to under 24")
    return hour


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1600x1200")
    return int(width), int(height)


if __name__ == "__main__":
    main()
