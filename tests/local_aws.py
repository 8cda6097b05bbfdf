"""The owner's AWS account for the cloud tests: one MiniStack with IAM for the whole run.

pytest_plugins = "local_aws"
def test_something(account): account.aws, account.bucket ...
"""

import atexit
import contextlib
import functools
import itertools
import os

import pytest
from megacam.aws import AccessKey, Aws
from megacam.sim.store import Store

REGION = "eu-central-1"
_SERVICES = ("s3", "iam", "sts", "iot", "cloudformation", "budgets", "cloudfront")
_numbers = itertools.count(1)


@functools.cache
def _store():
    running = contextlib.ExitStack()
    atexit.register(running.close)
    return running.enter_context(Store(services=_SERVICES))


class Account:
    """An owner's door to the store, and a bucket name of its own for each test."""

    def __init__(self, store):
        self.store = store
        self.aws = Aws(region=REGION)
        self.bucket = f"garden-photos-{next(_numbers)}"

    def client(self, service):
        """Return a boto3 client that goes past the code under test."""
        return self.aws.client(service)

    def s3_as(self, key: AccessKey):
        """Return an S3 client with a device's key, past the code under test."""
        return self.store.client_with_key("s3", key.access_key_id, key.secret_access_key)

    def object_keys(self):
        """Return the keys of all objects in the bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


@pytest.fixture
def account(monkeypatch):
    store = _store()
    for name in [name for name in os.environ if name.startswith(("AWS_", "MEGACAM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(store.ca_pem))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return Account(store)
