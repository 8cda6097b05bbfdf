"""A store on this computer that the commands find in the environment.

pytest_plugins = "wire_store"
def test_something(store): store.put(key, data); console.run(app, [...])
"""

import os

import pytest
from gallery_wire import BUCKET, WireS3


@pytest.fixture
def store(monkeypatch, tmp_path):
    """Yield a WireS3 whose bucket, region and key are in the environment; tmp_path is current."""
    with WireS3() as server:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL_S3": server.endpoint,
            "MEGACAM_BUCKET": BUCKET,
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield server
