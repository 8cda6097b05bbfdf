"""`megacam update status`: who runs what, who is on trial, who went back and why."""

import json

import pytest
from update.owner import NOW

pytest_plugins = "local_aws"


@pytest.mark.parametrize(
    ("update", "code", "words"),
    [
        ({"release": 1}, 0, "up to date"),
        ({}, 0, "has not looked yet"),
        ({"trial": True}, 0, "on trial"),
        ({"fetching": [3, 12]}, 0, "fetching, 3 of 12 files are there"),
        ({"back": "three starts"}, 1, "went back: three starts"),
        ({"refused": "no space"}, 1, "refused: no space"),
        ({"release": 5}, 1, "is offered release 1, which is older"),
    ],
)
def test_the_status_says_what_became_of_it(owner, update, code, words):
    owner.reports()
    owner.types("update push --device cam1 --yes")
    owner.reports(update=update)
    said = owner.types("update status")
    assert (owner.code, words in said) == (code, True), said
    [row] = json.loads(owner.types("update status --json"))
    assert (row["device"], row["offered"]) == ("cam1", 1)


def test_a_release_that_nobody_fetched_in_time_is_told(owner):
    owner.reports()
    owner.types("update push --device cam1 --yes --days 1")
    owner.now += 86_400
    owner.reports()
    assert "did not take the release before it expired" in owner.types("update status")


def test_a_camera_that_knows_nothing_of_updates_is_told(owner):
    owner.reports(update=None)
    owner.put("cam1/status.json", json.dumps({"time": NOW, "version": "0.0.9"}).encode())
    assert "reports nothing about updates" in owner.types("update status")


def test_a_release_that_runs_and_expired_is_no_refusal(owner):
    owner.reports()
    owner.types("update push --device cam1 --yes --days 1")
    owner.now += 86_400
    owner.reports(update={"release": 1, "refused": "it has expired; sign and push it anew"})
    [row] = json.loads(owner.types("update status --json"))
    assert (owner.code, row["kind"]) == (0, "done")
    assert row["text"].startswith("up to date; its release has expired")
    owner.reports(update={"release": 1, "back": "three starts", "refused": "it has expired"})
    owner.types("update status")
    assert owner.code == 1


def test_a_refusal_ends_when_its_release_is_halted(owner):
    owner.reports()
    owner.types("update push --device cam1 --yes")
    owner.reports(update={"refused": "no space"})
    owner.types("update push --halt")
    [row] = json.loads(owner.types("update status --json"))
    assert (owner.code, row["kind"]) == (0, "done")
    assert row["text"] == "nothing is offered any more; it refused the last: no space"
