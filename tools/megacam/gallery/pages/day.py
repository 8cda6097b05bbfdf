"""The page of a day: player with timeline, grid with gaps, and the search for motion."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Query
from nicegui import run, ui

from megacam.gallery import days, markup, state
from megacam.gallery.markup import Track, text
from megacam.gallery.pages import day_view, digested
from megacam.gallery.pages.day_view import DETAIL, DEVICES_SHOWN, View
from megacam.gallery.pages.frame import button, empty, fill, frame
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import (
    DeviceDay,
    Gallery,
    page_url,
    photo_base,
    small_base,
    small_url,
    thumb_base,
    thumb_url,
)
from megacam.gallery.work import Work


@dataclass(frozen=True)
class Read:
    """The data read for a view."""

    view: View
    known: list[str]
    read: list[DeviceDay]
    year_ago: Photo | None


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/day")
    async def page(
        device: Annotated[list[str] | None, Query()] = None,
        date: str = "",
        slot: int | None = None,
        motion: str = "",
        label: str = "",
    ) -> None:
        main = frame(gallery, "month", date or "Today")
        day, only = _day_of(gallery, date), motion == "only"
        view = View(tuple(device or ()), day, slot, only, digested.asked(label))
        await ui.context.client.connected()
        await fill(gallery, main, lambda: read(gallery, view), lambda r: _show(gallery, r))


def read(gallery: Gallery, view: View) -> Read:
    """Read the day of every device of the view; blocks."""
    known = gallery.bucket.devices()
    chosen = tuple(name for name in dict.fromkeys(view.devices) if name in known)[:DEVICES_SHOWN]
    chosen = chosen or tuple(known[:1])
    with ThreadPoolExecutor() as readers:
        year_ago = readers.submit(_year_ago, gallery, chosen, view.day)
        found = list(readers.map(lambda name: state.read_day(gallery, name, view.day), chosen))
    slot_s = view.slot_s if view.slot_s in dict(DETAIL) else _slot(found)
    shown = replace(view, devices=chosen, slot_s=slot_s)
    return Read(shown, known, found, year_ago.result())


def _year_ago(gallery: Gallery, devices: tuple[str, ...], day: date) -> Photo | None:
    """Return a photo of a year ago: the first after noon, or the first; at most two requests."""
    if not devices:
        return None
    try:
        then = day.replace(year=day.year - 1)
    except ValueError:
        # 29 February.
        then = day - timedelta(days=366)
    span = gallery.span(then)
    noon = span.start + timedelta(hours=12)
    first = gallery.bucket.first
    any_time = first(devices[0], span.start, span.end)
    return any_time and (first(devices[0], noon, span.end) or any_time)


def _day_of(gallery: Gallery, wanted: str) -> date:
    try:
        day = date.fromisoformat(wanted)
    except ValueError:
        return gallery.today()
    return min(max(day, date(1971, 1, 1)), gallery.today() + timedelta(days=1))


def _slot(found: list[DeviceDay]) -> int:
    """Return the slot length in seconds (0: every photo), at least the cameras' interval."""
    usual_s = max((days.interval_s(one.photos) for one in found), default=0)
    return next(slot_s for slot_s in (300, 1800, 0) if not slot_s or usual_s <= slot_s)


def _show(gallery: Gallery, found: Read) -> None:
    view = found.view
    ui.html(day_view.title(view, gallery.today()), sanitize=False)
    is_empty = not any(one.photos for one in found.read)
    player = ui.element("div")
    _navigation(found)
    if is_empty:
        return empty(
            "No photos on this day",
            ["The device was off, or its photos are still on it and will arrive later."],
            (page_url("month", device=view.devices[0] if view.devices else None), "Calendar"),
        )
    tools = ui.element("div").classes("row-tools")
    _before(gallery, found)
    grids = ui.element("div")

    def draw() -> None:
        for place, content in ((player, _draw_player), (grids, _draw_grids)):
            place.clear()
            with place:
                content(gallery, found)

    draw()
    with tools:
        _tools(gallery, found, draw)
    _watch(gallery, found)
    return None


