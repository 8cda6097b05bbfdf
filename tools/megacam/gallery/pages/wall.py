"""The wall: the newest photo of every camera, as large as the window or the screen allows."""

import asyncio
import math

from nicegui import run, ui

from megacam.gallery.markup import text
from megacam.gallery.pages.frame import empty, filled
from megacam.gallery.pages.now import Seen, look, look_at_all
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import Gallery, page_url, photo_url


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/wall")
    async def page() -> None:
        await filled(
            gallery,
            "wall",
            "Wall",
            lambda: look_at_all(gallery),
            lambda seen: _show(gallery, seen),
        )


def _show(gallery: Gallery, seen: dict[str, Seen]) -> None:
    shown = {device: one for device, one in seen.items() if one.newest}
    ui.html("<h1>Wall</h1>", sanitize=False).classes("unseen")
    if not shown:
        return empty("No photos yet", ["The wall fills with the first photo."], (".", "Now"))
    columns = math.ceil(math.sqrt(len(shown)))
    rows = math.ceil(len(shown) / columns)
    with ui.element("megacam-wall").classes("wall").style(f"--columns: {columns}; --rows: {rows}"):
        panes = {device: ui.html("", sanitize=False).classes("pane") for device in shown}
    for device, one in shown.items():
        _draw(gallery, panes[device], one)
    _follow(gallery, shown, panes)
    return None


def _follow(gallery: Gallery, seen: dict[str, Seen], panes: dict[str, ui.html]) -> None:
    """Show new photos as long as the page is open; ignore errors of S3 until the next poll."""

    async def refresh(device: str) -> None:
        fresh = await run.io_bound(look, gallery, device, seen[device])
        if fresh and fresh.newest != seen[device].newest:
            seen[device] = fresh
            _draw(gallery, panes[device], fresh)

    async def poll() -> None:
        answers = await asyncio.gather(*map(refresh, seen), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, BucketError):
                raise answer

    ui.timer(gallery.poll_s, poll, immediate=False)


def _draw(gallery: Gallery, pane: ui.html, one: Seen) -> None:
    photo = one.newest
    assert photo
    when = photo.taken.astimezone(gallery.zone)
    words = text(f"{photo.device} at {when:%Y-%m-%d %H:%M:%S}")
    form = "%H:%M:%S" if when.date() == gallery.today() else "%d %B, %H:%M"
    source = text(photo_url(photo))
    day = text(page_url("day", device=photo.device, date=when.date()))
    pane.set_content(
        f'<a class="photo" href="{day}"><img src="{source}" data-retry="{source}" alt="{words}">'
        f'<span class="tag left">{text(photo.device)}</span>'
        f'<span class="tag right">{when:{form}}</span></a>'
    )
