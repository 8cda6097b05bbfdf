"""The page of moments: of each day of a week, the few photos that differ most, from the digest."""

from dataclasses import dataclass
from datetime import date, timedelta

from nicegui import ui

from megacam.digest.index import Day, Row
from megacam.gallery.digests import fits
from megacam.gallery.markup import text
from megacam.gallery.pages import digested
from megacam.gallery.pages.frame import empty, filled, heading
from megacam.gallery.state import Gallery, page_url

_DAYS_SHOWN = 7


@dataclass(frozen=True)
class Week:
    """The data of the page: `last` is its newest day; `days` has those with moments.

    With `label`, these are the photos with that label. `names` are all labels of the week.
    """

    devices: list[str]
    device: str
    last: date
    days: list[tuple[date, list[Row]]]
    label: str = ""
    names: frozenset[str] = frozenset()


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/moments")
    async def page(device: str = "", date: str = "", label: str = "") -> None:
        await filled(
            gallery,
            "moments",
            "Moments",
            lambda: read(gallery, device, date, digested.asked(label)),
            lambda week: _show(gallery, week),
        )


def read(gallery: Gallery, device: str, wanted: str, label: str = "") -> Week:
    """Read a week of a device, one request for each day that has a digest; blocks."""
    devices = gallery.bucket.devices()
    device = device if device in devices else next(iter(devices), "")
    last = _day_of(gallery, wanted)
    found: list[tuple[date, list[Row]]] = []
    names: set[str] = set()
    listed = gallery.digests.days(device) if device else frozenset()
    for number in range(_DAYS_SHOWN):
        local = last - timedelta(days=number)
        if listed is not None and local not in listed:
            continue
        day = gallery.digests.of_day(device, local)
        rows = day.rows() if day else []
        names |= {name for row in rows for name, _ in row.labels or ()}
        shown = [row for row in rows if fits(row, label)] if label else _moments(day)
        if day and shown:
            found.append((day.day, shown[: digested.FOUND_MOST]))
    return Week(devices, device, last, found, label, frozenset(names))


def _moments(day: Day | None) -> list[Row]:
    return [row for row in day.rows() if row.photo.key in day.moments] if day else []


def _day_of(gallery: Gallery, wanted: str) -> date:
    today = gallery.today()
    try:
        return min(max(date.fromisoformat(wanted), date(1971, 1, 1)), today)
    except ValueError:
        return today


def _show(gallery: Gallery, week: Week) -> None:
    heading("Moments")
    with ui.element("div").classes("row-tools"):
        for links in _links(gallery, week):
            ui.html(links, sanitize=False)
        values = {"device": week.device, "date": week.last}
        ui.html(digested.search("moments", values, week.label, week.names), sanitize=False)
    if week.label and not week.days:
        return empty(f"No {week.label} in these seven days", ["Earlier days may have some."])
    if not week.days:
        return empty(
            "No moments in these seven days",
            [
                "Moments come from the digest: of each day, the photos that differ most. "
                "<code>megacam digest</code> makes it, on this computer or every hour in the "
                "cloud."
            ],
        )
    for day, shown in week.days:
        ui.html(_day(gallery, week.device, day, shown), sanitize=False)
    return None


def _links(gallery: Gallery, week: Week) -> list[str]:
    devices = "".join(
        f'<a class="tool"{" aria-current=true" if device == week.device else ""} '
        f'href="{text(_url(week, device, week.last))}">{text(device)}</a>'
        for device in week.devices
    )
    earlier = week.last - timedelta(days=_DAYS_SHOWN)
    later = week.last + timedelta(days=_DAYS_SHOWN)
    weeks = _week_link(week, earlier, "◀ Earlier")
    if week.last < gallery.today():
        weeks += _week_link(week, min(later, gallery.today()), "Later ▶")
    return [
        f'<nav class="choice" aria-label="{name}">{links}</nav>'
        for name, links in (("Camera", devices), ("Weeks", weeks))
    ]


def _url(week: Week, device: str, last: date) -> str:
    return page_url("moments", device=device, date=last, label=week.label or None)


def _week_link(week: Week, last: date, words: str) -> str:
    href = text(_url(week, week.device, last))
    return f'<a class="tool" href="{href}">{words}</a>'


def _day(gallery: Gallery, device: str, day: date, shown: list[Row]) -> str:
    href = text(page_url("day", device=device, date=day))
    cells = "".join(digested.cell(gallery, row.photo, row.labels) for row in shown)
    return (
        f'<section class="moments"><h2><a href="{href}">{day:%A, %d %B %Y}</a></h2>'
        f'<div class="cells">{cells}</div></section>'
    )
