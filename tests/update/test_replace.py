"""A push does not take from a camera what it was offered before and has not taken yet."""

import pytest

pytest_plugins = "local_aws"


@pytest.fixture
def waits(owner, monkeypatch):
    """An owner with two cameras, one of which is about to get another Wi-Fi as release 1."""
    monkeypatch.setenv("MEGACAM_WIFI_SSID", "new router")
    monkeypatch.setenv("MEGACAM_WIFI_PASSWORD", "correct horse")
    owner.folder.make_seal("cam1")
    for name in ("cam1", "cam2"):
        owner.reports(name, config=owner.config(device=name))
    owner.types("update wifi --device cam1 --yes")
    assert (owner.code, owner.taken().counter) == (0, 1)
    return owner


def test_firmware_does_not_replace_a_change_of_the_wi_fi(waits):
    waits.types("update push --all --yes")
    assert waits.code == 1
    assert "cam1 has not taken release 1 yet (Wi-Fi)" in waits.err
    assert "cam2" not in waits.err
    assert (waits.taken().counter, waits.objects("cam2")) == (1, {})
    waits.types("update push --device cam2 --yes")
    assert (waits.code, waits.err) == (0, "")
    waits.types("update push --all --yes --replace")
    assert (waits.code, waits.taken().wifi) == (0, "")


def test_the_same_change_can_be_sent_again(waits):
    waits.types("update wifi --device cam1 --yes")
    assert (waits.code, waits.taken().counter) == (0, 2)


@pytest.mark.parametrize(
    "update",
    [{"release": 1}, {"release": 1, "back": "three starts"}, {"refused": "it cannot be opened"}],
)
def test_what_was_taken_or_refused_is_replaced(waits, update):
    waits.reports(update=update)
    waits.types("update push --all --yes")
    assert (waits.code, waits.err) == (0, "")


def test_a_refusal_from_before_is_not_one_of_this_release(waits):
    waits.reports(update={"refused": "old news"})
    waits.types("update push --device cam1 --yes")
    assert waits.code == 0
    waits.types("update wifi --device cam1 --yes --replace")
    waits.types("update push --device cam1 --yes")
    assert "cam1 has not taken release 3 yet (Wi-Fi)" in waits.err


def test_what_expired_is_replaced(waits):
    waits.now += 30 * 86_400
    waits.reports()
    waits.types("update push --device cam1 --yes")
    assert (waits.code, waits.err) == (0, "")


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [
        ("push --all --set interval_s=60", "push --all", "settings"),
        ("push --all --set interval_s=60", "push --all --set camera.quality=low", "settings"),
        ("push --all --set interval_s=60", "wifi --device cam1 --device cam2", "settings"),
        ("push --all --next-key", "push --all", "next key"),
        ("push --all", "push --all --set interval_s=60", "firmware"),
    ],
)
def test_whatever_would_be_lost_is_named_with_its_cameras(waits, first, second, lost):
    waits.folder.make_seal("cam2")
    waits.types(f"update {first} --replace --yes")
    assert waits.code == 0, waits.err
    waits.types(f"update {second} --yes")
    assert f"cam1, cam2 have not taken release 2 yet ({lost})" in waits.err
    waits.types(f"update {second} --replace --yes")
    assert waits.code == 0, waits.err


def test_a_whole_file_of_settings_replaces_settings(waits):
    waits.types("update push --device cam1 --set interval_s=60 --replace --yes")
    for line in ("--set interval_s=60", "--settings config.json"):
        waits.types(f"update push --device cam1 {line} --yes")
        assert (waits.code, waits.err) == (0, "")
