"""The light of an hour of the day: where the sun and the moon stand, and the colours that follow.

Every day is the same long one: the sun rises on the left at 5:30 and sets on the right at
19:30, so that an hour always means the same light.
"""

import math
from datetime import datetime

Colour = tuple[int, int, int]
Sky = tuple[Colour, Colour, Colour]
Factors = tuple[float, float, float]

SUNRISE_H = 5.5
SUNSET_H = 19.5
_NOON_DEG = 50.0
_MIDNIGHT_DEG = -30.0

# Sun altitude in degrees -> the sky from top to horizon, and the light as factors of red, green
# and blue. Chosen by eye.
_SKIES: tuple[tuple[float, Colour, Colour, Colour, Factors], ...] = (
    (-18, (5, 9, 26), (11, 20, 48), (27, 40, 74), (0.15, 0.19, 0.33)),
    (-10, (12, 22, 58), (34, 48, 98), (104, 88, 122), (0.22, 0.25, 0.40)),
    (-5, (26, 48, 106), (92, 98, 152), (236, 142, 108), (0.42, 0.40, 0.52)),
    (0, (48, 86, 158), (158, 142, 176), (255, 168, 96), (0.72, 0.60, 0.58)),
    (6, (64, 118, 194), (164, 178, 206), (255, 204, 136), (1.00, 0.83, 0.64)),
    (15, (58, 124, 208), (134, 184, 228), (236, 226, 204), (1.04, 0.97, 0.86)),
    (40, (38, 104, 200), (108, 172, 232), (204, 227, 242), (1.06, 1.04, 1.00)),
)


class Light:
    """Sun, moon and colours at `moment`.

    `sun` and `moon` are (x, y) in parts of the picture, also below the horizon; `altitude_deg` is
    the sun's; `sky` is three colours from the top to the horizon; `night`, `lamps` (lit
    windows) and `gold` (low sun) run from 0 to 1.
    """

    def __init__(self, moment: datetime, horizon: float):
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        self.altitude_deg = _altitude_deg(hour)
        self.sun = _place(hour, horizon)
        self.moon = _place((hour + 12.6) % 24, horizon)
        self.sky, self._factors = _sky(self.altitude_deg)
        self.night = _part(self.altitude_deg, 0, -12)
        self.lamps = _part(self.altitude_deg, 3, -4)
        self.gold = _part(self.altitude_deg, 26, 4) * _part(self.altitude_deg, -11, -3)

    def on(self, colour: Colour, haze: float = 0) -> Colour:
        """Return how an object of `colour` looks in this light through `haze` (0 to 1) of air."""
        lit = [value * factor for value, factor in zip(colour, self._factors, strict=True)]
        air = mix(self.sky[2], self.sky[1], 0.55)
        return mix(clamp(lit), air, haze)

    def sun_colour(self) -> Colour:
        """Return the colour of direct sunlight: white at noon, orange near the horizon."""
        low = _part(self.altitude_deg, 30, 0)
        return mix((255, 250, 236), (255, 156, 74), low)


def mix(first: Colour, second: Colour, part: float) -> Colour:
    """Return `first` with `part` (0 to 1) of `second` in it."""
    return clamp([a + (b - a) * part for a, b in zip(first, second, strict=True)])


def clamp(values: list[float]) -> Colour:
    """Return three numbers as a colour."""
    red, green, blue = (max(0, min(255, round(value))) for value in values)
    return red, green, blue


def _altitude_deg(hour: float) -> float:
    day = (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H)
    if 0 <= day <= 1:
        return _NOON_DEG * math.sin(math.pi * day)
    night = (hour - SUNSET_H) % 24 / (24 - SUNSET_H + SUNRISE_H)
    return _MIDNIGHT_DEG * math.sin(math.pi * night)


def _place(hour: float, horizon: float) -> tuple[float, float]:
    day = (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H)
    return 0.10 + 0.80 * day, horizon - 0.50 * _altitude_deg(hour) / _NOON_DEG


def _part(value: float, start: float, end: float) -> float:
    return max(0.0, min(1.0, (value - start) / (end - start))) if start != end else 0.0


def _sky(altitude_deg: float) -> tuple[Sky, Factors]:
    """Return the row of _SKIES for an altitude, between the two next to it."""
    low = high = _SKIES[0]
    for row in _SKIES:
        low, high = high, row
        if altitude_deg < row[0]:
            break
    part = _part(altitude_deg, low[0], high[0])
    sky = mix(low[1], high[1], part), mix(low[2], high[2], part), mix(low[3], high[3], part)
    red, green, blue = (a + (b - a) * part for a, b in zip(low[4], high[4], strict=True))
    return sky, (red, green, blue)
