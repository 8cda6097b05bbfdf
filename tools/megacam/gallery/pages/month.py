"""The calendar page: a month with a picture for each day, and links to all months with photos."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from nicegui import ui

from megacam.gallery.markup import text
from megacam.gallery.pages.frame import empty, filled, heading
from megacam.gallery.state import Gallery, page_url


@dataclass(frozen=True)
class Month:
    """The data of the page: devices, months with photos, and the days of the month on show."""

    devices: list[str]
    device: str
    months: list[tuple[int, int]]
    year: int
    month: int
    days: set[date]


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/month")
    async def page(device: str = "", month: str = "") -> None:
        await filled(
            gallery,
            "month",
            "Calendar",
            lambda: read(gallery, device, month),
            lambda found: _show(gallery, found),
        )


def read(gallery: Gallery, device: str, wanted: str) -> Month:
    """Read one month of a device; one request per year and one for the month; blocks."""
    devices = gallery.bucket.devices()
    if device not in devices:
        device = next((name for name in devices if gallery.bucket.months(name)), "")
    months = gallery.bucket.months(device) if device else []
    today = gallery.today()
    known = [pair for pair in months if pair <= (today.year, today.month)] or months
    year, month = _chosen(wanted) or (known[-1] if known else (today.year, today.month))
    return Month(devices, device, months, year, month, _days(gallery, device, year, month))


def _chosen(wanted: str) -> tuple[int, int] | None:
    try:
        first = date.fromisoformat(f"{wanted}-01")
    except ValueError:
        return None
    return (first.year, first.month) if 1 < first.year < 9999 else None


def _days(gallery: Gallery, device: str, year: int, month: int) -> set[date]:
    """Return the days in the viewer's zone that overlap a UTC day with a folder."""
    if not device:
        return set()
    first = date(year, month, 1)
    around = {(d.year, d.month) for d in (first - timedelta(days=1), first, _next(first))}
    folders = {
        date(y, m, number)
        for y, m in around
        for number in gallery.bucket.days(device, y, m)
        if 1 <= number <= calendar.monthrange(y, m)[1]
    }
    last = calendar.monthrange(year, month)[1]
    wanted = [first + timedelta(days=n) for n in range(last)]
    return {day for day in wanted if _reached(gallery, day) & folders}


def _reached(gallery: Gallery, day: date) -> set[date]:
    span = gallery.span(day)
    return {span.start.date(), (span.end - timedelta(seconds=1)).date()}


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _show(gallery: Gallery, found: Month) -> None:
    if not found.months:
        return empty(
            "No photos yet",
            ["The calendar fills as soon as a device has sent its first photo."],
            (".", "Watch for it on the Now page"),
        )
    name = f"{calendar.month_name[found.month]} {found.year}"
    heading(name)
    with ui.element("div").classes("row-tools"):
        ui.html(_device_links(found), sanitize=False)
        for links in _month_links(found):
            ui.html(links, sanitize=False)
    ui.html(_calendar(gallery, found, name), sanitize=False)
    return None


def _device_links(found: Month) -> str:
    links = "".join(
        f'<a class="tool"{" aria-current=true" if device == found.device else ""} '
        f'href="{text(page_url("month", device=device))}">{text(device)}</a>'
        for device in found.devices
    )
    return f'<nav class="choice" aria-label="Devices">{links}</nav>'


def _month_links(found: Month) -> list[str]:
    """Return links to the years, each to its last month, and to the months of this year."""
    last = {year: (year, month) for year, month in found.months}
    years = [_link(found, pair, str(year), year == found.year) for year, pair in last.items()]
    months = [
        _link(found, (year, month), calendar.month_abbr[month], month == found.month)
        for year, month in found.months
        if year == found.year
    ]
    return [
        f'<nav class="choice" aria-label="{name}">{"".join(links)}</nav>'
        for name, links in (("Years", years), ("Months", months))
    ]


def _link(found: Month, pair: tuple[int, int], label: str, is_on_show: bool) -> str:
    href = text(page_url("month", device=found.device, month=f"{pair[0]:04d}-{pair[1]:02d}"))
    current = " aria-current=true" if is_on_show else ""
    return f'<a class="tool"{current} href="{href}">{label}</a>'


def _calendar(gallery: Gallery, found: Month, name: str) -> str:
    heads = "".join(f"<span class=weekday>{day}</span>" for day in calendar.day_abbr)
    first = date(found.year, found.month, 1)
    cells = "<span></span>" * first.weekday()
    for number in range(calendar.monthrange(found.year, found.month)[1]):
        cells += _day(gallery, found, first + timedelta(days=number))
    return f'<div class="calendar" role="group" aria-label="{name}">{heads}{cells}</div>'


def _day(gallery: Gallery, found: Month, day: date) -> str:
    today = " today" if day == gallery.today() else ""
    if day not in found.days:
        return f'<span class="day none{today}" title="no photos"><b>{day.day}</b></span>'
    href = text(page_url("day", device=found.device, date=day))
    cover = text(page_url("img/cover", device=found.device, day=day))
    return (
        f'<a class="day photo{today}" href="{href}" aria-label="{day:%A %d %B %Y}">'
        f'<img loading="lazy" src="{cover}" alt=""><b>{day.day}</b></a>'
    )
