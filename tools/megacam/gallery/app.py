"""Serve the gallery: NiceGUI pages on the loopback address, behind a link that only its user has.

serve(client, "photos")          # blocks until Ctrl-C; opens the browser
"""

import contextlib
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from nicegui import ui
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from megacam.gallery import images, state
from megacam.gallery.bucket import Bucket, Now, utc_now
from megacam.gallery.favourites import Favourites
from megacam.gallery.guard import Guard, authority
from megacam.gallery.pages import (
    compare,
    day,
    moments,
    month,
    now,
    photo,
    starred,
    timelapse,
    wall,
)
from megacam.gallery.state import Gallery
from megacam.gallery.thumbnails import BOUND_BYTES, Thumbnails, cache_folder

STATIC = Path(__file__).parent / "static"
_PAGES = (now, wall, month, day, moments, photo, starred, compare, timelapse)


def serve(
    client: Any,
    bucket: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    open_browser: bool = True,
    timezone: str | None = None,
    cache: Path | None = None,
    cache_bytes: int = BOUND_BYTES,
    ready: Callable[[str], None] | None = None,
    now: Now = utc_now,
    poll_s: float = 5.0,
    stop: threading.Event | None = None,
) -> None:
    """Serve the gallery of a bucket until Ctrl-C or until `stop` is set.

    `client` is a boto3 S3 client, preferably made with bucket.CONFIG. `port` 0 takes a free port.
    `timezone` is a name like Europe/Berlin (default: this computer's). `ready` gets the link.
    Raises OSError if the port is in use. NiceGUI allows one gallery per process.
    """
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(_listen(host, port))
        shown = Bucket(client, bucket, now)
        folder = cache or cache_folder()
        thumbnails = opened.enter_context(Thumbnails(shown, folder, cache_bytes))
        clips = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="megacam-clips-")))
        zone = state.zone_named(timezone)
        favourites = Favourites(folder, shown.endpoint, shown.name)
        gallery = Gallery(shown, thumbnails, favourites, clips, zone, poll_s)
        number = listener.getsockname()[1]
        opened.callback(gallery.readers.shutdown, wait=False, cancel_futures=True)
        name = authority(_name(host), number)
        guard = Guard(_application(gallery), number, [name])
        address = f"http://{name}/"
        _run(guard, listener, lambda: _announce(guard, address, ready, open_browser), stop)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OSError(
            f"port {port} of {host} is not available ({error}): choose another with --port"
        ) from error
    return listener


def _name(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return host


def _application(gallery: Gallery) -> ASGIApp:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(images.router(gallery))
    app.mount("/static", StaticFiles(directory=STATIC))
    for page in _PAGES:
        page.add(gallery)
    ui.run_with(
        app,
        title="megacam",
        favicon=STATIC / "icon.svg",
        dark=None,
        language="en-GB",
        tailwind=False,
        reconnect_timeout=20.0,
        show_welcome_message=False,
    )
    return _forgiving(app)


def _forgiving(app: ASGIApp) -> ASGIApp:
    """Ignore Starlette's error about a browser that disconnects before its response."""

    async def forgiving(scope: Scope, receive: Receive, send: Send) -> None:
        left = False

        async def listen() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] == "http.disconnect"
            return message

        try:
            await app(scope, listen, send)
        except RuntimeError:
            # "No response returned." from BaseHTTPMiddleware, which NiceGUI uses.
            if not left:
                raise

    return forgiving


def _announce(
    guard: Guard, address: str, ready: Callable[[str], None] | None, open_browser: bool
) -> None:
    if ready:
        ready(guard.link(address))
    if open_browser:
        # Every user of this computer can read the browser's arguments, so this link works once.
        webbrowser.open(guard.link(address, once=True))


class _Server(uvicorn.Server):
    """A server that calls `started` when it accepts requests, and ends when `stop` is set."""

    def __init__(
        self, config: uvicorn.Config, started: Callable[[], None], stop: threading.Event | None
    ):
        super().__init__(config)
        self._tell = started
        self._stop = stop or threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def on_tick(self, counter: int) -> bool:
        return self._stop.is_set() or await super().on_tick(counter)


def _run(
    app: ASGIApp,
    listener: socket.socket,
    started: Callable[[], None],
    stop: threading.Event | None,
) -> None:
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2
    )
    _Server(config, started, stop).run(sockets=[listener])
