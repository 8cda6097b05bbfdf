"""The whole system on one computer: a simulated board uploads photos to a local S3 store.

`megacam demo` runs it. The board's side is the real one: the same firmware, TLS, signatures and
put-only key.
"""

import contextlib
import hashlib
import io
import json
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from megacam import settings
from megacam.board import tree
from megacam.errors import MegacamError
from megacam.sim.board import Board
from megacam.sim.ntp_server import NTPServer
from megacam.sim.store import Store

BUCKET = "megacam-demo"
DEVICE = "cam1"
_WIFI = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
# From power-on to the first photo: boot, Wi-Fi, clock, and time for the camera's exposure.
_START_TIMEOUT_S = 60
# With short times, so that the demo is over soon.
_MOTION: dict[str, Any] = {"mode": "gate", "look_s": 2, "keepalive_min": 1}
_MORNING = "2026-07-14T10:30:00"


class DemoError(MegacamError):
    """The demo failed; the message says what went wrong."""


@dataclass
class Options:
    """The options of the demo.

    `pictures` is a folder of photos for the camera; None draws a scene. The photos are saved in
    `folder`. `keep` runs until Ctrl-C. `gallery` serves the gallery, and `browser` opens it.
    `motion` shows a still scene with visitors, of which the camera sends photos (demo/motion.py).
    `update` offers the running board two releases (demo/update.py). `fast` makes the board's
    sleeps take no time, for tests.
    """

    photos_count: int = 3
    interval_s: int = 5
    pictures: Path | None = None
    keep: bool = False
    folder: Path = Path("demo-photos")
    gallery: bool = False
    browser: bool = True
    motion: bool = False
    update: bool = False
    fast: bool = False

    @property
    def goes_on(self) -> bool:
        """True if the demo runs until Ctrl-C."""
        return self.keep or self.gallery


@dataclass
class Photo:
    """One photo from the bucket; `etag_ok`: the store's MD5 is that of the photo.

    `at_s` is when the camera took it, in seconds since it has power; `motion` the score in its
    metadata.
    """

    key: str
    size_bytes: int
    ms: int
    etag_ok: bool
    heap_bytes: int
    path: Path
    at_s: float = 0
    motion: int = 0


class Watch:
    """Reads the board's console: passes every line on and records the stored photos."""

    def __init__(self, on_line: Callable[[str], None]):
        self._on_line = on_line
        self.lines: list[str] = []
        self.stored: list[dict[str, str]] = []
        self.news = threading.Event()

    def line(self, text: str) -> None:
        self._on_line(text)
        self.lines.append(text)
        if text.startswith("I s3 stored "):
            self.stored.append(dict(word.split("=", 1) for word in text.split()[3:]))
        self.news.set()


class Scenario(Protocol):
    """Something that happens to the running board; `versions`: of the firmware that runs."""

    versions: Sequence[str]

    def prepare(self, board: Board, store: Store) -> None:
        """Prepare the board, which has no power yet."""

    def play(self, watch: Watch, say: Callable[[str], None]) -> None:
        """Let it happen, after the first photos."""


def run(
    options: Options,
    say: Callable[[str], None],
    on_line: Callable[[str], None],
    scenario: Scenario | None = None,
) -> list[Photo]:
    """Run the demo and return the photos; `say` gets the steps, `on_line` the board's console.

    Raises DemoError, StoreError, BoardError or InterpreterMissingError, each with one sentence.
    """
    _check(options)
    watch = Watch(on_line)
    with _stage(options, say) as (board, store, served), _gallery(options, store, say):
        if scenario:
            scenario.prepare(board, store)
        say("powering the board on")
        board.start(watch.line)
        with (
            contextlib.suppress(KeyboardInterrupt) if options.goes_on else contextlib.nullcontext()
        ):
            _wait_for_photos(options, board, watch)
            if scenario:
                scenario.play(watch, say)
        board.stop()
        say("downloading the photos and comparing them with what the camera gave")
        versions = scenario.versions if scenario else (settings.firmware_version(),)
        return [_fetch(store, line, served, options.folder, versions) for line in watch.stored]


def _check(options: Options) -> None:
    """Raise DemoError for a folder that cannot be used, before anything starts."""
    if options.pictures:
        from megacam.sim import scene

        try:
            scene.photos(options.pictures)
        except (scene.PicturesError, OSError) as error:
            known = isinstance(error, scene.PicturesError)
            words = str(error).removeprefix("photos: ") if known else error.strerror
            raise DemoError(f"--photos {options.pictures}: {words}") from error
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(
            f"--folder {options.folder} cannot be a folder for the photos ({error.strerror}); "
            "name another"
        ) from error


@contextlib.contextmanager
def _stage(options: Options, say: Callable[[str], None]) -> Iterator[tuple[Board, Store, Path]]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(_terminate_as_interrupt())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="megacam-demo-")))
        say("starting a local AWS with TLS")
        store = stack.enter_context(Store())
        ntp = stack.enter_context(NTPServer())
        say(f"creating the private bucket {BUCKET} and a key that may only put {DEVICE}/*")
        store.create_bucket(BUCKET)
        key_id, secret = store.create_device_user(BUCKET, DEVICE, updates=options.update)
        say("compiling the firmware and writing it to the flash of a simulated board")
        served = folder / "served"
        scene = ["--photos", str(options.pictures.resolve())] if options.pictures else ["--scene"]
        if options.motion:
            scene = ["--visits", "--begin", _MORNING]
        board = stack.enter_context(
            Board(
                folder,
                tree.placed(
                    board_files(
                        store,
                        f"127.0.0.1:{ntp.port}",
                        options.interval_s,
                        _more_settings(options),
                    )
                ),
                networks=[_WIFI],
                camera=["--record", str(served), *scene],
                fast=options.fast,
            )
        )
        say("provisioning Wi-Fi and key into its NVS")
        provision(board, {"ssid": _WIFI["ssid"], "password": _WIFI["password"]}, key_id, secret)
        yield board, store, served