def _navigation(found: Read) -> None:
    view = found.view
    with ui.element("div").classes("row-tools"):
        ui.html(day_view.device_links(view, found.known), sanitize=False)
        chooser = ui.input("Jump to", value=view.day.isoformat()).props(
            "type=date dense outlined stack-label"
        )
        chooser.on("change", lambda: ui.navigate.to(view.url(date=chooser.value)))
        ui.html(day_view.detail_links(view), sanitize=False)


def _tools(gallery: Gallery, found: Read, redraw: Callable[[], None]) -> None:
    view = found.view
    total = sum(len(one.photos) for one in found.read)
    size = sum(photo.size_bytes for one in found.read for photo in one.photos) / 1e6
    missing = [g for one in found.read for g in one.gaps if g.kind == days.OUTAGE]
    lost = days.words(sum(g.seconds for g in missing))
    gaps = "1 gap" if len(missing) == 1 else f"{len(missing)} gaps"
    gap_words = f" · {gaps}, {lost}" if missing else " · no gaps"
    ui.label(f"{total:,} photos · {size:,.1f} MB{gap_words}").classes("summary")
    digested.links(found.read[0], view.day)
    digested.day_search(view, found.read)
    ui.element("span").classes("spring")
    _MotionSearch(gallery, found, redraw, size)


def _before(gallery: Gallery, found: Read) -> None:
    """Show the same day a year ago, if there is a photo of it."""
    photo = found.year_ago
    if photo is None:
        return
    when = photo.taken.astimezone(gallery.zone)
    begin = _begin(gallery, found)
    now = next((p for one in found.read for p in one.photos if p.taken == begin), None)
    day = text(page_url("day", device=photo.device, date=when.date()))
    source = text(thumb_url(photo))
    both = text(page_url("compare", a=photo.key, b=now.key if now else None))
    ui.html(
        f'<aside class="year-ago" aria-label="This day a year ago"><a class="photo" href="{day}">'
        f'<img src="{source}" data-retry="{source}" alt="{text(photo.device)} a year ago"></a>'
        f"<div><b>This day a year ago</b><span>{when:%A, %d %B %Y, %H:%M}</span>"
        f'<span class="choice"><a class="tool" href="{day}">Its day</a>'
        f'<a class="tool" href="{both}">Compare</a></span></div></aside>',
        sanitize=False,
    )


def _draw_player(gallery: Gallery, found: Read) -> None:
    """Draw the player; called again after a search for motion."""
    tracks = _tracks(gallery, found)
    links = (("Details", "photo?key="), ("Compare", "compare?a="))
    span, begin = gallery.span(found.view.day), _begin(gallery, found)
    player = markup.player(tracks, span, begin, links, favourites=True)
    ui.html(player, sanitize=False).classes("watch")
    foot = f'<div class="player-foot">{markup.legend(tracks)}{markup.keys()}</div>'
    ui.html(foot, sanitize=False)


def _tracks(gallery: Gallery, found: Read) -> list[Track]:
    starred = gallery.favourites.keys()
    return [
        Track(
            one.device,
            photo_base(one.device),
            small_base(one.device) if one.digest else thumb_base(one.device),
            one.photos,
            one.gaps,
            gallery.moved(one.device, found.view.day),
            starred,
            digested.strips(one),
        )
        for one in found.read
    ]


def _draw_grids(gallery: Gallery, found: Read) -> None:
    """Draw one grid per camera; called again after a search for motion."""
    view = found.view
    if view.label:
        digested.show_found(gallery, view.label, found.read)
        return
    for one, track in zip(found.read, _tracks(gallery, found), strict=True):
        only = " only-motion" if view.only_motion and track.moved else ""
        with ui.element("section").classes(f"grid{only}"):
            name = text(one.device) if len(found.read) > 1 else "Hour by hour"
            ui.html(f"<h2>{name}</h2>", sanitize=False)
            if view.slot_s:
                ui.html(_grid(gallery, view, one, track.moved), sanitize=False)
            else:
                rows = markup.every_photo(track, gallery.span(view.day), bool(only))
                ui.html(rows, sanitize=False)


