"""What the digest adds to the pages: keograms, the film, the moments, a search of the labels."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from nicegui import ui

from megacam.digest.models import NAME_CHARACTERS, Labels
from megacam.gallery.markup import text
from megacam.gallery.pages.day_view import View
from megacam.gallery.photos import Photo
from megacam.gallery.state import DeviceDay, Gallery, page_url, piece_url, thumb_url

# More than that are no help, and every one is a picture to load.
FOUND_MOST = 500


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


def asked(label: str) -> str:
    """Return what is searched for, from a parameter of the URL."""
    return " ".join(label.split())[:NAME_CHARACTERS]


def day_search(view: View, read: Sequence[DeviceDay]) -> None:
    """Let the labels of a day be searched, if there are any."""
    names = {name for one in read if one.digest for name in one.digest.label_names()}
    values = {"device": list(view.devices), "date": view.day, "slot": view.slot_s}
    ui.html(search("day", values, view.label, names), sanitize=False)


def show_found(gallery: Gallery, label: str, read: Sequence[DeviceDay]) -> None:
    """Show the photos of a day with a label, instead of its grid."""
    for one in read:
        rows = one.digest.labelled(label) if one.digest else []
        there = {photo.key for photo in one.photos}
        rows = [row for row in rows if row.photo.key in there]
        cells = "".join(
            cell(gallery, row.photo, row.labels, is_here=True) for row in rows[:FOUND_MOST]
        )
        words = text(f"{one.device}: {label}" if len(read) > 1 else label)
        ui.html(
            f'<section class="moments found"><h2>{words} ({len(rows):,})</h2>'
            f'<div class="cells">{cells}</div></section>',
            sanitize=False,
        )


def search(page: str, values: Mapping[str, object], label: str, names: Iterable[str]) -> str:
    """Return a form that searches labels, "" if there is nothing to search.

    `values` are the other parameters of the page, `names` are offered while one types.
    """
    offered = "".join(f'<option value="{text(name)}">' for name in sorted(names))
    if not offered and not label:
        return ""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{text(str(one))}">'
        for name, value in values.items()
        for one in (value if isinstance(value, list) else [value])
        if one is not None
    )
    back = text(page_url(page, **values))
    everything = f'<a class="tool" href="{back}">Show all</a>' if label else ""
    return (
        f'<form class="choice search" role="search" action="{page}">{hidden}'
        f'<input class="tool" type="search" name="label" value="{text(label)}" list="label-names" '
        f'maxlength="{NAME_CHARACTERS}" placeholder="Search: fox" autocomplete="off" '
        'aria-label="Search the labels" aria-keyshortcuts="/">'
        f'<datalist id="label-names">{offered}</datalist>'
        f'<button class="tool">Search</button>{everything}</form>'
    )


def cell(
    gallery: Gallery, photo: Photo, labels: Labels | None = None, *, is_here: bool = False
) -> str:
    """Return a picture, named by its labels, that leads to its moment, `is_here`: on this page."""
    local = photo.taken.astimezone(gallery.zone)
    named = ", ".join(name for name, _ in labels or ())
    words = text(f"{photo.device} at {local:%H:%M:%S}{': ' if named else ''}{named}")
    day = page_url("day", device=photo.device, date=local.date())
    href = text(f"{'' if is_here else day}#at-{int(photo.taken.timestamp())}")
    source = text(thumb_url(photo))
    return (
        f'<a class="cell" href="{href}" title="{words}"><img loading="lazy" decoding="async" '
        f'src="{source}" data-retry="{source}" alt="{words}">'
        f'<span class="time">{local:%H:%M} {text(named)}</span></a>'
    )
