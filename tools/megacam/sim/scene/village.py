"""The village on its tongue of land: church with clock, houses and trees, all mirrored."""

import math

from PIL import Image, ImageChops

from .land import paint_tree
from .light import Colour, mix
from .stage import Point, Stage, gradient
from .water import ripple

# The shore of the tongue is straight, so that one shear mirrors it.
_SHORE_LEFT = 0.704
_SHORE_FALL = -0.062
_TIP = 0.52
_LAMP = (255, 206, 120)
_RED = (196, 44, 36)
_WHITE = (244, 236, 220)
_HOUSES = (
    # x, foot, width, height in units, wall, roof
    (0.335, 0.664, 0.085, 0.050, (236, 214, 180), (150, 74, 54)),
    (0.395, 0.664, 0.070, 0.044, (222, 190, 150), (116, 66, 52)),
    (0.445, 0.666, 0.055, 0.036, (240, 230, 214), (164, 84, 58)),
)
_TREES = (
    # x, foot, height in units, seed, green
    (0.300, 0.655, 0.150, 3, (92, 132, 58)),
    (0.020, 0.645, 0.210, 5, (80, 120, 56)),
    (0.480, 0.668, 0.085, 9, (104, 140, 62)),
    (0.368, 0.660, 0.095, 12, (72, 112, 56)),
)


def paint_village(stage: Stage) -> None:
    """Paint the tongue of land with the village, and the reflection of both in the lake."""
    stage.traced = Image.new("L", stage.image.size)
    _paint_bank(stage)
    for x, foot, height, seed, green in _TREES[:2]:
        paint_tree(stage, (stage.x(x), stage.y(foot)), stage.unit * height, seed, green)
    _paint_church(stage, stage.x(0.205), stage.y(0.668))
    for x, foot, width, height, wall, roof in _HOUSES:
        _paint_house(stage, (stage.x(x), stage.y(foot)), (width, height), wall, roof)
    for x, foot, height, seed, green in _TREES[2:]:
        paint_tree(stage, (stage.x(x), stage.y(foot)), stage.unit * height, seed, green)
    _mirror(stage, stage.traced)
    stage.traced = None


def _mirror(stage: Stage, village: Image.Image) -> None:
    """Paint the village upside down on the water below its shore."""
    top = round(_shore(stage, _TIP)) - 1
    size = round(stage.x(_TIP + 0.03)), stage.height - top
    slope = 2 * _SHORE_FALL * stage.height / stage.width
    shear = (1, 0, 0, slope, -1, 2 * stage.y(_SHORE_LEFT) - top)
    image, mask = (
        ripple(stage, layer.transform(size, Image.Transform.AFFINE, shear))
        for layer in (stage.image, village)
    )
    water = Stage(*size, stage.moment)
    left, right = _shore(stage, 0) - top, _shore(stage, _TIP + 0.03) - top
    water.fill((190, 0, 0), [(0, left), (size[0], right), size, (0, size[1])])
    mask = ImageChops.multiply(mask, water.image.getchannel("R"))
    tint = Image.new("RGB", size, stage.light.on((30, 66, 78), 0.1))
    stage.image.paste(Image.blend(image, tint, 0.22), (0, top), mask)


def _shore(stage: Stage, x: float) -> float:
    return stage.y(_SHORE_LEFT + _SHORE_FALL * x)


def _paint_bank(stage: Stage) -> None:
    light = stage.light
    top = [(-0.02, 0.640), (0.10, 0.636), (0.22, 0.645), (0.33, 0.652), (0.42, 0.657)]
    outline = [(stage.x(x), stage.y(y)) for x, y in top]
    outline += [(stage.x(_TIP), _shore(stage, _TIP)), (stage.x(-0.02), _shore(stage, -0.02))]
    grass = light.on((116, 148, 72), 0.05), light.on((72, 110, 56), 0.02)
    stage.fill(gradient(*grass), outline)
    stones = [(stage.x(x / 100), _shore(stage, x / 100)) for x in range(-2, 53)]
    stones += [(x, y - stage.unit * 0.006) for x, y in stones[::-1]]
    stage.fill(light.on((140, 132, 116), 0.05), stones)


