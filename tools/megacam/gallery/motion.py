"""Marks the photos that differ from their neighbours: the fox, not the sunrise. Pure, Pillow only.

Every photo is compared, as a small grey picture, with a background made of the photos around it.
"""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

# 64 x 48 keeps a fox of a thirtieth of the picture's width and loses leaves and sensor noise.
SIGNATURE_SIZE = (64, 48)
_PIXELS = SIGNATURE_SIZE[0] * SIGNATURE_SIZE[1]
# Grey levels of 255 that noise and JPEG leave after the blur, measured on still scenes: under 8.
_THRESHOLD = 22
# Above this share of changed pixels it is light, not something that moves (sunrise, a lamp).
_WHOLE_PICTURE = 0.55
# What changes this much and then stays is a lamp or a curtain; what moves is gone in the next one.
_LARGE = 0.06
# Twelve of 3,072 pixels: smaller things cannot be told from a swaying twig.
MARK = 12 / _PIXELS
_NEIGHBOURS = 2


def signature(picture: Image.Image) -> Image.Image:
    """Return the small grey picture that photos are compared by, its light and contrast evened."""
    small = picture.convert("L").resize(SIGNATURE_SIZE, Image.Resampling.BOX)
    stat = ImageStat.Stat(small)
    mean, spread = stat.mean[0], max(stat.stddev[0], 12.0)
    gain = min(48.0 / spread, 2.0)
    return small.point([_clamp(128 + (v - mean) * gain) for v in range(256)])


def scores(signatures: Sequence[Image.Image | None]) -> list[float]:
    """Return for every photo the share of its picture (0 to 1) that its neighbours do not show.

    None (a damaged or missing photo) scores 0 and is no neighbour. The list is in order of time.
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

    A windy day moves everywhere, all the time: there a photo must stand out of its own hour.
    """
    return [score >= max(MARK, 4 * _usual(found, index)) for index, score in enumerate(found)]


def _clamp(value: float) -> int:
    return max(0, min(255, round(value)))


def _around(known: Sequence[tuple[int, Image.Image]], place: int) -> list[Image.Image]:
    """Up to two photos on each side: an odd number, so that their median is one of them."""
    left = [picture for _, picture in known[max(0, place - _NEIGHBOURS) : place]]
    right = [picture for _, picture in known[place + 1 : place + 1 + _NEIGHBOURS]]
    if len(left) + len(right) <= 2:
        return [*left, *right]
    return [*left[-1:], *right[:1], left[0] if len(left) > 1 else right[-1]]


def _background(around: Sequence[Image.Image]) -> Image.Image:
    """The median, pixel by pixel: something in one of the neighbours alone is not background."""
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
