"""A camera's hours for the tests of the digest; runs that are killed or overtaken."""

import json
from datetime import datetime, timedelta, timezone

from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.digest import run
from megacam.digest.day import Calendar
from megacam.digest.hour import Wishes
from megacam.digest.store import Store

UTC = Calendar(timezone.utc, "UTC0")
NOW = at("2026-11-24T00:05")
PLAIN = Wishes(film=False)


class Client:
    """A boto3 client that calls `on_request(number, operation)` before or after each request."""

    def __init__(self, client, on_request, after=False):
        self._client = client
        self._on_request = on_request
        self._after = after
        self._count = 0
        self.meta = client.meta

    def __getattr__(self, operation):
        def call(**arguments):
            self._count += 1
            number = self._count
            if not self._after:
                self._on_request(number, operation)
            answer = getattr(self._client, operation)(**arguments)
            if self._after:
                self._on_request(number, operation)
            return answer

        return call


def killed(s3: WireS3, work, also=lambda: None):
    """Put s3 into each state in which kill -9 can leave it during `work(client)`; yield also().

    `work` runs once, to its end. A process that dies at a request leaves what was there before the
    request or after it, and what is there after one is there before the next one. `also()` is
    called then.
    """
    states = []

    def note(number, operation):
        state = dict(s3.objects), dict(s3.written), also()
        if not states or states[-1] != state:
            states.append(state)

    work(Client(s3.client(), note))
    note(0, "the end")
    for objects, written, more in states:
        s3.objects, s3.written = dict(objects), dict(written)
        yield more


def overtakings_by(s3: WireS3, before: dict, late: str):
    """Digest what was `before` again and again; yield each request that another run overtakes.

    In it, the photo `late` is put and another run digests all.
    """
    for place in range(1, 100):
        s3.objects, s3.written = dict(before), {}
        done = []

        def other(number, operation, place=place, done=done):
            if number == place:
                s3.put(late, jpeg(200))
                done.append(digest(s3))

        digest(s3, client=Client(s3.client(), other))
        if not done:
            return
        yield place


def fill(s3: WireS3, start: datetime, count: int, step_s: int = 900, device="cam1", first=0):
    """Put `count` photos, one every `step_s`; the shade tells them apart."""
    keys = []
    for number in range(first, first + count):
        moment = start + timedelta(seconds=step_s * (number - first))
        key = key_of(device, moment, number)
        s3.put(key, jpeg(60 + number % 150), seq=str(number))
        keys.append(key)
    return keys


def digest(s3: WireS3, *, client=None, now=NOW, days=1, wishes=PLAIN, calendar=UTC, **more):
    """Run the digest of cam1."""
    store = Store(client or s3.client(), BUCKET)
    return run.run(store, "cam1", calendar, run.window(now, days), now, wishes, **more)


def read(s3: WireS3, key: str):
    """Return an index."""
    return json.loads(s3.objects[key][0])


def made(s3: WireS3) -> dict[str, bytes]:
    """Return all objects of the digest."""
    return {key: data for key, (data, _) in s3.objects.items() if "/_digest/" in key}
