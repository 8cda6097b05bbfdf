"""Keys, passphrases and sealed Wi-Fi changes as the owner types them."""

import dataclasses

from megacam.update import seal, verify
from megacam.update.keys import KeyFolder
from update.owner import PASSPHRASE, texts

pytest_plugins = "local_aws"


def test_a_wi_fi_change_is_sealed_to_one_camera(owner, monkeypatch):
    monkeypatch.setenv("MEGACAM_WIFI_SSID", "new router")
    monkeypatch.setenv("MEGACAM_WIFI_PASSWORD", "correct horse")
    owner.reports()
    owner.types("update wifi --device cam1 --yes")
    assert "has no seal of cam1" in owner.err
    key = owner.folder.make_seal("cam1")
    owner.types("update wifi --device cam1 --yes")
    assert (owner.code, owner.err) == (0, "")
    found = owner.taken()
    [network] = seal.opened(found.wifi, key, "cam1", found.counter)
    assert (network["ssid"], network["password"]) == ("new router", "correct horse")
    assert found.files == ()
    said = owner.out + repr(owner.objects()) + "".join(texts(owner.folder.path))
    assert "correct horse" not in said
    assert b"correct horse".hex() not in said


def test_the_next_key_signs_and_is_replaced(owner):
    owner.reports()
    owner.types("update push --device cam1 --with next --next-key --yes")
    assert owner.code == 0
    board = dataclasses.replace(owner.board(), keys=owner.folder.moduli()[1:])
    found = verify.check(owner.objects()["release"], board)
    assert found.next_key == owner.folder.modulus("next").hex()
    owner.types("update key --promote")
    assert owner.code == 0
    owner.types("update push --device cam1 --with next --yes")
    assert "there is no next key" in owner.err


def test_a_wrong_passphrase_publishes_nothing(owner, monkeypatch):
    monkeypatch.setenv("MEGACAM_UPDATE_PASSPHRASE", "not the right words")
    owner.reports()
    owner.types("update push --device cam1 --yes")
    assert owner.code == 1
    assert "the passphrase is wrong" in owner.err
    assert owner.objects() == {}


def test_keys_are_made_and_never_replaced(owner, tmp_path):
    folder = tmp_path / "new"
    owner.types(f"update key --keys {folder}")
    assert owner.code == 0
    assert "update key --next" in owner.out
    owner.types(f"update key --next --keys {folder}")
    assert len(KeyFolder(folder).moduli()) == 2
    owner.types(f"update key --keys {folder}")
    assert owner.code == 1
    assert "exists and is not replaced" in owner.err
    assert PASSPHRASE not in "".join(texts(folder))


def test_without_keys_the_remedy_is_named(owner, tmp_path):
    owner.types(f"update push --device cam1 --keys {tmp_path / 'none'}")
    assert owner.code == 1
    assert "make one with `megacam update key`" in owner.err
