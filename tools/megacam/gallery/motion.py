"""Mark the photos that differ from their neighbors: a fox, not the sunrise. Pure, only Pillow.

Each photo is compared, as a small gray picture, with a background made from the photos around it.
"""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

# 64 x 48 shows a fox of a thirtieth of the picture's width, but no leaves and no sensor noise.
SIGNATURE_SIZE = (64, 48)
_PIXELS = SIGNATURE_SIZE[0] * SIGNATURE_SIZE[1]
# Gray levels of 255. Noise and JPEG leave less than 8 after the blur, measured on still scenes.
_THRESHOLD = 22
# Above this share of changed pixels the light changed (sunrise, a lamp) and nothing moved.
_WHOLE_PICTURE = 0.55
# A change this large that stays is a lamp or a curtain; something that moves is gone in the next
# photo.
_LARGE = 0.06
# Twelve of 3,072 pixels: anything smaller may be a swaying twig.
MARK = 12 / _PIXELS
_NEIGHBOURS = 2


def signature(picture: Image.Image) -> Image.Image:
    """Return the small gray picture for comparisons, with brightness and contrast normalized."""
    small = picture.convert("L").resize(SIGNATURE_SIZE, Image.Resampling.BOX)
    stat = ImageStat.Stat(small)
    mean, spread = stat.mean[0], max(stat.stddev[0], 12.0)
    gain = min(48.0 / spread, 2.0)
    levels = (128 + (v - mean) * gain for v in range(256))
    return small.point([0 if v < 0 else 255 if v > 255 else round(v) for v in levels])


def scores(signatures: Sequence[Image.Image | None]) -> list[float]:
    """Return the share of each picture (0 to 1) that differs from its neighbors.

    The signatures are in order of time. None, for a damaged or missing photo, scores 0 and is not
    used as a neighbor.
    """
    known = [(index, picture) for index, picture in enumerate(signatures) if picture]
    found = [0.0] * len(signatures)
    for place, (index, picture) in enumerate(known):
        around = _around(known, place)
        if len(around) >= 2:
            found[index] = _score(picture, around)
    return found


def marks(found: Sequence[float]) -> list[bool]:
    """Return which of the scored photos to mark.

    On a windy day everything moves all the time, so a photo must stand out from its own hour.
    """
    return [score >= max(MARK, 4 * _usual(found, index)) for index, score in enumerate(found)]


def _around(known: Sequence[tuple[int, Image.Image]], place: int) -> list[Image.Image]:
    """Return up to three of the nearest photos; the median of three is one of them."""
    left = [picture for _, picture in known[max(0, place - _NEIGHBOURS) : place]]
    right = [picture for _, picture in known[place + 1 : place + 1 + _NEIGHBOURS]]
    if len(left) + len(right) <= 2:
        return [*left, *right]
    return [*left[-1:], *right[:1], left[0] if len(left) > 1 else right[-1]]


def _background(around: Sequence[Image.Image]) -> Image.Image:
    """Return the median of each pixel, which ignores a thing that only one neighbor shows."""
    a, b = around[0], around[1]
    if len(around) == 2:
        return ImageChops.blend(a, b, 0.5)
    c = around[2]
    upper = ImageChops.lighter(a, b)
    return ImageChops.lighter(ImageChops.darker(a, b), ImageChops.darker(upper, c))


def _score(picture: Image.Image, around: Sequence[Image.Image]) -> float:
    share = _difference(picture, _background(around))
    if share > _LARGE and min(_difference(picture, near) for near in around[:2]) < share / 2:
        return 0.0
    return 0.0 if share > _WHOLE_PICTURE else share


def _difference(picture: Image.Image, background: Image.Image) -> float:
    changed = ImageChops.difference(picture, background).filter(ImageFilter.BoxBlur(1))
    return sum(changed.histogram()[_THRESHOLD:]) / _PIXELS


def _usual(found: Sequence[float], index: int) -> float:
    hour = sorted(found[max(0, index - 60) : index + 60])
    return hour[len(hour) // 2]
