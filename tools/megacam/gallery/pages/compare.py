"""The page that compares two photos of any devices: the older one left, a slider between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from nicegui import run, ui

from megacam.gallery import markup
from megacam.gallery.pages.frame import button, empty, filled, heading
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError
from megacam.gallery.state import Gallery, page_url, photo_url

_SIDES = ("a", "b")
_SIDE_WORDS = {"a": "Older photo, left", "b": "Newer photo, right"}


@dataclass(frozen=True)
class Pair:
    """The devices to choose from and the two photos on show, the older one first."""

    devices: list[str]
    first: Photo | None
    second: Photo | None


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/compare")
    async def page(a: str = "", b: str = "") -> None:
        await filled(
            gallery,
            "compare",
            "Compare",
            lambda: read(gallery, a, b),
            lambda pair: _show(gallery, pair),
        )


def read(gallery: Gallery, a: str, b: str) -> Pair:
    """Find the two photos; the defaults are the newest one and one from a day before; blocks."""
    bucket = gallery.bucket
    devices = bucket.devices()
    first = bucket.find(a) or next(filter(None, map(bucket.newest, devices)), None)
    if first is None:
        return Pair(devices, None, None)
    second = bucket.find(b) or nearest(gallery, first.device, first.taken - timedelta(days=1))
    if second is None:
        return Pair(devices, first, None)
    return Pair(devices, *sorted((first, second)))


def nearest(gallery: Gallery, device: str, moment: datetime) -> Photo | None:
    """Return the device's photo nearest to a moment; blocks."""
    after = gallery.bucket.first(device, moment, moment + timedelta(days=366))
    before = gallery.bucket.newest(device, before=moment)
    found = [photo for photo in (before, after) if photo]
    return min(found, key=lambda photo: abs(photo.taken - moment), default=None)


def _show(gallery: Gallery, pair: Pair) -> None:
    heading("Compare two moments")
    if pair.first is None or pair.second is None:
        return empty("No photos to compare yet", ["Two photos are needed."], (".", "Now"))
    chosen = {"a": pair.first, "b": pair.second}
    pictures = [(photo_url(p), _words(gallery, p)) for p in (pair.first, pair.second)]
    ui.html(markup.compare(*pictures), sanitize=False).classes("watch")
    ui.label("Drag the grip, or use the left and right arrow keys. F fills the screen.").classes(
        "hint"
    )
    with ui.element("div").classes("pickers"):
        for side in _SIDES:
            _Picker(gallery, pair.devices, side, chosen)
    return None


def _words(gallery: Gallery, photo: Photo) -> str:
    return f"{photo.device} · {photo.taken.astimezone(gallery.zone):%Y-%m-%d %H:%M:%S}"


class _Picker:
    """Chooses the device and moment of one side, and then reloads the page with both keys."""

    def __init__(self, gallery: Gallery, devices: list[str], side: str, chosen: dict[str, Photo]):
        self._gallery = gallery
        self._side = side
        self._chosen = chosen
        photo = chosen[side]
        when = photo.taken.astimezone(gallery.zone)
        names = devices if photo.device in devices else [*devices, photo.device]
        with ui.element("fieldset").classes("picker"):
            with ui.element("legend"):
                ui.label(_SIDE_WORDS[side])
            self._device = ui.select(names, value=photo.device, label="Device").props(
                "dense outlined"
            )
            self._moment = ui.input("Moment", value=f"{when:%Y-%m-%dT%H:%M:%S}").props(
                "type=datetime-local step=1 dense outlined stack-label"
            )
            button("Show nearest", self._find)

    async def _find(self) -> None:
        try:
            local = datetime.fromisoformat(self._moment.value or "")
        except ValueError:
            return ui.notify("Choose a date and a time", type="warning")
        moment = local.replace(tzinfo=self._gallery.zone).astimezone(timezone.utc)
        try:
            photo = await run.io_bound(nearest, self._gallery, self._device.value, moment)
        except BucketError as error:
            return ui.notify(str(error), type="negative", multi_line=True)
        if photo is None:
            return ui.notify(f"{self._device.value} has no photos", type="warning")
        keys = {side: self._chosen[side].key for side in _SIDES} | {self._side: photo.key}
        return ui.navigate.to(page_url("compare", **keys))
