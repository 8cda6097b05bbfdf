"""Estimate a camera's monthly AWS bill from its interval, photo size, hours and a price table.

    usage = Usage(interval_s=30, photo_kb=200, keep_days=30)
    print(estimate(usage, load_prices(), "us-east-1").total_usd)

A GB is 10^9 bytes here. AWS bills in units of 2^30 bytes, so its storage cost is 7 % lower.
"""

import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megacam.cloud import cost_digest
from megacam.cloud.cost_digest import Line
from megacam.errors import MegacamError
from megacam.words import count

DAYS = 30
COMPARED_S = (10, 30, 60, 300, 900, 3600)
_GB = 1e9
_HOUR_S = 3600
# Warn about a price table older than this: AWS has changed these prices less than once a year.
_PRICES_OLD_DAYS = 550
_PRICE_NAMES = ("put_1000", "get_1000", "storage_gb", "transfer_gb")
# Measured values for the warnings; docs/cloud.md has the reasoning.
# TLS from MicroPython on an ESP32 transfers about 70 KB a second.
_UPLOAD_BYTES_S = 70_000
# The default of the setting status_min.
_STATUS_S = 900
# Exposure, connection and request before the first byte.
_SHOT_OVERHEAD_S = 2.5
# The file system of a board with 4 MB, and the erase cycles that makers of NOR flash guarantee.
_FLASH_BYTES = 2 << 20
_FLASH_CYCLES = 100_000
_FLASH_YEARS_FINE = 5
# A visit to the site: the newest photo, and a day with its 24 sheets of thumbnails (12 MB, see
# docs/digest.md) and some photos.
_VISIT_REQUESTS = 80
_VISIT_MB = 20
_SITE_PRICES = (
    "requests_free", "requests_10000", "decisions_free", "decisions_1000000", "transfer_free_gb",
    "transfer_gb",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Usage:
    """How a camera is used. `photo_kb` is in units of 1,000 bytes.

    `keep_days`: None keeps photos for ever; the estimate is then for the first full month.
    `views_day`: photos that people open a day. `status_s`: seconds between uploads of status.json.
    `spool_first`: every photo is written to flash before it is sent. `cap_*`: the device's daily
    caps. `motion` is the mode of the setting motion.mode: with "gate" a camera sends `motion_day`
    photos a day because something moved, and one every `keepalive_s` in any case. `updates`: with
    each status.json the camera asks for a release, every 15 minutes if `status_s` is 0.
    `visits_day`: how often somebody opens the private site a day.
    `digest`: a Lambda function sums up each hour; `on_upload`: it also takes each new photo, those
    with "motion" or "all". `label_calls`: how often Rekognition may be called a month for each
    camera. `look_s`: seconds between two looks that `megacam watch` or the digest's function takes
    at each camera, for alarms.
    """

    interval_s: float = 30
    photo_kb: float = 200
    hours_day: float = 24
    keep_days: int | None = 30
    devices: int = 1
    views_day: int = 0
    status_s: float = 0
    spool_first: bool = False
    cap_requests_day: int | None = None
    cap_mb_day: float | None = None
    motion: str = "off"
    motion_day: float = 100
    keepalive_s: float = 3600
    updates: bool = False
    visits_day: float = 0
    digest: bool = False
    on_upload: str = "off"
    label_calls: int = 0
    look_s: float = 0

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise MegacamError(f"{name} is {value:g}; it must be {low:g} to {high:g}")

    @property
    def photos_day(self) -> float:
        """Photos that one camera sends a day."""
        due = self.hours_day * _HOUR_S / self.interval_s
        if self.motion != "gate":
            return due
        kept = self.hours_day * _HOUR_S / max(self.keepalive_s, self.interval_s)
        return min(due, kept + self.motion_day)

    @property
    def status_day(self) -> float:
        """Uploads of status.json by one camera a day."""
        return 24 * _HOUR_S / self.status_s if self.status_s else 0

    @property
    def polls_day(self) -> float:
        """How often one camera a day asks for a release."""
        return (self.status_day or 24 * _HOUR_S / _STATUS_S) if self.updates else 0


#: Bytes per pixel of a daylight JPEG, by quality: a 1600x1200 photo has 350 KB at "high".
_BYTES_A_PIXEL = {"high": 0.18, "medium": 0.1, "low": 0.06}


def typical_kb(resolution: str, quality: str) -> float:
    """Return the typical size in KB of a photo of "1600x1200"; dark or misty ones are smaller."""
    width, _, height = resolution.partition("x")
    kb = int(width) * int(height) * _BYTES_A_PIXEL[quality] / 1e3
    return max(1, float(f"{kb:.2g}"))


_RANGES = (
    ("interval_s", 1, 86_400),
    ("photo_kb", 1, 20_000),
    ("hours_day", 0.1, 24),
    ("keep_days", 1, 36_500),
    ("devices", 1, 10_000),
    ("views_day", 0, 1e9),
    ("cap_requests_day", 1, 1e9),
    ("motion_day", 0, 1e6),
    ("keepalive_s", 60, 86_400),
    ("visits_day", 0, 1e9),
    ("label_calls", 0, 1e6),
    ("look_s", 0, 86_400),
    ("cap_mb_day", 0.001, 1e9),
)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A month's bill, with warnings.

    `growth_usd`: by how much the bill grows with every further month; 0 if photos expire.
    """

    usage: Usage
    region: str
    prices_date: str
    photos: int
    stored_gb: float
    lines: tuple[Line, ...]
    growth_usd: float
    warnings: tuple[str, ...]

    @property
    def total_usd(self) -> float:
        """The sum of the lines."""
        return sum(line.usd for line in self.lines)

    def as_data(self) -> dict[str, Any]:
        """Return the estimate for --json."""
        return {**dataclasses.asdict(self), "total_usd": self.total_usd}


def load_prices(path: Path | None = None) -> dict[str, Any]:
    """Return our price table, or the user's from `path`; raises MegacamError if it is invalid."""
    source = path or Path(__file__).with_name("prices.json")
    try:
        prices = json.loads(source.read_text(encoding="utf-8"))
        datetime.date.fromisoformat(prices["date"])
        float(prices["transfer_free_gb"])
        for name, usual in cost_digest.PRICES.items():
            float(prices.get(name, usual))
        for row in prices["regions"].values():
            for name in _PRICE_NAMES:
                float(row[name])
    except OSError as error:
        raise MegacamError(f"cannot read the price table {source}: {error.strerror}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise MegacamError(f"the price table {source} is not valid: {error}") from error
    except KeyError as error:
        raise MegacamError(f"the price table {source} lacks {error}") from error
    return prices


def estimate(
    usage: Usage, prices: Mapping[str, Any], region: str, today: datetime.date | None = None
) -> Estimate:
    """Return the bill of a 30-day month; raises MegacamError if the table lacks the region."""
    row = prices["regions"].get(region)
    if row is None:
        known = ", ".join(sorted(prices["regions"]))
        raise MegacamError(
            f"the price table has no region {region!r}; it has {known}; give your own table with "
            "--prices"
        )
    photos = round(usage.photos_day * DAYS * usage.devices)
    month_gb = photos * usage.photo_kb * 1e3 / _GB
    stored_gb = month_gb * (usage.keep_days / DAYS if usage.keep_days else 1)
    lines = (
        Line("uploads", f"{photos:,} PUT", photos / 1000 * row["put_1000"]),
        *_status_line(usage, row),
        *_polls_line(usage, row),
        *_looks_line(usage, row),
        Line("storage", _storage_words(usage, stored_gb), stored_gb * row["storage_gb"]),
        Line("transfer in", f"{_gb(month_gb)}", 0.0),
        *_view_lines(usage, row, prices["transfer_free_gb"]),
        *_site_lines(usage, row, prices),
        *cost_digest.lines(usage, row, prices, stored_gb / month_gb if month_gb else 0),
    )
    growth = 0.0 if usage.keep_days else month_gb * row["storage_gb"]
    found = [*_warnings(usage, growth), *_old_prices(prices, today or datetime.date.today())]
    return Estimate(usage, region, prices["date"], photos, stored_gb, lines, growth, tuple(found))


def compare(
    usage: Usage, prices: Mapping[str, Any], region: str, intervals_s: tuple[float, ...]
) -> list[Estimate]:
    """Return the same month at other intervals, shortest first."""
    return [
        estimate(dataclasses.replace(usage, interval_s=interval), prices, region)
        for interval in sorted({*intervals_s, usage.interval_s})
    ]


def flash_years(bytes_day: float, flash_bytes: int = _FLASH_BYTES) -> float:
    """Return the years until a board's flash wears out at `bytes_day`, with even wear."""
    return flash_bytes * _FLASH_CYCLES / bytes_day / 365


def _status_line(usage: Usage, row: Mapping[str, Any]) -> list[Line]:
    puts = round(usage.status_day * DAYS * usage.devices)
    return [Line("status.json", f"{puts:,} PUT", puts / 1000 * row["put_1000"])] if puts else []


def _polls_line(usage: Usage, row: Mapping[str, Any]) -> list[Line]:
    # Nearly all are answered by 304 or "not there", without a body.
    gets = round(usage.polls_day * DAYS * usage.devices)
    return [Line("update polls", f"{gets:,} GET", gets / 1000 * row["get_1000"])] if gets else []


def _looks_line(usage: Usage, row: Mapping[str, Any]) -> list[Line]:
    """Return the line of looks for alarms: each reads state and report and lists new photos."""
    if not usage.look_s:
        return []
    looks = round(24 * _HOUR_S / usage.look_s * DAYS * usage.devices)
    usd = looks / 1000 * (2 * row["get_1000"] + row["put_1000"])
    return [Line("alarms", f"{2 * looks:,} GET, {looks:,} LIST", usd)]


def _view_lines(usage: Usage, row: Mapping[str, Any], free_gb: float) -> list[Line]:
    views = usage.views_day * DAYS
    if not views:
        return []
    out_gb = views * usage.photo_kb * 1e3 / _GB
    paid_gb = max(0.0, out_gb - free_gb)
    return [
        Line("views", f"{views:,} GET", views / 1000 * row["get_1000"]),
        Line("transfer out", f"{_gb(out_gb)}, {free_gb:g} GB free", paid_gb * row["transfer_gb"]),
    ]


def _site_prices(prices: Mapping[str, Any]) -> dict[str, float]:
    try:
        return {name: float(prices["site"][name]) for name in _SITE_PRICES}
    except (KeyError, TypeError, ValueError) as error:
        raise MegacamError(
            f"the price table lacks the site's prices ({error}); see `site` in prices.json"
        ) from error


def _site_lines(usage: Usage, row: Mapping[str, Any], prices: Mapping[str, Any]) -> list[Line]:
    """Return the lines of the site; what CloudFront reads from S3 has no transfer charge."""
    visits = usage.visits_day * DAYS
    if not visits:
        return []
    at = _site_prices(prices)
    requests, out_gb = round(visits * _VISIT_REQUESTS), visits * _VISIT_MB * 1e6 / _GB
    paid = max(0.0, requests - at["requests_free"])
    decided = max(0.0, requests - at["decisions_free"])
    paid_gb = max(0.0, out_gb - at["transfer_free_gb"])
    return [
        Line("site, from S3", f"{requests:,} GET", requests / 1000 * row["get_1000"]),
        Line(
            "site, requests",
            f"{requests:,}, {at['requests_free']:,.0f} free",
            paid / 10_000 * at["requests_10000"],
        ),
        Line(
            "site, who may look",
            f"{requests:,}, {at['decisions_free']:,.0f} free",
            decided / 1e6 * at["decisions_1000000"],
        ),
        Line(
            "site, transfer",
            f"{_gb(out_gb)}, {at['transfer_free_gb']:,.0f} GB free",
            paid_gb * at["transfer_gb"],
        ),
    ]


def _storage_words(usage: Usage, stored_gb: float) -> str:
    kept = f"{count(usage.keep_days, 'day')} kept" if usage.keep_days else "after the first month"
    return f"{_gb(stored_gb)}, {kept}"


def _gb(amount: float) -> str:
    return f"{amount:,.0f} GB" if amount >= 10 else f"{amount:.2g} GB"


def _warnings(usage: Usage, growth_usd: float) -> list[str]:
    return [
        *_growth_warning(growth_usd),
        *_speed_warning(usage),
        *_flash_warning(usage),
        *_cap_warnings(usage),
    ]


def _growth_warning(growth_usd: float) -> list[str]:
    if not growth_usd:
        return []
    return [
        f"photos are never deleted: storage grows by ${growth_usd:.2f} every month, to "
        f"${12 * growth_usd:.2f} a month after a year (`megacam cloud create --keep DAYS`)"
    ]


def _speed_warning(usage: Usage) -> list[str]:
    needed_s = usage.photo_kb * 1e3 / _UPLOAD_BYTES_S + _SHOT_OVERHEAD_S
    if usage.interval_s >= needed_s:
        return []
    return [
        f"a photo of {usage.photo_kb:g} KB takes an ESP32 about {needed_s:.0f} s from shot to "
        f"bucket, so it cannot upload one every {usage.interval_s:g} s"
    ]


def _flash_warning(usage: Usage) -> list[str]:
    bytes_day = usage.photos_day * usage.photo_kb * 1e3
    years = flash_years(bytes_day)
    if not usage.spool_first or years >= _FLASH_YEARS_FINE:
        return []
    return [
        f"spool.first writes {bytes_day / 1e6:,.0f} MB a day to the board's flash, which "
        f"wears out in about {_span(years)}; use an SD card, a longer interval, or switch it off"
    ]


def _span(years: float) -> str:
    return f"{years:.1f} years" if years >= 1.5 else count(max(1, round(years * 12)), "month")


def _cap_warnings(usage: Usage) -> list[str]:
    found = []
    requests = usage.photos_day + usage.status_day + usage.polls_day
    if usage.cap_requests_day and requests > usage.cap_requests_day:
        hour = usage.hours_day * usage.cap_requests_day / requests
        found.append(
            f"the daily cap of {usage.cap_requests_day:,} requests is below the {requests:,.0f} "
            f"that this needs: uploads stop after {hour:.1f} hours of shooting"
        )
    mb = usage.photos_day * usage.photo_kb / 1e3
    if usage.cap_mb_day and mb > usage.cap_mb_day:
        hour = usage.hours_day * usage.cap_mb_day / mb
        found.append(
            f"the daily cap of {usage.cap_mb_day:,g} MB is below the {mb:,.0f} MB that this "
            f"needs: uploads stop after {hour:.1f} hours of shooting"
        )
    return found


def _old_prices(prices: Mapping[str, Any], today: datetime.date) -> list[str]:
    date = datetime.date.fromisoformat(prices["date"])
    if (today - date).days <= _PRICES_OLD_DAYS:
        return []
    return [f"the prices are from {date}; compare them with {prices.get('source', 'AWS')}"]
