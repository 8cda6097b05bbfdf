"""The page of moments: of each day of a week, the few photos that differ most, from the digest."""

from dataclasses import dataclass
from datetime import date, timedelta

from nicegui import ui

from megacam.gallery import photos
from megacam.gallery.markup import text
from megacam.gallery.pages.frame import empty, filled, heading
from megacam.gallery.photos import Photo
from megacam.gallery.state import Gallery, page_url, thumb_url

_DAYS_SHOWN = 7


@dataclass(frozen=True)
class Week:
    """The data of the page: `last` is its newest day; `days` has those with moments."""

    devices: list[str]
    device: str
    last: date
    days: list[tuple[date, list[Photo]]]


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/moments")
    async def page(device: str = "", date: str = "") -> None:
        await filled(
            gallery,
            "moments",
            "Moments",
            lambda: read(gallery, device, date),
            lambda week: _show(gallery, week),
        )


def read(gallery: Gallery, device: str, wanted: str) -> Week:
    """Read a week of a device, one request a day; blocks."""
    devices = gallery.bucket.devices()
    device = device if device in devices else next(iter(devices), "")
    last = _day_of(gallery, wanted)
    found = []
    for number in range(_DAYS_SHOWN if device else 0):
        day = gallery.digests.of_day(device, last - timedelta(days=number))
        shown = [photos.parse(key) for key in day.moments] if day else []
        if day and shown:
            found.append((day.day, [photo for photo in shown if photo]))
    return Week(devices, device, last, found)


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
        f'href="{text(page_url("moments", device=device, date=week.last))}">{text(device)}</a>'
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


def _week_link(week: Week, last: date, words: str) -> str:
    href = text(page_url("moments", device=week.device, date=last))
    return f'<a class="tool" href="{href}">{words}</a>'


def _day(gallery: Gallery, device: str, day: date, shown: list[Photo]) -> str:
    href = text(page_url("day", device=device, date=day))
    cells = "".join(_cell(gallery, photo) for photo in shown)
    return (
        f'<section class="moments"><h2><a href="{href}">{day:%A, %d %B %Y}</a></h2>'
        f'<div class="cells">{cells}</div></section>'
    )


def _cell(gallery: Gallery, photo: Photo) -> str:
    local = photo.taken.astimezone(gallery.zone)
    words = text(f"{photo.device} at {local:%H:%M:%S}")
    day = page_url("day", device=photo.device, date=local.date())
    href = text(f"{day}#at-{int(photo.taken.timestamp())}")
    source = text(thumb_url(photo))
    return (
        f'<a class="cell" href="{href}" title="{words}"><img loading="lazy" decoding="async" '
        f'src="{source}" data-retry="{source}" alt="{words}">'
        f'<span class="time">{local:%H:%M}</span></a>'
    )
