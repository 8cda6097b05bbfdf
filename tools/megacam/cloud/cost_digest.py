"""What the digest adds to the monthly bill: its hours, and the photos that it takes on upload.

Measured figures; docs/digest.md has them. AWS's free tier (a million requests and 400,000 GB-s a
month) is not in it, as in the whole table.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

_DAYS = 30
_HOURS = 24 * _DAYS
_GB = 1e9
#: 1,000 runs, a GB and second on arm64, and 1,000 calls of DetectLabels; the same or nearly so in
#: most regions. A price table of your own may name others. https://aws.amazon.com/lambda/pricing/,
#: https://aws.amazon.com/rekognition/pricing/
PRICES = {"lambda_1000": 0.0002, "lambda_gb_s": 0.0000133334, "rekognition_1000": 1.0}
_MEMORY_GB = 1.0
# An hour of 120 photos takes 2.6 s of a whole core with its film, and Lambda gives 0.58 of one
# for 1 GB; waiting for S3 and the start come on top.
_HOUR_S, _PHOTO_S = 3.0, 0.06
_UPLOAD_S = 0.4
_LOOK_S = 0.1
# Of each hour: index, keogram, film, the day's index and its keogram.
_HOUR_PUTS = 5
# Listings and small reads: two days of photos' names, what single photos left, the indexes and
# strips of a day.
_HOUR_LISTS, _HOUR_GETS = 9, 16
_SHEET_PHOTOS = 120
_PHOTO_BYTES, _HOUR_BYTES = 4_500, 300_000
_MOVED_SHARE = 0.05


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of the bill: what it is for, the amount in words, and US dollars a month."""

    what: str
    amount: str
    usd: float


def lines(
    usage: Any, row: Mapping[str, Any], prices: Mapping[str, Any], months_kept: float
) -> list[Line]:
    """Return the lines of the digest; none if `usage` does not ask for it.

    `usage` is a cost.Usage, `row` the prices of the region, `months_kept` how long objects stay.
    """
    found = []
    if usage.digest:
        found += _hourly(usage, row, prices, months_kept)
    if usage.on_upload != "off":
        found.append(_on_upload(usage, row, prices))
    if usage.label_calls:
        found.append(_labels(usage, row, prices))
    return found


def _labels(usage: Any, row: Mapping[str, Any], prices: Mapping[str, Any]) -> Line:
    """Return the line of Rekognition at the limit: each call reads a photo and annotates it."""
    calls = usage.label_calls * usage.devices
    price = prices.get("rekognition_1000", PRICES["rekognition_1000"])
    usd = calls / 1000 * (price + row["get_1000"] + row["put_1000"])
    return Line("digest: labels", f"at most {calls:,} calls of Rekognition", usd)


def _hourly(
    usage: Any, row: Mapping[str, Any], prices: Mapping[str, Any], months_kept: float
) -> list[Line]:
    runs = _HOURS * usage.devices
    photos = round(usage.photos_day * _DAYS * usage.devices)
    gb_s = (runs * _HOUR_S + photos * _PHOTO_S) * _MEMORY_GB
    gets = photos + runs * _HOUR_GETS
    puts = runs * (_HOUR_PUTS + _HOUR_LISTS) + photos / _SHEET_PHOTOS
    work = _work(runs, gb_s, prices)
    asked = gets / 1000 * row["get_1000"] + puts / 1000 * row["put_1000"]
    kept_gb = (photos * _PHOTO_BYTES + runs * _HOUR_BYTES) / _GB * months_kept
    return [
        Line("digest: Lambda", f"{runs:,} runs, {gb_s:,.0f} GB-s", work),
        Line("digest: requests", f"{gets:,} GET, {puts:,.0f} PUT and LIST", asked),
        Line("digest: storage", f"{kept_gb:.2g} GB", kept_gb * row["storage_gb"]),
    ]


def _on_upload(usage: Any, row: Mapping[str, Any], prices: Mapping[str, Any]) -> Line:
    """Return the line of single photos: each starts the function, only some are read."""
    photos = round(usage.photos_day * _DAYS * usage.devices)
    motion = usage.on_upload == "motion"
    taken = photos * _MOVED_SHARE if motion and usage.motion != "gate" else photos
    gb_s = (photos * _LOOK_S + taken * (_UPLOAD_S - _LOOK_S)) * _MEMORY_GB
    work = _work(photos, gb_s, prices)
    gets = taken + (photos if motion else 0)
    asked = gets / 1000 * row["get_1000"] + taken / 1000 * row["put_1000"]
    words = f"{photos:,} runs, {taken:,.0f} thumbnails"
    return Line("digest on upload", words, work + asked)


def _work(runs: float, gb_s: float, prices: Mapping[str, Any]) -> float:
    run, second = (prices.get(name, PRICES[name]) for name in ("lambda_1000", "lambda_gb_s"))
    return runs / 1000 * run + gb_s * second