def _paint_church(stage: Stage, x: float, foot: float) -> None:
    unit, light = stage.unit, stage.light
    _paint_nave(stage, x - unit * 0.065, foot)
    half, eaves = unit * 0.066, foot - unit * 0.350
    bright, dark = light.on(_WHITE), light.on((176, 164, 156))
    left_lit = light.sun[0] * stage.width < x
    sides = (bright, bright, dark) if left_lit else (dark, bright, bright)
    tower = [(x - half, eaves), (x + half, eaves), (x + half, foot), (x - half, foot)]
    stage.fill(gradient(*sides, across=True), tower)
    stone = light.on((196, 176, 148))
    for level in (0.0, 0.118, 0.236, 0.346):
        y = foot - unit * level
        wide = half * 1.06
        band = unit * (0.010 if level else 0.014)
        stage.fill(
            stone, [(x - wide, y - band), (x + wide, y - band), (x + wide, y), (x - wide, y)]
        )
    for level in (0.045, 0.160):
        _paint_window(stage, (x, foot - unit * level), unit * 0.030, unit * 0.052)
    _paint_spire(stage, x, eaves, half)
    _paint_clock(stage, (x, foot - unit * 0.291), unit * 0.052)


def _paint_nave(stage: Stage, right: float, foot: float) -> None:
    unit, light = stage.unit, stage.light
    left, eaves, crest = right - unit * 0.20, foot - unit * 0.105, foot - unit * 0.195
    wall = light.on(mix(_WHITE, (190, 178, 166), 0.35))
    stage.fill(wall, [(left, eaves), (right, eaves), (right, foot), (left, foot)])
    over = unit * 0.012
    roof = [(left - over, eaves), (left + unit * 0.045, crest), (right, crest), (right, eaves)]
    stage.fill(gradient(light.on((168, 86, 62)), light.on((128, 60, 48))), roof)
    for place in (0.16, 0.38, 0.60, 0.82):
        x = left + (right - left) * place
        _paint_window(stage, (x, foot - unit * 0.030), unit * 0.020, unit * 0.052)


def _paint_spire(stage: Stage, x: float, eaves: float, half: float) -> None:
    unit, light = stage.unit, stage.light
    tip, flare = eaves - unit * 0.215, unit * 0.016
    wide, waist = half + unit * 0.012, half * 0.78
    copper, shade = light.on((110, 150, 128)), light.on((62, 98, 92))
    if light.sun[0] * stage.width < x:
        copper, shade = shade, copper
    knee = eaves - flare * 1.7
    left = [(x, tip), (x, eaves), (x - wide, eaves), (x - waist, knee)]
    right = [(x, tip), (x, eaves), (x + wide, eaves), (x + waist, knee)]
    stage.fill(shade, left)
    stage.fill(copper, right)
    gold = mix(light.on((238, 196, 92)), (255, 226, 150), 0.2 * (1 - light.night))
    ball = unit * 0.006
    stage.ellipses(gold, (x - ball, tip - ball, x + ball, tip + ball))
    stage.line(gold, (x, tip), (x, tip - unit * 0.040), unit * 0.0036)
    arm = tip - unit * 0.028
    stage.line(gold, (x - unit * 0.010, arm), (x + unit * 0.010, arm), unit * 0.0036)


def _paint_window(stage: Stage, sill: Point, width: float, height: float) -> None:
    """Paint an arched window, lit from within at night."""
    light, (x, y) = stage.light, sill
    half = width / 2
    pane = mix(light.on((62, 74, 96)), _LAMP, light.lamps)
    frame = light.on((206, 188, 160))
    for colour, grow in ((frame, width * 0.16), (pane, 0.0)):
        w, top = half + grow, y - height + half
        arch = [
            (x - w * math.cos(step * math.pi / 8), top - w * math.sin(step * math.pi / 8))
            for step in range(9)
        ]
        stage.fill(colour, [(x - w, y + grow), *arch, (x + w, y + grow)])
    if light.lamps > 0.4:
        stage.glow(_LAMP, (x, y - height / 2), height * 1.3, 0.32 * light.lamps)


