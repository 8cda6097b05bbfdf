"""The gallery of `megacam demo --gallery`, which shows the local store of the simulated board.

A second camera has a day of drawn photos, so that the gallery has a past to show.
"""

import concurrent.futures
import contextlib
import io
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from megacam.errors import MegacamError
from megacam.sim import scene

PAST_DEVICE = "lake"
_PAST = timedelta(days=1)
_STEP = timedelta(minutes=5)
# The age of a gap of an hour and a quarter, as a power cut would leave.
_OUTAGE = timedelta(hours=6, minutes=10), timedelta(hours=7, minutes=25)
_SIZE = 640, 480
_QUALITY = 82
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 10


@contextlib.contextmanager
def opened(client: Any, bucket: str, folder: Path, *, browser: bool) -> Iterator[str]:
    """Serve the gallery and draw the past, in threads, while the block runs; yields its link.

    `client` is a boto3 S3 client of the store. Thumbnails are in `folder`. Raises MegacamError.
    """
    serve = _installed()
    stop = threading.Event()
    link: concurrent.futures.Future[str] = concurrent.futures.Future()
    with concurrent.futures.ThreadPoolExecutor(2, "gallery") as threads:
        served = threads.submit(
            serve,
            client,
            bucket,
            port=0,
            open_browser=browser,
            cache=folder / "thumbnails",
            ready=link.set_result,
            stop=stop,
        )
        try:
            started = concurrent.futures.FIRST_COMPLETED
            concurrent.futures.wait([link, served], _START_TIMEOUT_S, started)
            if served.done():
                served.result()
            if not link.done():
                raise MegacamError(f"the gallery did not start in {_START_TIMEOUT_S} s")
            past = threads.submit(draw_past, client, bucket, stop)
            yield link.result(0)
        finally:
            stop.set()
        served.result(_STOP_TIMEOUT_S)
        past.result(_STOP_TIMEOUT_S)


def draw_past(client: Any, bucket: str, stop: threading.Event) -> None:
    """Put a day of drawn photos of PAST_DEVICE into the bucket, newest first; then continue.

    Blocks until `stop` is set.
    """
    now = _minute()
    client.put_object(Bucket=bucket, Key=f"{PAST_DEVICE}/status.json", Body=_status(now))
    count = _PAST // _STEP
    for step in range(count):
        age = step * _STEP
        if stop.is_set():
            return
        if not _OUTAGE[0] <= age < _OUTAGE[1]:
            _put(client, bucket, now - age, count - step)
    for seq in itertools.count(count + 1):
        if stop.wait(_STEP.total_seconds()):
            return
        _put(client, bucket, _minute(), seq)


def _minute() -> datetime:
    return datetime.now(timezone.utc).replace(second=0, microsecond=0)


def _put(client: Any, bucket: str, moment: datetime, seq: int) -> None:
    picture = io.BytesIO()
    scene.draw(*_SIZE, moment.replace(tzinfo=None)).save(picture, "JPEG", quality=_QUALITY)
    client.put_object(
        Bucket=bucket,
        Key=f"{PAST_DEVICE}/{moment:%Y/%m/%d/%H%M%S}-{seq:06d}.jpg",
        Body=picture.getvalue(),
        Metadata={
            "taken-at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "device": PAST_DEVICE,
            "seq": str(seq),
            "origin": "drawn for the demo",
        },
    )


def _status(now: datetime) -> bytes:
    taken = _PAST // _STEP
    lost = (_OUTAGE[1] - _OUTAGE[0]) // _STEP
    report = {
        "time": int(now.timestamp()),
        "device": PAST_DEVICE,
        "version": "drawn for the demo",
        "interval_s": int(_STEP.total_seconds()),
        "uptime_s": int(_OUTAGE[0].total_seconds()),
        "boots": 2,
        "reset_cause": "brownout",
        "reboots": {"power-on": 1, "brownout": 1},
        "photos": {"taken": taken, "stored": taken - lost, "damaged": 0, "thinned": 0, "lost": 0},
        "spool": {"photos": 0, "bytes": 0},
        "rssi_dbm": [-71, -72, -70, -74, -77, -73, -72, -75, -76, -74, -73, -74],
        "heap_free_low": 9_400,
        "heap_largest": 2_960,
        "clock_error_ms": 40,
        "errors": [
            {
                "time": int((now - _OUTAGE[1]).timestamp()),
                "text": "the supply fell below 2.8 V, the board restarted",
            }
        ],
        "log": ["I app shot seq=288 ms=1204", "I s3 stored status=200 ms=611"],
    }
    return json.dumps(report).encode()


def _installed() -> Any:
    try:
        from megacam.gallery import app
    except ModuleNotFoundError as error:
        raise MegacamError(
            f"the gallery needs {error.name}: pip install 'megacam[gallery]'"
        ) from error
    return app.serve
