"""The page of one photo, with its metadata, its neighbors, download, sharing and deletion."""

from dataclasses import dataclass
from datetime import timedelta

from nicegui import run, ui

from megacam import exif
from megacam.errors import MegacamError
from megacam.gallery import days, markup, photos
from megacam.gallery.markup import text
from megacam.gallery.pages.frame import ago, button, empty, fill, frame, heading
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError, PhotoMissingError
from megacam.gallery.state import Gallery, page_url, photo_url

_LASTING = {1: "an hour", 24: "a day", 72: "3 days", 168: "7 days"}


@dataclass(frozen=True)
class Known:
    """A photo and its data; `facts` is None if the photo is not in the bucket.

    `exif` is read only if S3 has no metadata.
    """

    photo: Photo
    facts: dict[str, str] | None
    metadata: dict[str, str]
    exif: dict[str, str]
    previous: Photo | None
    next: Photo | None


def add(gallery: Gallery) -> None:
    """Register the page."""

    @ui.page("/photo")
    async def page(key: str = "") -> None:
        main = frame(gallery, "", "Photo")
        photo = photos.parse(key) or photos.parse_copy(key)
        await ui.context.client.connected()
        if photo is None:
            with main:
                empty("No such photo", ["This is not the link of a photo."], (".", "Now"))
            return
        await fill(gallery, main, lambda: read(gallery, photo), lambda k: _show(gallery, k))


def read(gallery: Gallery, photo: Photo) -> Known:
    """Read a photo's metadata and find its neighbours; blocks."""
    bucket = gallery.bucket
    photo = bucket.find(photo.key) or photo
    previous = bucket.newest(photo.device, before=photo.taken)
    newer = bucket.newer(photo)
    try:
        facts, metadata = bucket.metadata(photo.key)
    except PhotoMissingError:
        return Known(photo, None, {}, {}, previous, newer[0] if newer else None)
    said = {} if metadata else exif.read(bucket.head(photo.key))
    return Known(photo, facts, metadata, said, previous, newer[0] if newer else None)


def _show(gallery: Gallery, known: Known) -> None:
    photo = known.photo
    when = photo.taken.astimezone(gallery.zone)
    day = page_url("day", device=photo.device, date=when.date())
    day += f"#at-{int(photo.taken.timestamp())}"
    if known.facts is None:
        return empty("This photo is not in the bucket", ["It was deleted."], (day, "Its day"))
    heading(f"{photo.device}, {when:%d %B %Y, %H:%M:%S}")
    with ui.element("div").classes("one"):
        ui.html(_picture(gallery, photo), sanitize=False)
        with ui.element("section").classes("about"):
            with ui.element("div").classes("row-tools"):
                ui.html(_links(known, day), sanitize=False)
                _share_button(gallery, known)
                _delete_button(gallery, known)
            ui.html(_about(gallery, known), sanitize=False)
    return None


def _picture(gallery: Gallery, photo: Photo) -> str:
    when = photo.taken.astimezone(gallery.zone)
    words = text(f"{photo.device} at {when:%Y-%m-%d %H:%M:%S}")
    source = text(photo_url(photo))
    starred = int(photo in gallery.favourites)
    return (
        f'<megacam-photo data-key="{text(photo.key)}" data-starred="{starred}">'
        f'<figure class="photo pane"><img src="{source}" data-retry="{source}" alt="{words}" '
        'draggable="false"></figure></megacam-photo>'
    )


def _links(known: Known, day: str) -> str:
    photo = known.photo

    def step(other: Photo | None, rel: str, sign: str, words: str) -> str:
        if other is None:
            return f'<span class="tool" aria-disabled="true" title="no {words}">{sign}</span>'
        href = text(page_url("photo", key=other.key))
        named = f'title="{words}" aria-label="{words}"'
        return f'<a class="tool" rel="{rel}" href="{href}" {named}>{sign}</a>'

    download = text(f"{photo_url(photo)}&download=1")
    return (
        '<nav class="choice" aria-label="Photo">'
        + step(known.previous, "prev", "◀", "previous photo (left arrow)")
        + step(known.next, "next", "▶", "next photo (right arrow)")
        + f'<a class="tool" href="{text(day)}">Its day</a>'
        + f'<a class="tool" href="{text(page_url("compare", a=photo.key))}">Compare</a>'
        + f'<a class="tool" href="{download}" download>Download</a></nav>'
    )


def _about(gallery: Gallery, known: Known) -> str:
    photo = known.photo
    rows = [("taken", f"{photo.taken:%Y-%m-%d %H:%M:%S} UTC, {ago(gallery, photo.taken)}")]
    if known.previous:
        gap = (photo.taken - known.previous.taken) / timedelta(seconds=1)
        rows.append(("since the previous photo", days.words(gap)))
    rows += [("key", photo.key), *(known.facts or {}).items()]
    if known.metadata:
        device = f"<h2>Written by the device</h2>{markup.table(sorted(known.metadata.items()))}"
    elif known.exif:
        device = f"<h2>In the photo itself (EXIF)</h2>{markup.table(sorted(known.exif.items()))}"
    else:
        device = "<p>The device wrote no metadata.</p>"
    return f"<h2>About this photo</h2>{markup.table(rows)}{device}"


def _share_button(gallery: Gallery, known: Known) -> None:
    """Show the button and dialog that make a link with an end."""
    with ui.dialog() as dialog, ui.card().classes("ask").props('aria-label="Share this photo"'):
        ui.html(
            "<h2>Share this photo</h2><p>Whoever has the link can see this photo and nothing "
            "else until the link ends. You cannot revoke it before.</p>",
            sanitize=False,
        )
        lasting = ui.select(_LASTING, value=24, label="Lasts").props("outlined dense")
        place = ui.element("div").props('aria-live="polite"')
        with ui.element("div").classes("row-tools"):
            button("Close", dialog.close)
            button(
                "Make the link", lambda: _share(gallery, known, lasting.value, place), "primary"
            )
    button("Share …", dialog.open)


def _share(gallery: Gallery, known: Known, hours: int, place: ui.element) -> None:
    place.clear()
    with place:
        try:
            link = gallery.bucket.share(known.photo, timedelta(hours=hours))
        except MegacamError as error:
            ui.label(str(error)).classes("banner")
            return
        field = ui.input("Link", value=link.url).props("readonly outlined dense")
        field.classes("share-link")
        ui.label(link.words(link.ends.astimezone(gallery.zone))).classes("share-end")
        button("Copy", lambda: ui.clipboard.write(link.url))


def _delete_button(gallery: Gallery, known: Known) -> None:
    photo = known.photo
    with ui.dialog() as dialog, ui.card().classes("ask").props('aria-label="Delete this photo?"'):
        ui.html(
            f"<h2>Delete this photo?</h2><p><code>{text(photo.key)}</code></p><p>It is removed "
            "from the bucket for good, unless the bucket keeps old versions.</p>",
            sanitize=False,
        )
        with ui.element("div").classes("row-tools"):
            button("Keep it", dialog.close).props("autofocus")
            button("Delete", lambda: _delete(gallery, known, dialog), "danger")
    button("Delete …", dialog.open, "danger-line")


async def _delete(gallery: Gallery, known: Known, dialog: ui.dialog) -> None:
    dialog.close()
    try:
        await run.io_bound(gallery.bucket.delete, known.photo)
    except BucketError as error:
        return ui.notify(str(error), type="negative", multi_line=True, timeout=10_000)
    gallery.thumbnails.forget(known.photo.key)
    other = known.next or known.previous
    return ui.navigate.to(page_url("photo", key=other.key) if other else ".")
