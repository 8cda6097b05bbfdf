"""Single photos on upload: whoever makes their hour takes over their labels and clears them."""

from datetime import timedelta

import pytest
from digest_rig import NOW, digest, killed, read
from gallery_wire import BUCKET, WireS3, jpeg, key_of
from megacam.digest import upload
from megacam.digest.hour import Wishes
from megacam.digest.labels import Labeller
from megacam.digest.models import Http
from megacam.digest.store import Store
from servers.labeller import Model

pytest_plugins = "wire_store"

TAKEN = NOW - timedelta(minutes=7)
HOUR = f"cam1/_digest/{TAKEN:%Y/%m/%d/%H}/"
KEY = key_of("cam1", TAKEN, 1)
LATER = NOW + timedelta(minutes=20)


def uploaded(s3, now=NOW, model=None):
    labeller = Labeller(Http(model.url), 100, now) if model else None
    return upload.on_upload(Store(s3.client(), BUCKET), "cam1", KEY, "all", 46, now, labeller)


def singles(s3):
    return [key for key in s3.objects if "/now/" in key]


def test_an_event_that_is_repeated_after_the_hour_is_done_does_nothing(s3):
    s3.put(KEY, jpeg(99), motion="90")
    with Model() as model:
        assert uploaded(s3, model=model) == "made"
        digest(s3)
        assert not singles(s3)
        s3.asked.clear()
        assert uploaded(s3, LATER, model) == "done"
        assert (singles(s3), len(model.got)) == ([], 1)
    assert s3.asked == [f"GET {HOUR}index.json "]


def test_a_photo_that_came_after_its_hour_was_done_gets_a_thumbnail_until_the_next_run(s3):
    s3.put(key_of("cam1", TAKEN, 2), jpeg(60))
    digest(s3)
    s3.put(KEY, jpeg(99))
    assert uploaded(s3, LATER) == "made" and singles(s3)
    digest(s3)
    assert not singles(s3)


@pytest.mark.parametrize("damage", [b"rubbish", b'{"format":1}'])
def test_an_hour_that_is_damaged_is_not_done(s3, damage):
    s3.put(KEY, jpeg(99))
    s3.put(f"{HOUR}index.json", damage)
    assert uploaded(s3, LATER) == "made"


def test_a_run_that_knows_nothing_of_uploads_takes_over_their_labels_and_clears_them(s3):
    s3.put(KEY, jpeg(99), motion="90")
    with Model() as model:
        uploaded(s3, model=model)
    digest(s3, wishes=Wishes(film=False))
    assert [row["labels"] for row in read(s3, f"{HOUR}index.json")["photos"]] == [{"fox": 0.93}]
    assert not singles(s3)


def test_a_run_killed_at_any_request_leaves_no_thumbnail_for_good():
    with WireS3() as s3:
        s3.put(KEY, jpeg(99))
        uploaded(s3)
        for _ in killed(s3, lambda client: digest(s3, client=client)):
            digest(s3)
            assert not singles(s3)