def _paint_clock(stage: Stage, centre: Point, radius: float) -> None:
    light, (x, y) = stage.light, centre
    gold = mix(light.on((226, 182, 82)), (255, 214, 130), 0.3 * light.lamps)
    face = mix(light.on((250, 246, 232)), (255, 240, 200), light.lamps)
    ink = mix(light.on((34, 34, 46)), (40, 30, 26), light.lamps)
    if light.lamps > 0.2:
        stage.glow(_LAMP, centre, radius * 2.6, 0.55 * light.lamps)
    for colour, size in ((gold, 1.0), (ink, 0.90), (face, 0.86)):
        r = radius * size
        stage.ellipses(colour, (x - r, y - r, x + r, y + r))
    for hour in range(12):
        long = 0.16 if hour % 3 == 0 else 0.09
        ends = (_hand(centre, radius * part, hour / 12) for part in (0.80, 0.80 - long))
        stage.line(ink, *ends, width=radius * (0.06 if hour % 3 == 0 else 0.035))
    _paint_hands(stage, centre, radius, ink)


def _paint_hands(stage: Stage, centre: Point, radius: float, ink: Colour) -> None:
    moment = stage.moment
    minutes = moment.minute + moment.second / 60
    hours = moment.hour % 12 + minutes / 60
    red = mix(stage.light.on(_RED), _RED, stage.light.lamps)
    hands = (
        (ink, 0.50, 0.085, hours / 12),
        (ink, 0.74, 0.058, minutes / 60),
        (red, 0.76, 0.026, moment.second / 60),
    )
    for colour, length, width, turn in hands:
        end = _hand(centre, radius * length, turn)
        tail = _hand(centre, -radius * 0.14, turn)
        stage.line(colour, tail, end, radius * width)
    hub = radius * 0.06
    stage.ellipses(ink, (centre[0] - hub, centre[1] - hub, centre[0] + hub, centre[1] + hub))


def _hand(centre: Point, length: float, turn: float) -> Point:
    angle = turn * 2 * math.pi
    return centre[0] + length * math.sin(angle), centre[1] - length * math.cos(angle)


def _paint_house(
    stage: Stage, foot: Point, size: tuple[float, float], wall: Colour, roof: Colour
) -> None:
    light, unit, (x, y) = stage.light, stage.unit, foot
    width, height = size[0] * unit, size[1] * unit
    left, right, eaves, crest = x - width / 2, x + width / 2, y - height, y - height * 1.95
    gable = left + width * 0.36
    middle, over = (left + gable) / 2, width * 0.05
    stage.fill(
        light.on(wall), [(left, y), (left, eaves), (middle, crest), (gable, eaves), (gable, y)]
    )
    side = light.on(mix(wall, (120, 104, 100), 0.35))
    stage.fill(side, [(gable, y), (gable, eaves), (right, eaves), (right, y)])
    tiles = [(middle, crest - over / 2), (right - width * 0.12, crest - over / 2)]
    tiles += [(right + over, eaves + over), (gable + over / 2, eaves + over)]
    stage.fill(gradient(light.on(roof), light.on(mix(roof, (0, 0, 0), 0.25))), tiles)
    verge = light.on(mix(roof, (0, 0, 0), 0.4))
    stage.line(verge, (left - over, eaves + over), (middle, crest - over / 2), width * 0.03)
    chimney = right - width * 0.30
    stack = [(chimney, crest - height * 0.3), (chimney + width * 0.06, crest - height * 0.3)]
    stack += [(chimney + width * 0.06, crest + height * 0.2), (chimney, crest + height * 0.2)]
    stage.fill(light.on((140, 110, 98)), stack)
    for place, lit in ((0.18, 1.0), (0.52, 0.35), (0.68, 1.0), (0.84, 1.0)):
        _paint_pane(stage, (left + width * place, y - height * 0.35), width * 0.09, lit)


def _paint_pane(stage: Stage, centre: Point, width: float, lamp: float) -> None:
    light, (x, y) = stage.light, centre
    lit = light.lamps * lamp
    pane = mix(light.on((70, 82, 104)), _LAMP, lit)
    w, h = width / 2, width * 0.72
    stage.fill(pane, [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)])
    if lit > 0.4:
        stage.glow(_LAMP, centre, width * 2.2, 0.30 * lit)