def _more_settings(options: Options) -> dict[str, Any]:
    # The board asks for a release with each health report.
    return ({"motion": _MOTION} if options.motion else {}) | (
        {"status_min": 1} if options.update else {}
    )


@contextlib.contextmanager
def _gallery(options: Options, store: Store, say: Callable[[str], None]) -> Iterator[None]:
    if not options.gallery:
        yield
        return
    # This import loads the web server, which the demo does not otherwise need.
    from megacam.demo import gallery

    with (
        tempfile.TemporaryDirectory(prefix="megacam-demo-gallery-") as folder,
        gallery.opened(store.client("s3"), BUCKET, Path(folder), browser=options.browser) as link,
    ):
        say(f"the gallery is open at {link}")
        yield


def board_files(
    store: Store, ntp: str, interval_s: int, more: dict[str, Any] | None = None
) -> dict[str, bytes]:
    """Return the files of a demo board: the firmware, its settings and the store's root CA.

    `more` has further sections of the settings.
    """
    config, _ = settings.check(
        {
            "device": DEVICE,
            "interval_s": interval_s,
            "s3": {"bucket": BUCKET, "endpoint": store.endpoint, "path_style": True},
            "clock": {"servers": [ntp]},
            **(more or {}),
        }
    )
    return {**tree.build(), "config.json": config, "roots/store.der": store.ca_der}


def provision(board: Board, network: dict[str, str], key_id: str, secret: str) -> None:
    """Write Wi-Fi and AWS key to the board's NVS with the firmware's own credentials.py."""
    key = {"id": key_id, "secret": secret}
    board.exec(
        "from firmware import credentials\n"
        f"credentials.save('wifi', [{network!r}])\n"
        f"credentials.save('aws', {key!r})\n"
    )


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    # So `kill` leaves no process behind either. Only the main thread can set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_for_photos(options: Options, board: Board, watch: Watch) -> None:
    patience_s = _START_TIMEOUT_S + 3 * options.interval_s
    latest, seen = time.monotonic(), 0
    until = latest
    if options.motion:
        from megacam.sim.scene import visits

        patience_s += 60 * _MOTION["keepalive_min"]
        until += visits.END_S

    while (
        options.goes_on
        or time.monotonic() < until
        or (len(watch.stored) < options.photos_count and not options.motion)
    ):
        watch.news.clear()
        watch.news.wait(1)
        if len(watch.stored) > seen:
            latest, seen = time.monotonic(), len(watch.stored)
        if board.join(0):
            raise DemoError("main.py ended on the board; its last lines say why")
        if time.monotonic() - latest > patience_s:
            raise DemoError(f"no photo for {patience_s:.0f} s; the board's last lines say why")


def _fetch(
    store: Store, line: dict[str, str], served: Path, folder: Path, versions: Sequence[str]
) -> Photo:
    from PIL import Image

    key = line["key"]
    answer = store.client("s3").get_object(Bucket=BUCKET, Key=key)
    content = answer["Body"].read()
    at_s = _prove(key, content, served, versions)
    Image.open(io.BytesIO(content)).load()
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    etag_ok = answer["ETag"].strip('"') == hashlib.md5(content).hexdigest()
    motion = int(answer["Metadata"].get("motion", 0))
    ms, heap = int(line["ms"]), int(line["heap"])
    return Photo(key, len(content), ms, etag_ok, heap, path, at_s, motion)


def _prove(key: str, content: bytes, served: Path, versions: Sequence[str]) -> float:
    """Raise DemoError unless a photo is the EXIF block for its key and then the camera's bytes.

    Return when the camera took it, in seconds since it has power.
    """
    from megacam import exif
    from megacam.gallery import photos

    block, photo = exif.split(content)
    at_s = _served(served).get(hashlib.sha256(photo).hexdigest())
    if at_s is None:
        raise DemoError(f"{key} in the bucket is not what the camera gave")
    known = photos.parse(key)
    expected = known and {
        "make": "Arducam",
        "model": "Mega 3MP",
        "device": known.device,
        "seq": str(known.seq),
        "taken-at": f"{known.taken:%Y-%m-%dT%H:%M:%SZ}",
    }
    told = exif.read(content)
    is_ours = told.pop("software", "") in [f"megacam {version}" for version in versions]
    if not block or not is_ours or told != expected:
        raise DemoError(f"the EXIF of {key} in the bucket is not that of this photo")
    return at_s


def _served(served: Path) -> dict[str, float]:
    """Return {SHA-256 of a photo: when the camera took it, in seconds since it has power}."""
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in (served / "frames.jsonl").read_text().splitlines()
    ]
    return {line["sha256"]: line["time_us"] / 1e6 for line in lines}
