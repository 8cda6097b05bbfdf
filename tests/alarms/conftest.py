"""For the tests of alarms: a bucket with a camera that can be told what to do."""

import json
from datetime import datetime, timezone

import pytest
import trustme
from megacam.gallery import bucket as photo_bucket
from megacam.gallery.bucket import Bucket
from servers.receiver import Receiver
from servers.running import issue, server_context

NOON = 1_795_521_600  # 2026-11-24 12:00 UTC
SECRET = "tk_never_to_be_shown"


class Camera:
    """Puts the photos and the reports of `device` into the bucket of a MiniStack account."""

    def __init__(self, account, device="cam1"):
        self.account, self.device = account, device
        self.s3 = account.client("s3")
        self.client = account.aws.client("s3", photo_bucket.CONFIG)
        self.now = NOON

    @property
    def source(self):
        return Bucket(
            self.client,
            self.account.bucket,
            lambda: datetime.fromtimestamp(self.now, timezone.utc),
        )

    def photo(self, at):
        taken = datetime.fromtimestamp(at, timezone.utc)
        key = f"{self.device}/{taken:%Y/%m/%d/%H%M%S}-000042.jpg"
        self.s3.put_object(Bucket=self.account.bucket, Key=key, Body=b"photo")
        return key

    def report(self, at, **more):
        said = {"time": at, "interval_s": 30, "uptime_s": 900, "version": "0.3.0",
                "rssi_dbm": [-64], "photos": {"refused": 0, "thinned": 0},
                "spool": {"photos": 0, "bytes": 0}, **more}  # fmt: skip
        self.s3.put_object(
            Bucket=self.account.bucket, Key=f"{self.device}/status.json", Body=json.dumps(said)
        )


@pytest.fixture
def camera(account):
    made = Camera(account)
    made.s3.create_bucket(
        Bucket=account.bucket,
        CreateBucketConfiguration={"LocationConstraint": account.aws.region},
    )
    return made


@pytest.fixture
def receiver(monkeypatch, tmp_path):
    """Yield a Receiver whose certificate is trusted."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "receiver.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "receiver.pem"))
    with Receiver(server_context(issue(authority))) as running:
        yield running