def _grid(gallery: Gallery, view: View, one: DeviceDay, moved: frozenset[str]) -> str:
    span = gallery.span(view.day)
    assert view.slot_s
    end = min(span.end, gallery.bucket.now())
    last = span.start + timedelta(hours=1 + max(0, (end - span.start).total_seconds() // 3600))
    cells = days.slots(one.photos, span.start, min(last, span.end), view.slot_s, one.gaps)
    # In wider cells, the small ones would be blurred.
    is_small = one.digest and view.slot_s <= 300
    return markup.grid(cells, span, small_url if is_small else thumb_url, moved, waits=True)


def _begin(gallery: Gallery, found: Read) -> datetime:
    """Return where the player starts: today at the newest photo, else at the first after noon."""
    taken = sorted(photo.taken for one in found.read for photo in one.photos)
    if found.view.day >= gallery.today():
        return taken[-1]
    noon = gallery.span(found.view.day).start + timedelta(hours=12)
    return next((moment for moment in taken if moment >= noon), taken[-1])


def _watch(gallery: Gallery, found: Read) -> None:
    """On today's page, offer a button when there are new photos."""
    if found.view.day != gallery.today():
        return
    place = ui.element("div").classes("news").props('role="status"')
    last = [one.photos[-1] for one in found.read if one.photos]

    async def poll() -> None:
        try:
            newer = [await run.io_bound(gallery.bucket.newer, photo) for photo in last]
        except BucketError:
            return
        count = sum(len(photos or ()) for photos in newer)
        place.clear()
        if count:
            with place:
                words = f"{count} new photo{'s' if count > 1 else ''}: show"
                button(words, ui.navigate.reload, "primary")

    ui.timer(max(gallery.poll_s, 10.0), poll, immediate=False)


class _MotionSearch:
    """The button that searches a day for motion, its progress, and then the filter."""

    def __init__(self, gallery: Gallery, found: Read, redraw: Callable[[], None], size_mb: float):
        self._gallery = gallery
        self._found = found
        self._redraw = redraw
        self._size_mb = size_mb
        self._work = Work()
        self._place = ui.element("div").classes("motion-search")
        self._draw()

    def _draw(self) -> None:
        self._place.clear()
        view = self._found.view
        keys = [f"{one.device}/{view.day}" for one in self._found.read]
        with self._place:
            if not all(key in self._gallery.marks for key in keys):
                size = f"{self._size_mb:,.0f} MB"
                find = button("Find motion", self._search)
                find.tooltip(
                    "Asks for what the camera has seen (motion.mode); without that, looks through "
                    f"the photos once: at most {size} from S3"
                )
                return
            count = sum(len(self._gallery.marks[key]) for key in keys)
            ui.label(f"{count} with motion").classes("motion-count")
            only = not view.only_motion
            href = text(view.url(motion="only" if only else None))
            words = "Show only these" if only else "Show all"
            if count:
                ui.html(f'<a class="tool" href="{href}">{words}</a>', sanitize=False)

    async def _search(self) -> None:
        self._work = Work(sum(len(one.photos) for one in self._found.read))
        ui.context.client.on_delete(self._work.stop)
        self._draw_progress(self._work)
        try:
            for one in self._found.read:
                await asyncio.to_thread(
                    state.find_motion,
                    self._gallery,
                    one.device,
                    self._found.view.day,
                    one.photos,
                    self._work,
                )
        except BucketError as error:
            ui.notify(str(error), type="negative", multi_line=True)
        if self._place.is_deleted:
            return
        self._draw()
        self._redraw()

    def _draw_progress(self, work: Work) -> None:
        self._place.clear()
        with self._place:
            bar = ui.linear_progress(0, show_value=False).props(
                'aria-label="Looking for motion" rounded'
            )
            label = ui.label(f"0 of {work.total:,}")
            button("Cancel", work.stop)

            def tick() -> None:
                bar.set_value(work.done / max(1, work.total))
                label.set_text(f"{work.done:,} of {work.total:,}")

            ui.timer(0.3, tick)
