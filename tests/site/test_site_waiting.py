"""What CloudFront does not do at once, and what somebody else does in between.

MiniStack is always ready, so these tests change its answers on their way to the code.
"""

import itertools
import time

import pytest
from megacam.cloud.site import find as finding
from megacam.cloud.site import parts, steps
from megacam.errors import MegacamError
from megacam.site import links

pytest_plugins = "site_cloud"


class _Clock:
    """A clock that only its own sleep moves."""

    def __init__(self):
        self.now_s = 0.0

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def _answers(account, service, operation, change, times=None):
    """Let `change` edit the answers of an operation, all of them or the first `times`."""
    counted = itertools.count()

    def edit(parsed, **_):
        if times is None or next(counted) < times:
            change(parsed)

    account.client(service).meta.events.register(f"after-call.{service}.{operation}", edit)


@pytest.fixture
def store(account):
    return finding.Store(account.aws, parts.ensure_store(account.aws, account.bucket))


def test_a_store_that_changed_in_between_is_read_and_written_again(account, store):
    first, second = (links.new(name, (), 1, time.time()) for name in ("a", "b"))
    kvs = account.client("cloudfront-keyvaluestore")
    about = kvs.describe_key_value_store
    arn = parts.store_arn(account.aws, account.bucket)
    added = []

    def intrude(**_):
        """Add a link of somebody else between the reading of the ETag and the writing."""
        if not added:
            added.append(True)
            etag = about(KvsARN=arn)["ETag"]
            put = {"Key": first.entry_name, "Value": first.entry, "IfMatch": etag}
            kvs.put_key(KvsARN=arn, **put)

    # The listing comes after the ETag was read.
    kvs.meta.events.register("before-call.cloudfront-keyvaluestore.ListKeys", intrude)
    store.add(second)
    assert {one.name for one in store.read().links} == {"a", "b"}


def test_a_store_that_changes_for_ever_is_given_up(account, store):
    client = account.client("cloudfront-keyvaluestore")
    etags = (f'"{n}"' for n in itertools.count())

    def stale(params, **_):
        params["headers"]["If-Match"] = next(etags)

    client.meta.events.register("before-call.cloudfront-keyvaluestore.UpdateKeys", stale)
    with pytest.raises(MegacamError, match="change too fast; run the same command again"):
        store.set_cameras(("cam1",))


def test_more_links_than_one_request_takes_are_revoked_in_several(account, store):
    made = [links.new(f"n{n}", (), 1, time.time()) for n in range(60)]
    for one in made:
        store.add(one)
    store.revoke(made)
    found = store.read()
    assert found.links == ()
    assert {one.id for one in found.revoked} == {one.id for one in made}


def test_a_new_link_is_added_beside_more_ended_ones_than_one_request_takes(account):
    arn = parts.ensure_store(account.aws, account.bucket)
    today = finding.Store(account.aws, arn)
    for n in range(60):
        today.add(links.new(f"n{n}", (), 1, time.time()))
    later = finding.Store(account.aws, arn, lambda: time.time() + 2 * 86_400)
    for name in ("x", "y"):
        later.add(links.new(name, (), 9, time.time()))
    assert {one.name for one in later.read().links} == {"x", "y"}


def test_more_cameras_than_the_store_takes_are_refused_before_anything_is_sent(account, store):
    many = tuple(f"garden-camera-{n:03}" for n in range(80))
    before = store.read()
    with pytest.raises(MegacamError, match=r"too many cameras .* another bucket"):
        store.set_cameras(many)
    with pytest.raises(MegacamError, match=r"too many cameras .* without --device"):
        store.add(links.new("grandma", many, 1, time.time()))
    assert store.read() == before


def test_create_refuses_one_camera_too_many_before_it_makes_anything(account, monkeypatch):
    many = tuple(f"garden-camera-{n:03}" for n in range(80))
    monkeypatch.setattr(steps.buckets, "policy", lambda aws, bucket: {})
    monkeypatch.setattr(finding, "shown", lambda policy: many)
    with pytest.raises(MegacamError, match=r"too many cameras .* another bucket"):
        steps.steps(account.aws, account.bucket, "cam1", there=True)


def test_links_that_have_ended_are_forgotten_with_the_next_new_one(account):
    arn = parts.ensure_store(account.aws, account.bucket)
    now_s = 1_790_000_000
    store = finding.Store(account.aws, arn, now=lambda: now_s)
    old, new = links.new("old", (), 1, now_s - 90_000), links.new("new", (), 1, now_s)
    store.add(old)
    store.revoke([links.new("gone", (), 1, now_s - 90_000)])
    store.add(new)
    found = store.read()
    assert ([one.name for one in found.links], found.revoked) == (["new"], ())


def test_a_new_store_is_awaited(account):
    clock = _Clock()
    provisioning = {"Status": "PROVISIONING"}
    _answers(
        account, "cloudfront", "DescribeKeyValueStore",
        lambda parsed: parsed.get("KeyValueStore", {}).update(provisioning), times=4,
    )  # fmt: skip
    assert parts.ensure_store(account.aws, account.bucket, clock).endswith(account.bucket)
    assert clock.now_s > 0


def test_a_store_that_is_never_ready_is_one_sentence(account):
    _answers(
        account, "cloudfront", "DescribeKeyValueStore",
        lambda parsed: parsed.get("KeyValueStore", {}).update({"Status": "PROVISIONING"}),
    )  # fmt: skip
    with pytest.raises(MegacamError, match="run the same command again in a minute"):
        parts.ensure_store(account.aws, account.bucket, _Clock())


def _made(account, edge):
    from megacam.cloud import create
    from megacam.cloud.spec import CloudSpec

    create.plan(account.aws, CloudSpec(account.bucket, "cam1", site=True)).make()
    return finding.need(account.aws, account.bucket)


def test_a_site_is_dark_before_cloudfront_has_switched_it_off_and_gone_after(account, edge):
    site, clock, left = _made(account, edge), _Clock(), []

    def in_progress(parsed):
        left.append(steps.finding.shown(steps.buckets.policy(account.aws, account.bucket)))
        parsed["Distribution"]["Status"] = "InProgress"

    _answers(account, "cloudfront", "GetDistribution", in_progress, times=3)
    steps.remove_distribution(account.aws, account.bucket, site, clock)
    assert left == [()] * 3 and clock.now_s > 0
    assert finding.find(account.aws, account.bucket) is None


def test_a_site_that_takes_too_long_is_one_sentence_and_the_next_run_goes_on(account, edge):
    site = _made(account, edge)
    _answers(
        account, "cloudfront", "GetDistribution",
        lambda parsed: parsed["Distribution"].update(Status="InProgress"), times=100,
    )  # fmt: skip
    with pytest.raises(MegacamError, match=r"still switching off .*; run the same command again"):
        steps.remove_distribution(account.aws, account.bucket, site, _Clock())
    steps.remove_distribution(account.aws, account.bucket, site, _Clock(), timeout_s=1e6)
    assert finding.find(account.aws, account.bucket) is None
