"""What the digest adds to the page of a day: keograms, the film and the moments."""

from datetime import date, datetime

from nicegui import ui

from megacam.gallery.markup import text
from megacam.gallery.state import DeviceDay, page_url, piece_url


def strips(one: DeviceDay) -> list[tuple[str, datetime, datetime]]:
    """Return the keograms for the time line: (URL, start, end)."""
    found = one.digest.strips() if one.digest else ()
    return [(piece_url(strip.key), strip.start, strip.end) for strip in found]


def links(one: DeviceDay, shown: date) -> None:
    """Link the moments and the film of the day `shown`, if the digest has them."""
    days = [day for day in one.digest.days if day.day == shown] if one.digest else []
    made = ""
    for day in days:
        if day.moments:
            href = text(page_url("moments", device=one.device, date=day.day))
            made += f'<a class="tool" href="{href}">Moments</a>'
        if day.film:
            href = text(piece_url(day.film.key))
            made += f'<a class="tool" href="{href}" target="_blank">Film of the day</a>'
    if made:
        ui.html(f'<span class="choice">{made}</span>', sanitize=False)
