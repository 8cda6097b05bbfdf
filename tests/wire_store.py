"""A store on this computer, `s3`, and one that the commands find in the environment, `store`.

pytest_plugins = "wire_store"
def test_something(store): store.put(key, data); console.run(app, [...])
"""

import os

import pytest
from gallery_wire import BUCKET, WireS3


@pytest.fixture
def s3():
    """Yield an empty WireS3."""
    with WireS3() as server:
        yield server


@pytest.fixture
def store(s3, monkeypatch, tmp_path):
    """Return a WireS3 whose bucket, region and key are in the environment; tmp_path is current."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL_S3": s3.endpoint,
        "MEGACAM_BUCKET": BUCKET,
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return s3
