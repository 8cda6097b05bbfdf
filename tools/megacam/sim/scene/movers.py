"""What moves from one shot to the next: hot-air balloons, a sailing boat, birds."""

import math

from .light import Colour, mix
from .stage import Point, Polygon, Stage

_RED = (206, 58, 48)
_CREAM = (250, 232, 196)
_BLUE = (40, 92, 152)
_YELLOW = (244, 190, 66)


def paint_balloons(stage: Stage) -> None:
    """Paint two balloons that drift across the sky, the large one in about eight minutes."""
    t = stage.seconds
    small_x = _across(0.82, t, 1100)
    _paint_balloon(
        stage, (stage.x(small_x), stage.y(0.335 + 0.010 * math.sin(t / 31))), 0.030, 0.25
    )
    large_x = _across(0.83, t, 480)
    large = stage.x(large_x), stage.y(0.225 + 0.022 * math.sin(t / 23))
    _paint_balloon(stage, large, 0.078, 0.06)


def paint_boat(stage: Stage) -> None:
    """Paint a boat under sail, and its reflection in the water."""
    x = 1.12 - (stage.seconds / 300 + 0.60) % 1 * 0.60
    heel = 0.05 * math.sin(stage.seconds / 1.9)
    _paint_sail(stage, (stage.x(x), stage.y(0.682)), heel)


def paint_birds(stage: Stage) -> None:
    """Paint a flock of birds by day."""
    if stage.light.night > 0.6:
        return
    t = stage.seconds
    lead = _across(0.45, t, 75), 0.185 + 0.03 * math.sin(t / 9)
    ink = stage.light.on((44, 48, 60), 0.12)
    for index in range(9):
        rank = (index + 1) // 2
        side = 1 if index % 2 else -1
        x = stage.x(lead[0]) - stage.unit * 0.030 * rank
        y = stage.y(lead[1]) + stage.unit * (0.014 * side * rank + 0.004 * math.sin(t + index * 2))
        flap = math.sin(t * 7.3 + index * 1.9)
        span = stage.unit * 0.0125
        for wing in (-1, 1):
            elbow = x + wing * span * 0.5, y - span * (0.25 + 0.22 * flap)
            end = x + wing * span, y - span * 0.35 * flap
            stage.line(ink, (x, y), elbow, stage.unit * 0.0026)
            stage.line(ink, elbow, end, stage.unit * 0.0018)


def _across(start: float, seconds: float, period_s: float) -> float:
    """Return the position of something that repeatedly crosses from left to right."""
    return (start + seconds / period_s) % 1 * 1.3 - 0.15


def _envelope(centre: Point, radius: float, narrow: float) -> Polygon:
    """Return the outline of a balloon, its width times `narrow`: one seam between two gores."""
    x, y = centre
    right = []
    for step in range(25):
        angle = step / 24 * math.pi
        wide = math.sin(angle) if angle < math.pi / 2 else math.sin(angle) ** 0.82
        down = -math.cos(angle) if angle < math.pi / 2 else -math.cos(angle) * 1.28
        floor = 0.14 if step > 12 else 0.0
        right.append((max(wide, floor) * radius * narrow, down * radius))
    return [(x + dx, y + dy) for dx, dy in right] + [(x - dx, y + dy) for dx, dy in right[::-1]]


def _paint_balloon(stage: Stage, centre: Point, size: float, haze: float) -> None:
    light, (x, y) = stage.light, centre
    radius = size * stage.unit
    burning = light.lamps * (0.55 + 0.45 * (math.sin(stage.seconds * 1.3) > -0.2))
    if light.lamps > 0.3:
        stage.glow((255, 190, 110), centre, radius * 2.4, 0.5 * burning)
    for index, narrow in enumerate((1.0, 0.90, 0.72, 0.48, 0.20)):
        paint = (_RED, _CREAM, _BLUE, _CREAM, _YELLOW)[index]
        colour = mix(light.on(paint, haze), mix(paint, (255, 200, 120), 0.35), 0.85 * burning)
        stage.fill(colour, _envelope(centre, radius, narrow))
    _shade(stage, centre, radius, light.on((30, 26, 44), haze), 0.30 * (1 - burning))
    mouth, top = y + radius * 1.28, y + radius * 1.52
    rope = light.on((70, 58, 50), haze)
    for side in (-1, 1):
        stage.line(rope, (x + side * radius * 0.14, mouth), (x + side * radius * 0.10, top), 0.9)
    half, low = radius * 0.115, top + radius * 0.19
    basket = [(x - half, top), (x + half, top), (x + half * 0.85, low), (x - half * 0.85, low)]
    stage.fill(light.on((134, 92, 54), haze), basket)


def _shade(stage: Stage, centre: Point, radius: float, colour: Colour, strength: float) -> None:
    """Darken the side of a balloon that faces away from the sun, in three steps."""
    away = -1 if stage.light.sun[0] * stage.width > centre[0] else 1
    outline = _envelope(centre, radius, 1.0)
    for inner in (0.75, 0.35, -0.15):
        edge = [
            (centre[0] + (px - centre[0]) * inner, py)
            for px, py in outline
            if (px - centre[0]) * away >= 0
        ]
        outer = [(px, py) for px, py in outline if (px - centre[0]) * away >= 0]
        edge.sort(key=lambda point: -point[1])
        outer.sort(key=lambda point: point[1])
        stage.fill(colour, outer + edge, strength=strength / 2)


def _paint_sail(stage: Stage, place: Point, heel: float) -> None:
    light, unit, (x, y) = stage.light, stage.unit, place
    high, long = unit * 0.105, unit * 0.060
    lean = heel * high
    mast = x + lean, y - high
    canvas = mix(light.on((252, 248, 238)), light.sun_colour(), 0.25 * (1 - light.night))
    shade = light.on((206, 204, 208))
    for flip, strength in ((-1, 0.42), (1, 1.0)):
        top = (mast[0], y + (mast[1] - y) * flip)
        boom = y - unit * 0.014 * flip
        main = [(x, boom), top, (x - long * 0.30 + lean * 0.5, y - high * 0.45 * flip)]
        main += [(x - long * 0.62, boom)]
        jib = [(x + unit * 0.004, boom), top, (x + long * 0.46, y - unit * 0.010 * flip)]
        stage.fill(canvas, main, strength=strength)
        stage.fill(shade, jib, strength=strength)
        hull = [
            (x - long * 0.72, y - unit * 0.010 * flip),
            (x + long * 0.62, y - unit * 0.011 * flip),
        ]
        hull += [(x + long * 0.40, y), (x - long * 0.62, y)]
        stage.fill(light.on((150, 52, 40)), hull, strength=strength)
    stage.line(light.on((90, 70, 54)), (x, y - unit * 0.008), mast, unit * 0.0022)
    if light.lamps > 0.4:
        stage.glow((255, 214, 140), (x, y - unit * 0.02), unit * 0.02, 0.9 * light.lamps)
