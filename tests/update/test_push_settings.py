"""`megacam update push --set` and `--settings` as its owner types them."""

import json

import pytest

pytest_plugins = "local_aws"


def test_one_setting_changes_and_no_other(owner):
    before = owner.config()
    owner.reports(config=before)
    owner.types("update push --set interval_s=60 --set camera.resolution=640x480 --yes")
    assert (owner.code, owner.err) == (0, "")
    found = owner.taken()
    assert [file.path for file in found.files] == ["config.json"]
    assert "firmware" in found.keep
    sent = json.loads(owner.objects()[found.files[0].sha256])
    was = json.loads(before)
    assert (sent["interval_s"], sent["camera"]["resolution"]) == (60, "640x480")
    assert {**sent, "interval_s": 30, "camera": was["camera"]} == was


def test_settings_that_were_sent_before_can_be_changed_again(owner):
    owner.reports(config=owner.config())
    owner.types("update push --set interval_s=60 --yes")
    [file] = owner.taken().files
    sent = owner.objects()[file.sha256]
    owner.reports(config=sent, update={"release": 1})
    owner.types("update push --set quality_is_no_setting=1 --yes")
    assert owner.code == 1
    owner.types("update push --set camera.quality=low --yes")
    assert (owner.code, owner.err) == (0, "")
    [file] = owner.taken(release=1).files
    found = json.loads(owner.objects()[file.sha256])
    assert (found["interval_s"], found["camera"]["quality"]) == (60, "low")
    assert found == json.loads(sent) | {"camera": found["camera"]}


def test_settings_are_sent_to_each_camera_under_its_own_name(owner):
    owner.config()
    for name in ("cam1", "cam2"):
        owner.reports(name, config=owner.config(device=name))
    owner.types("update push --all --set interval_s=60 --yes")
    for name in ("cam1", "cam2"):
        [file] = owner.taken(name).files
        assert json.loads(owner.objects(name)[file.sha256])["device"] == name
    assert owner.taken("cam1").counter == owner.taken("cam2").counter


@pytest.mark.parametrize(
    ("line", "report", "error"),
    [
        ("--set interval_s=0", {}, "interval_s is 0"),
        ("--set no_such=1", {}, "no_such"),
        ("--set interval_s", {}, "write NAME=VALUE"),
        ("--set device.x=1", {}, "device is no section"),
        ("--set interval_s=60", {"config": b"other"}, "does not run the settings in config.json"),
        ("--set interval_s=60", {"version": "0.0.1"}, "push the firmware first"),
        ("--settings none.json", {}, "none.json is missing"),
    ],
)
def test_settings_that_cannot_be_meant_are_not_sent(owner, line, report, error):
    owner.reports(**{"config": owner.config(), **report})
    owner.types(f"update push --yes {line}")
    assert owner.code in (1, 2)
    assert error in owner.err
    assert owner.objects() == {}


def test_a_whole_file_replaces_settings_that_are_not_known_here(owner):
    owner.config(interval_s=90)
    owner.reports(config=b"other")
    owner.types("update push --settings config.json --yes")
    [file] = owner.taken().files
    assert json.loads(owner.objects()[file.sha256])["interval_s"] == 90
