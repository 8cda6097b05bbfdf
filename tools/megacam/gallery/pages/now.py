"""The page "Now": the newest photo of every device, updated as photos arrive, and its health."""

import asyncio
from dataclasses import dataclass
from typing import Any

from nicegui import run, ui

from megacam.gallery import days, health, markup
from megacam.gallery.health import Finding
from megacam.gallery.markup import text
from megacam.gallery.pages.frame import empty, fill, frame, heading
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import Gallery, page_url, photo_url

_DEVICES_EVERY = 6
_STATE_WORDS = {health.GOOD: "fine", health.FAIR: "check", health.BAD: "trouble"}


@dataclass
class Seen:
    """The newest photo and the status.json of a device."""

    newest: Photo | None = None
    status: dict[str, Any] | None = None


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/")
    async def page() -> None:
        main = frame(gallery, ".", "Now")
        await ui.context.client.connected()
        await fill(
            gallery, main, lambda: look_at_all(gallery), lambda seen: _show(gallery, main, seen)
        )


def look_at_all(gallery: Gallery) -> dict[str, Seen]:
    """Read every device's newest photo and status; blocks."""
    return {device: look(gallery, device, Seen()) for device in gallery.bucket.devices()}


def look(gallery: Gallery, device: str, seen: Seen) -> Seen:
    """Read the news of a device; two requests if its last photo is known; blocks."""
    bucket = gallery.bucket
    status = bucket.status(device)
    if seen.newest is None:
        return Seen(bucket.newest(device), status)
    newer = bucket.newer(seen.newest)
    # A full page means that the gallery was suspended for hours: search from the end again.
    newest = bucket.newest(device) if len(newer) >= 900 else (newer or [seen.newest])[-1]
    return Seen(newest, status)


def _show(gallery: Gallery, main: ui.element, seen: dict[str, Seen]) -> None:
    heading("Now")
    if any(one.newest or one.status for one in seen.values()):
        _Wall(gallery, seen)
    else:
        _nothing_yet(gallery, main, bool(seen))


class _Wall:
    """A card for each device; polls S3 as long as the page is open."""

    def __init__(self, gallery: Gallery, seen: dict[str, Seen]):
        self._gallery = gallery
        self._rounds = 0
        self._banner = ui.element("div")
        self._grid = ui.element("div").classes("devices")
        # A folder without photos and status.json may be no device, so it gets no card.
        self._cards: dict[str, _Card] = {}
        for device, one in seen.items():
            self._place(device, one)
        ui.timer(gallery.poll_s, self._poll, immediate=False)
        ui.timer(1.0, lambda: [card.tick() for card in self._cards.values()])

    def _place(self, device: str, one: Seen) -> None:
        if one.newest or one.status:
            with self._grid:
                self._cards[device] = _Card(self._gallery, device, one)

    async def _poll(self) -> None:
        self._rounds += 1
        try:
            await asyncio.gather(*(card.refresh() for card in self._cards.values()))
            if self._rounds % _DEVICES_EVERY == 0:
                await self._find_new_devices()
        except BucketError as error:
            _tell(self._banner, str(error))
        else:
            self._banner.clear()

    async def _find_new_devices(self) -> None:
        for device in await run.io_bound(self._gallery.bucket.devices) or ():
            if device not in self._cards:
                one = await run.io_bound(look, self._gallery, device, Seen())
                self._place(device, one or Seen())


def _nothing_yet(gallery: Gallery, main: ui.element, has_folders: bool) -> None:
    name = text(gallery.bucket.name)
    lines = [
        f"The bucket <b>{name}</b> can be read, and holds no photos so far.",
        "Set a board up with <code>megacam deploy</code>; its first photo appears here by itself "
        "about a minute after the start.",
        "No board at hand? <code>megacam demo --gallery</code> shows it with a simulated camera.",
    ]
    if has_folders:
        lines.insert(1, "It has folders, but none with photos named as megacam names them.")
    empty("No photos yet", lines)

    async def poll() -> None:
        try:
            found = await run.io_bound(look_at_all, gallery)
        except BucketError:
            return
        if found and any(one.newest or one.status for one in found.values()):
            timer.cancel()
            main.clear()
            with main:
                _show(gallery, main, found)

    timer = ui.timer(gallery.poll_s, poll)


def _tell(place: ui.element, words: str) -> None:
    place.clear()
    with place:
        ui.html(
            f'<p class="banner" role="alert">This page may be out of date. {text(words)}</p>',
            sanitize=False,
        )


