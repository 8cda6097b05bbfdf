"""The parts of every page: the bar at the top, and a place that fills when S3 has answered."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from nicegui import run, ui

from megacam.gallery import days, markup
from megacam.gallery.markup import text
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import Gallery, zone_words

T = TypeVar("T")

_LINKS = (
    (".", "Now"),
    ("wall", "Wall"),
    ("month", "Calendar"),
    ("moments", "Moments"),
    ("favourites", "Favourites"),
    ("compare", "Compare"),
    ("timelapse", "Time-lapse"),
)
_THEMES = {"dark": True, "light": False}
_SLOW_S = 5
_RETRY_S = (3, 5, 10, 20, 30)
_REMEMBER_THEME = "document.cookie = 'megacam_theme={}; path=/; max-age=31536000; SameSite=Strict'"


def frame(gallery: Gallery, here: str, title: str) -> ui.element:
    """Begin a page; return the element that its content goes into."""
    ui.page_title(f"{title} · megacam")
    for style in markup.STYLES:
        ui.add_head_html(f'<link rel="stylesheet" href="static/{style}">')
    for script in (*markup.SCRIPTS, "photo.js", "compare.js", "list.js", "retry.js"):
        ui.add_head_html(f'<script defer src="static/{script}"></script>')
    ui.query(".nicegui-content").classes("page")
    # NiceGUI puts the page into its own <main>; move the bar before it and the footer after it.
    layout = ui.context.client.layout
    with ui.element("header").classes("bar") as bar:
        ui.html(_bar(gallery, here), sanitize=False).classes("bar-inner")
        _theme_button()
    bar.move(layout, 0)
    zone = text(zone_words(gallery.zone, gallery.bucket.now()))
    with ui.element("footer").classes("foot") as foot:
        ui.html(f"Times in {zone} · bucket {text(gallery.bucket.name)}", sanitize=False)
    foot.move(layout)
    return ui.element("div").classes("content").props('id="main" tabindex="-1"')


async def filled(
    gallery: Gallery,
    name: str,
    title: str,
    work: Callable[[], T],
    show: Callable[[T], Awaitable[None] | None],
) -> None:
    """Frame the page `name`, wait for its browser, and fill it: see fill()."""
    main = frame(gallery, name, title)
    await ui.context.client.connected()
    await fill(gallery, main, work, show)


async def fill(
    gallery: Gallery,
    place: ui.element,
    work: Callable[[], T],
    show: Callable[[T], Awaitable[None] | None],
) -> None:
    """Run `work` in a thread and `show` its result in `place`.

    Until then, the place shows the request to S3 that it waits for and for how long. An error is
    shown with its remedy. As long as the page is open, the work is then repeated after a while or
    at a click.
    """
    for tries in itertools.count():
        if place.is_deleted:
            return
        place.clear()
        with place:
            waiting = _Waiting(gallery)
        try:
            result = await run.io_bound(work)
        except BucketError as error:
            waiting.end()
            await _refused(place, str(error), _RETRY_S[min(tries, len(_RETRY_S) - 1)])
            continue
        waiting.end()
        if place.is_deleted or result is None:
            return
        place.clear()
        with place:
            shown = show(result)
            if shown is not None:
                await shown
        return


def empty(title: str, lines: list[str], link: tuple[str, str] | None = None) -> None:
    """Say that there is nothing to show, and what to do about it."""
    with ui.element("section").classes("empty"):
        ui.html(_EMPTY_PICTURE, sanitize=False)
        ui.html(f"<h2>{text(title)}</h2>", sanitize=False)
        for line in lines:
            ui.html(f"<p>{line}</p>", sanitize=False)
        if link:
            ui.link(link[1], link[0]).classes("tool primary")


def button(words: str, on_click: Callable[..., object], kind: str = "") -> ui.button:
    """Return a button that looks like the links beside it; `kind` is "", primary or danger."""
    made = ui.button(words, on_click=on_click, color=None).props("no-caps unelevated")
    return made.classes(f"tool {kind}")


def heading(words: str) -> None:
    """Show the heading of a page."""
    ui.html(f"<h1>{text(words)}</h1>", sanitize=False)


def ago(gallery: Gallery, moment: datetime) -> str:
    """Return how long ago a moment was, in words."""
    return f"{days.words((gallery.bucket.now() - moment).total_seconds())} ago"


class _Waiting:
    """A line that says what the page waits for; screen readers announce it once."""

    def __init__(self, gallery: Gallery):
        self._gallery = gallery
        self._seconds = 0
        with ui.element("div").classes("waiting").props('role="status" aria-live="polite"'):
            ui.html('<span class="turning" aria-hidden="true"></span>', sanitize=False)
            self._label = ui.label("Waiting for S3")
        self._timer = ui.timer(1.0, self._tick, immediate=False)

    def end(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        self._seconds += 1
        asked = self._gallery.bucket.waiting()
        what = f": {asked[0][0]}" if asked else ""
        slow = ". It is slow or out of reach; still trying" if self._seconds >= _SLOW_S else ""
        self._label.set_text(f"Waiting for S3{what} ({self._seconds} s){slow}")


async def _refused(place: ui.element, words: str, wait_s: int) -> None:
    """Show an error until `wait_s` seconds have passed or the button is pressed."""
    if place.is_deleted:
        return
    again = asyncio.Event()
    place.clear()
    with place, ui.element("section").classes("refused").props('role="alert"'):
        ui.html(f"<h2>The photos cannot be shown</h2><p>{text(words)}</p>", sanitize=False)
        with ui.element("div").classes("row-tools"):
            button("Try again now", again.set, "primary")
            ui.label(f"Trying again automatically in {wait_s} s")
    try:
        await asyncio.wait_for(again.wait(), wait_s)
    except asyncio.TimeoutError:
        return


def _bar(gallery: Gallery, here: str) -> str:
    current = ' aria-current="page"'
    links = "".join(
        f'<a href="{path}"{current if path == here else ""}>{words}</a>' for path, words in _LINKS
    )
    return (
        '<a class="skip" href="#main">Skip to the photos</a>'
        '<a class="brand" href="."><img src="static/icon.svg" alt="" width="28" height="28">'
        f"<b>megacam</b><span>{text(gallery.bucket.name)}</span></a>"
        f'<nav aria-label="Pages">{links}</nav>'
    )


def _theme_button() -> None:
    request = ui.context.client.request
    chosen = request.cookies.get("megacam_theme") if request else None
    dark = ui.dark_mode(_THEMES.get(chosen or ""))

    async def turn() -> None:
        is_dark = await ui.run_javascript("document.body.classList.contains('body--dark')")
        dark.value = not is_dark
        ui.run_javascript(_REMEMBER_THEME.format("light" if is_dark else "dark"))

    ui.button(icon="contrast", on_click=turn, color=None).props(
        'flat round dense aria-label="Light or dark" title="Light or dark"'
    ).classes("theme")


_EMPTY_PICTURE = (
    '<svg viewBox="0 0 120 80" width="120" height="80" aria-hidden="true" class="empty-picture">'
    '<rect x="14" y="18" width="92" height="54" rx="10"/>'
    '<rect x="44" y="9" width="26" height="12" rx="4"/>'
    '<circle cx="60" cy="45" r="19"/><circle cx="60" cy="45" r="8"/></svg>'
)
