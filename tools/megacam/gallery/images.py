"""HTTP routes of thumbnails, photos, covers of days, finished time-lapses and favourites."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from megacam.digest import names
from megacam.gallery import baseline, days, photos
from megacam.gallery.digests import FILM_LIMIT_BYTES
from megacam.gallery.favourites import FavouritesError
from megacam.gallery.photos import Photo
from megacam.gallery.refusals import BucketError, PhotoMissingError
from megacam.gallery.state import Gallery, thumb_url

# Keys are never reused and a stored photo never changes, so the browser may cache it.
_KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}
_DROP = {"Cache-Control": "no-store"}
_CLIPS = {".mp4": "video/mp4", ".webp": "image/webp", ".zip": "application/zip"}


def router(gallery: Gallery) -> APIRouter:
    """Return the routes below /img, /clip and /favourite."""
    routes = APIRouter()
    _add_pictures(routes, gallery)

    @routes.put("/favourite")
    def star(key: str) -> Response:
        return _star(gallery, key, True)

    @routes.delete("/favourite")
    def unstar(key: str) -> Response:
        return _star(gallery, key, False)

    @routes.get("/clip/{name}")
    async def clip(name: str, download: bool = False) -> Response:
        return _clip(gallery, name, download)

    return routes


def _add_pictures(routes: APIRouter, gallery: Gallery) -> None:
    @routes.get("/img/thumb")
    async def thumb(key: str) -> Response:
        return await _picture(key, lambda photo: _thumb(gallery, photo))

    @routes.get("/img/small")
    async def small(key: str) -> Response:
        return await _picture(key, lambda photo: _small(gallery, photo))

    @routes.get("/img/piece")
    async def piece(key: str) -> Response:
        return await _piece(gallery, key)

    @routes.get("/img/photo")
    async def photo(key: str, download: bool = False) -> Response:
        return await _picture(key, lambda photo: _photo(gallery, photo, download), download)

    @routes.get("/img/cover")
    async def cover(device: str, day: date) -> Response:
        return await _cover(gallery, device, day)


def _star(gallery: Gallery, key: str, starred: bool) -> Response:
    if not (photos.parse(key) or photos.parse_copy(key)):
        return PlainTextResponse("this is not the key of a photo", 404, _DROP)
    try:
        gallery.favourites.put(key, starred)
    except FavouritesError as error:
        return PlainTextResponse(str(error), 507, _DROP)
    return Response(status_code=204, headers=_DROP)


def _clip(gallery: Gallery, name: str, download: bool) -> Response:
    path = gallery.clips / name
    if not re.fullmatch(r"[\w-]+\.(mp4|webp|zip)", name, re.ASCII) or not path.is_file():
        return PlainTextResponse("this file is gone: make it again", 404, _DROP)
    place = "attachment" if download else "inline"
    kind = _CLIPS[path.suffix]
    return FileResponse(path, media_type=kind, filename=name, content_disposition_type=place)


async def _thumb(gallery: Gallery, photo: Photo) -> bytes:
    # Shielded, because other requests may wait for the same thumbnail when a browser cancels one.
    return await asyncio.shield(asyncio.wrap_future(gallery.thumbnails.submit(photo.key)))


async def _small(gallery: Gallery, photo: Photo) -> bytes:
    """Return a thumbnail from the digest, or if it has none the usual one."""
    local = days.local_day(photo.taken, gallery.zone)
    asked = gallery.readers.submit(gallery.digests.thumbnail, photo, local)
    return await asyncio.wrap_future(asked) or await _thumb(gallery, photo)


async def _piece(gallery: Gallery, key: str) -> Response:
    if not names.is_piece(key.partition("/")[0], key):
        return PlainTextResponse("this is not the key of a keogram or a film", 404, _DROP)
    try:
        asked = gallery.readers.submit(gallery.bucket.read, key, FILM_LIMIT_BYTES)
        data = await asyncio.wrap_future(asked)
        if key.endswith(".jpg"):
            baseline.check(data)
    except PhotoMissingError as error:
        return PlainTextResponse(str(error), 404, _DROP)
    except BucketError as error:
        return PlainTextResponse(str(error), 502, _DROP)
    kind = "image/jpeg" if key.endswith(".jpg") else "video/mp4"
    return Response(data, media_type=kind, headers=_KEEP)


async def _photo(gallery: Gallery, photo: Photo, download: bool) -> bytes:
    data = await asyncio.wrap_future(gallery.readers.submit(gallery.bucket.read, photo.key))
    if not download:
        # The browser would decode this photo. A download is not checked.
        baseline.check(data)
    return data


async def _picture(
    key: str, read: Callable[[Photo], Awaitable[bytes]], download: bool = False
) -> Response:
    photo = photos.parse(key) or photos.parse_copy(key)
    if not photo:
        return PlainTextResponse("this is not the key of a photo", 404, _DROP)
    try:
        data = await read(photo)
    except PhotoMissingError as error:
        return PlainTextResponse(str(error), 404, _DROP)
    except BucketError as error:
        return PlainTextResponse(str(error), 502, _DROP)
    name = photos.file_name(photo)
    place = {"Content-Disposition": f'attachment; filename="{name}"'} if download else {}
    return Response(data, media_type="image/jpeg", headers=_KEEP | place)


async def _cover(gallery: Gallery, device: str, day: date) -> Response:
    if day.year not in photos.YEARS:
        return PlainTextResponse("no photos", 404, _DROP)
    try:
        asked = gallery.readers.submit(_cover_photo, gallery, device, day)
        found = await asyncio.wrap_future(asked)
    except BucketError as error:
        return PlainTextResponse(str(error), 502, _DROP)
    if found is None:
        return PlainTextResponse("no photos", 404, _DROP)
    return RedirectResponse(f"../{thumb_url(found)}", headers=_DROP)


def _cover_photo(gallery: Gallery, device: str, day: date) -> Photo | None:
    """Return the first photo after noon, or the first of the day; two requests if it has any."""
    span = gallery.span(day)
    noon = span.start + timedelta(hours=12)
    bucket = gallery.bucket
    found = bucket.first(device, noon, span.end) or bucket.first(device, span.start, noon)
    # A day may have nothing but copies.
    return found or next(iter(bucket.photos(device, span.start, span.end)), None)
