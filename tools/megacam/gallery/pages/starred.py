"""The page of the favourites: every starred photo, and a button to download them."""

import asyncio
import itertools
import shutil
import tempfile
from pathlib import Path

from nicegui import run, ui

from megacam.errors import MegacamError
from megacam.gallery import days, export
from megacam.gallery.markup import text
from megacam.gallery.pages.frame import button, empty, filled, heading
from megacam.gallery.photos import Photo
from megacam.gallery.state import Gallery, page_url, thumb_url


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/favourites")
    async def page() -> None:
        stars = gallery.favourites.photos
        await filled(
            gallery, "favourites", "Favourites", stars, lambda found: _show(gallery, found)
        )


def _show(gallery: Gallery, found: list[Photo]) -> None:
    heading("Favourites")
    if not found:
        return empty(
            "No favourites yet",
            ["A star on a photo (S) brings it here. Stars are kept on this computer."],
            ("month", "Calendar"),
        )
    with ui.element("div").classes("row-tools"):
        count = "1 photo" if len(found) == 1 else f"{len(found):,} photos"
        ui.label(count).classes("summary")
        ui.element("span").classes("spring")
        _Download(gallery)
    ui.html(_list(gallery, found), sanitize=False)
    return None


def _list(gallery: Gallery, found: list[Photo]) -> str:
    """Return the favourites, newest day first and oldest photo of each day first."""
    by_day = itertools.groupby(found, lambda p: days.local_day(p.taken, gallery.zone))
    parts = [
        f'<section><h2>{day:%A, %d %B %Y}</h2><div class="cells large">'
        + "".join(_cell(gallery, photo) for photo in taken)
        + "</div></section>"
        for day, taken in by_day
    ]
    return f'<div class="favourites">{"".join(reversed(parts))}</div>'


def _cell(gallery: Gallery, photo: Photo) -> str:
    when = photo.taken.astimezone(gallery.zone)
    words = text(f"{photo.device} at {when:%Y-%m-%d %H:%M:%S}")
    source, href = text(thumb_url(photo)), text(page_url("photo", key=photo.key))
    return (
        f'<a class="cell" href="{href}" title="{words}"><img loading="lazy" src="{source}" '
        f'data-retry="{source}" alt="{words}">'
        f'<span class="time">{text(photo.device)} · {when:%H:%M}</span></a>'
    )


class _Download:
    """The button that packs the favourites into a zip with a page, to mail or to publish."""

    def __init__(self, gallery: Gallery):
        self._gallery = gallery
        self._button = button("Download as a page (zip)", self._make, "primary")

    async def _make(self) -> None:
        self._button.disable()
        try:
            packed = await run.io_bound(self._pack)
        except (MegacamError, OSError) as error:
            ui.notify(str(error), type="negative", multi_line=True)
        except asyncio.CancelledError:
            return
        else:
            if packed:
                ui.navigate.to(f"clip/{packed.name}?download=1")
        self._button.enable()

    def _pack(self) -> Path:
        """Write the site and pack it; blocks."""
        gallery = self._gallery
        with tempfile.TemporaryDirectory(prefix="megacam-favourites-") as scratch:
            site = Path(scratch) / "favourites"
            export.export_favourites(
                gallery.bucket, site, gallery.favourites.photos(), zone=gallery.zone
            )
            name = f"favourites-{gallery.today()}"
            packed = shutil.make_archive(f"{gallery.clips / name}", "zip", scratch, "favourites")
        return Path(packed)
