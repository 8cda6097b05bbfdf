"""The page that makes a time-lapse: choose span, speed and size, then play or download it."""

import asyncio
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path

from nicegui import ui

from megacam.gallery import days, timelapse
from megacam.gallery.markup import text
from megacam.gallery.pages.frame import button, empty, fill, frame, heading
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import Gallery
from megacam.gallery.work import Work

_EVERY = {0: "every photo", 60: "1 a minute", 300: "1 in 5 minutes", 1800: "1 in 30 minutes"}
_EVERY |= {14400: "1 in 4 hours", 86400: "1 a day"}
_WIDTHS = (640, 960, 1280, 1600, 1920)
_FPS = (6, 12, 24, 30, 60)
_FORMATS = {"mp4": "MP4 video", "webp": "Animated WebP picture"}


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/timelapse")
    async def page(device: str = "") -> None:
        main = frame(gallery, "timelapse", "Time-lapse")
        await ui.context.client.connected()
        await fill(
            gallery, main, lambda: read(gallery, device), lambda found: _show(gallery, *found)
        )


def read(gallery: Gallery, device: str) -> tuple[list[str], Photo | None]:
    """Return the devices, and the newest photo of `device` or of the first one; blocks."""
    devices = gallery.bucket.devices()
    wanted = [device] if device in devices else devices
    return devices, next(filter(None, map(gallery.bucket.newest, wanted)), None)


def _show(gallery: Gallery, devices: list[str], newest: Photo | None) -> None:
    heading("Time-lapse")
    if newest is None:
        return empty("No photos yet", ["A time-lapse needs a few of them."], (".", "Now"))
    _Form(gallery, devices, newest)
    return None


class _Form:
    """The form, and below it the progress or the finished time-lapse."""

    def __init__(self, gallery: Gallery, devices: list[str], newest: Photo):
        self._gallery = gallery
        end = newest.taken.astimezone(gallery.zone) + timedelta(minutes=1)
        start = end - timedelta(days=1)
        with ui.element("div").classes("form"):
            self._device = _select(devices, newest.device, "Device")
            self._start = _moment("From", start)
            self._end = _moment("To", end)
            self._every = _select(_EVERY, 0, "Photos")
            self._fps = _select({n: f"{n} photos a second" for n in _FPS}, 24, "Speed")
            self._width = _select({n: f"{n} pixels wide" for n in _WIDTHS}, 1280, "Size")
            self._format = _select(_FORMATS, "mp4", "Format")
            self._stamp = ui.checkbox("Burn the time in", value=True)
            self._button = button("Make it", self._make, "primary")
        self._place = ui.element("section").props('aria-live="polite"')

    async def _make(self) -> None:
        try:
            start, end = self._utc(self._start.value), self._utc(self._end.value)
        except ValueError:
            return ui.notify("Choose the beginning and the end", type="warning")
        work = Work()
        ui.context.client.on_delete(work.stop)
        self._button.disable()
        self._draw_progress(work)
        try:
            made = await asyncio.to_thread(self._work, start, end, work)
        except timelapse.CancelledError:
            self._say("Cancelled.")
        except (timelapse.TimelapseError, BucketError, OSError) as error:
            self._say(str(error))
        else:
            self._draw_made(made)
        self._button.enable()
        return None

    def _work(self, start: datetime, end: datetime, work: Work) -> timelapse.Made:
        name = f"{secrets.token_hex(3)}-{timelapse.default_name(self._device.value, start)}"
        path = (self._gallery.clips / name).with_suffix(f".{self._format.value}")
        return timelapse.make(
            self._gallery.bucket,
            self._device.value,
            start,
            end,
            path,
            fps=self._fps.value,
            width=self._width.value,
            every_s=self._every.value,
            stamp=self._gallery.zone if self._stamp.value else None,
            progress=work.progress,
            cancelled=work.is_stopped,
        )

    def _utc(self, written: str | None) -> datetime:
        local = datetime.fromisoformat(written or "")
        return local.replace(tzinfo=self._gallery.zone).astimezone(timezone.utc)

    def _draw_progress(self, work: Work) -> None:
        self._place.clear()
        with self._place, ui.element("div").classes("making"):
            bar = ui.linear_progress(0, show_value=False).props(
                'aria-label="Making the time-lapse" rounded'
            )
            label = ui.label("Choosing the photos")
            button("Cancel", work.stop)

            def tick() -> None:
                bar.set_value(work.done / max(1, work.total))
                asked = self._gallery.bucket.waiting()
                slow = f", waiting for S3: {asked[0][0]}" if asked and asked[0][1] > 3 else ""
                if work.total:
                    label.set_text(f"{work.done:,} of {work.total:,} photos{slow}")
                elif slow:
                    label.set_text(f"Choosing the photos{slow}")

            ui.timer(0.3, tick)

    def _say(self, words: str) -> None:
        if self._place.is_deleted:
            return
        self._place.clear()
        with self._place:
            ui.html(f'<p class="banner">{text(words)}</p>', sanitize=False)

    def _draw_made(self, made: timelapse.Made) -> None:
        if self._place.is_deleted:
            return
        self._place.clear()
        with self._place:
            ui.html(_player(made.path, self._device.value), sanitize=False).classes("film")
            skipped = (
                f", {made.skipped} left out (damaged, deleted or archived)" if made.skipped else ""
            )
            size = f"{made.size_bytes / 1e6:,.1f} MB"
            ui.label(
                f"{made.frames:,} photos in {days.words(made.seconds)}, {size}{skipped}"
            ).classes("summary")


def _player(path: Path, device: str) -> str:
    source = f"clip/{path.name}"
    words = text(f"Time-lapse of {device}")
    show = (
        f'<video controls autoplay muted loop playsinline src="{source}" aria-label="{words}">'
        "</video>"
        if path.suffix == ".mp4"
        else f'<img src="{source}" alt="{words}">'
    )
    return f'{show}<p><a class="tool primary" href="{source}?download=1" download>Download</a></p>'


def _select(options: dict | list, value: object, label: str) -> ui.select:
    return ui.select(options, value=value, label=label).props("outlined dense")


def _moment(label: str, value: datetime) -> ui.input:
    props = "type=datetime-local outlined dense stack-label"
    return ui.input(label, value=f"{value:%Y-%m-%dT%H:%M}").props(props)
