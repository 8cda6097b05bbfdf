"""A roll-out in steps: push --percent, advance and --halt."""

import dataclasses

import pytest
from megacam.update import manifest, verify
from megacam.update.ledger import Ledger
from update.owner import HOUR_S

pytest_plugins = "local_aws"


def _percent(owner, names=("cam1", "cam2", "cam3")):
    owner.config()
    for name in names:
        owner.reports(name)
        owner.photographs(name, 12 * HOUR_S)
    owner.now += 12 * HOUR_S
    for name in names:
        owner.reports(name)
        owner.photographs(name, 12 * HOUR_S)
    owner.types("update push --percent 30 --settings config.json --yes")
    assert (owner.code, owner.err) == (0, "")
    entry = Ledger(owner.folder).newest(owner.account.bucket)
    return entry, [one for one in names if manifest.is_chosen(one, entry.counter, 30)]


def _later(owner, entry, chosen, hours=6, every_s=1800, **update):
    owner.now += hours * HOUR_S
    for name in entry.devices:
        has = {"release": entry.counter, "slot": "b"} if name in chosen else {}
        owner.reports(name, update={**has, **(update if name in chosen else {})})
        owner.photographs(name, hours * HOUR_S, every_s if name in chosen else 1800)


def test_a_roll_out_begins_with_some_and_goes_on_with_all(owner):
    entry, chosen = _percent(owner)
    assert 0 < len(chosen) < len(entry.devices)
    rest = sorted(set(entry.devices) - set(chosen))
    with pytest.raises(verify.NotYetError):
        owner.taken(rest[0])
    assert owner.taken(chosen[0]).counter == entry.counter
    before = manifest.parse(owner.objects(rest[0])["release"][manifest.SIGNATURE_BYTES :])
    _later(owner, entry, chosen)
    owner.types("update advance")
    assert (owner.code, owner.err) == (0, "")
    assert owner.taken(rest[0]) == dataclasses.replace(before, percent=100)
    owner.types("update advance")
    assert "is out to 100 % of the cameras" in owner.err


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"hours": 0}, "it is too early to tell"),
        ({"every_s": 7200}, "photos instead of about"),
        ({"back": "three starts"}, "went back: three starts"),
        ({"trial": True}, "still on trial"),
        ({"release": 0, "refused": "no space"}, "refused it: no space"),
    ],
)
def test_a_roll_out_stops_where_cameras_became_worse(owner, how, reason):
    entry, chosen = _percent(owner)
    _later(owner, entry, chosen, **how)
    owner.types("update advance")
    assert owner.code == 1
    assert reason in owner.out
    assert f"release {entry.counter} stays at 30 %" in owner.err
    assert Ledger(owner.folder).newest(owner.account.bucket).percent == 30
    owner.types("update advance --anyway")
    assert owner.code == 0


def test_a_halted_release_is_offered_to_nobody_and_not_widened(owner):
    entry, chosen = _percent(owner)
    owner.types("update push --halt")
    assert (owner.code, "offered to nobody" in owner.out) == (0, True)
    assert all("release" not in owner.objects(name) for name in entry.devices)
    _later(owner, entry, chosen)
    owner.types("update advance")
    assert "was halted" in owner.err
    assert "release" not in owner.objects("cam1")