class _Card:
    """A device on the page; sends only changes to the browser."""

    def __init__(self, gallery: Gallery, device: str, seen: Seen):
        self._gallery = gallery
        self._device = device
        self._seen = seen
        with ui.element("article").classes("device"):
            self._picture = ui.html("", sanitize=False).classes("device-photo")
            self._head = ui.html("", sanitize=False).classes("device-head")
            self._facts = ui.html("", sanitize=False).classes("device-facts")
            self._details = ui.html("", sanitize=False).classes("device-details")
        self._draw_photo()
        self.tick()
        self._draw_details()

    async def refresh(self) -> None:
        """Ask S3 for news and draw the changes."""
        fresh = await run.io_bound(look, self._gallery, self._device, self._seen)
        if fresh is None:
            return
        old, self._seen = self._seen, fresh
        if fresh.newest != old.newest:
            self._draw_photo()
        if fresh.status != old.status:
            self._draw_details()
        self.tick()

    def tick(self) -> None:
        """Draw the parts that change as time passes."""
        found = self._findings()
        level = health.level(found)
        age = self._age()
        self._set(
            self._head,
            f'<h2><a href="{text(self._day())}">{text(self._device)}</a></h2>'
            f'<span class="age">{text(age)}</span>'
            f'<span class="state {level}">{_STATE_WORDS[level]}</span>',
        )
        self._set(self._facts, _list_of(found))

    def _draw_photo(self) -> None:
        photo = self._seen.newest
        if photo is None:
            return self._set(self._picture, '<p class="photo none">No photo yet</p>')
        when = photo.taken.astimezone(self._gallery.zone)
        words = text(f"{photo.device} at {when:%Y-%m-%d %H:%M:%S}")
        source = text(photo_url(photo))
        href = text(page_url("photo", key=photo.key))
        return self._set(
            self._picture,
            f'<a class="photo" href="{href}"><img src="{source}" data-retry="{source}" '
            f'alt="{words}"><span class="tag left">{when:%H:%M:%S}</span></a>',
        )

    def _draw_details(self) -> None:
        status = self._seen.status
        if status is None:
            return self._set(self._details, "")
        return self._set(self._details, details(self._gallery, status))

    def _findings(self) -> list[Finding]:
        seen = self._seen
        return health.findings(seen.status, seen.newest, self._gallery.bucket.now())

    def _age(self) -> str:
        if not self._seen.newest:
            return "no photo"
        seconds = (self._gallery.bucket.now() - self._seen.newest.taken).total_seconds()
        return f"{days.words(seconds)} ago"

    def _day(self) -> str:
        newest = self._seen.newest
        day = days.local_day(newest.taken, self._gallery.zone) if newest else None
        return page_url("day", device=self._device, date=day)

    @staticmethod
    def _set(element: ui.html, content: str) -> None:
        if element.content != content:
            element.set_content(content)


def details(gallery: Gallery, status: dict[str, Any]) -> str:
    """Return the rest of a device's report, collapsed."""
    signal = health.signal_dbm(status)
    spark = markup.sparkline(signal, "signal strength over the last reports")
    rows = [(words, text(value)) for words, value in health.facts(status, gallery.zone)]
    if spark:
        rows.append(("signal, newest right", f"{spark} {signal[-1]:.0f} dBm"))
    table = "".join(f"<tr><th scope=row>{text(n)}</th><td>{v}</td></tr>" for n, v in rows)
    return (
        f'<details><summary>Health report</summary><table class="facts">{table}</table>'
        f"{_errors(gallery, status)}{_log(status)}</details>"
    )


def _errors(gallery: Gallery, status: dict[str, Any]) -> str:
    lines = "".join(
        f"<li><time>{moment.astimezone(gallery.zone):%m-%d %H:%M}</time> {text(words)}</li>"
        if moment
        else f"<li>{text(words)}</li>"
        for moment, words in health.errors(status)
    )
    return f'<h3>Last errors</h3><ul class="errors">{lines}</ul>' if lines else ""


def _log(status: dict[str, Any]) -> str:
    lines = text("\n".join(health.log(status)))
    return f"<h3>Log</h3><pre>{lines}</pre>" if lines else ""


def _list_of(found: list[Finding]) -> str:
    items = "".join(
        f'<li class="{finding.level}"><b>{text(finding.subject)}</b> {text(finding.text)}</li>'
        for finding in found
    )
    return f"<ul>{items}</ul>"
