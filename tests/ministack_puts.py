"""Puts of the S3 session on MicroPython to MiniStack; fixtures for a conftest.py.

def test_something(run, store): assert run(put())["status"] == 200; stored(store)["Body"] ...
"""

import json

import pytest
from megacam.sim.store import Store

MODES = ("none", "etag", "checksum", "signed", "signed-checksum")
SIZE = 50_000
KEY = "cam1/2026/11/23/234500-000042.jpg"


def put(**more):
    return {"op": "put", "key": KEY, "size": SIZE, **more}


def content(size):
    """Return the bytes of a body of the session."""
    return bytes(i * 7 & 255 for i in range(size))


@pytest.fixture(scope="session")
def store():
    with Store() as running:
        running.create_bucket("photos")
        yield running


@pytest.fixture(scope="session")
def device(store):
    return store.create_device_user("photos", "cam1")


@pytest.fixture(scope="session")
def reader(store):
    """Return a key that may read objects under cam1/."""
    iam = store.client("iam")
    iam.create_user(UserName="reader")
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/cam1/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def run(store, device, session, tmp_path):
    """Return run(*steps, **job) -> results with an empty bucket."""
    root = tmp_path / "store.der"
    root.write_bytes(store.ca_der)
    for key in objects(store):
        store.client("s3").delete_object(Bucket="photos", Key=key)

    def run(*steps, key=device, **job):
        job = {"endpoint": store.endpoint, "bucket": "photos", "roots": [str(root)], **job}
        job = {"access_key_id": key[0], "secret_access_key": key[1], **job}
        results = session(list(steps or [put()]), **job)
        run.log = session.log
        return results if len(results) > 1 else results[0]

    return run


def objects(store):
    pages = store.client("s3").list_objects_v2(Bucket="photos")
    return [entry["Key"] for entry in pages.get("Contents", [])]


def stored(store, key=KEY):
    return store.client("s3").get_object(Bucket="photos", Key=key)
