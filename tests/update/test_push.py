"""`megacam update push` of firmware as its owner types it, and what cameras find."""

import json
import shutil

from megacam.update.ledger import Ledger
from megacam.update.store import Updates
from update import releases
from update.owner import NOW

pytest_plugins = "local_aws"


def test_a_push_offers_firmware_that_the_camera_takes(owner):
    owner.reports()
    owner.types("update push --device cam1 --yes")
    assert (owner.code, owner.err) == (0, "")
    assert "release 1 is offered to 1 camera" in owner.out
    found = owner.taken()
    assert (found.counter, found.devices, found.percent) == (1, ("cam1",), 100)
    assert (found.board, found.mpy) == ("ESP32_GENERIC", "6.3")
    assert "firmware/app.mpy" in [file.path for file in found.files]
    assert found.expires == NOW + 30 * 86_400


def test_the_next_push_has_the_next_counter_even_if_the_ledger_is_lost(owner):
    owner.reports()
    owner.types("update push --device cam1 --yes --counter 7")
    assert owner.taken().counter == 7
    shutil.rmtree(owner.folder.path / "releases")
    owner.types("update push --device cam1 --yes")
    assert owner.taken(release=7).counter == 8


def test_what_a_thief_of_the_bucket_wrote_counts_for_nothing(owner):
    owner.reports()
    text = releases.described(NOW, counter=2**25 - 1).text()
    owner.put("cam1/_update/release", releases.sign(text, "stranger"))
    owner.types("update status")
    assert owner.code == 1
    assert "not signed by a key of yours" in owner.out
    owner.types("update push --device cam1 --yes")
    assert owner.taken().counter == 1


def test_a_dry_run_and_a_no_change_nothing(owner):
    owner.reports()
    owner.types("update push --device cam1 --dry-run")
    assert "nothing was changed" in owner.out
    owner.types("update push --device cam1")
    assert (owner.code, "add --yes" in owner.err) == (2, True)
    assert owner.objects() == {}
    assert Ledger(owner.folder).highest() == 0


def test_of_two_pushes_at_once_one_wins_and_the_other_says_so(owner, monkeypatch):
    owner.reports()
    files = Updates.put_files
    other = releases.sign(releases.described(NOW, counter=99).text())

    def slow(self, device, objects):
        files(self, device, objects)
        owner.put("cam1/_update/release", other)

    monkeypatch.setattr(Updates, "put_files", slow)
    owner.types("update push --device cam1 --yes")
    assert owner.code == 1
    assert "somebody else released something for cam1" in owner.err
    assert owner.objects()["release"] == other


def test_a_push_that_replaces_one_also_loses_to_another(owner, monkeypatch):
    owner.reports()
    owner.types("update push --device cam1 --yes")
    files = Updates.put_files

    def slow(self, device, objects):
        files(self, device, objects)
        self.withdraw(device)

    monkeypatch.setattr(Updates, "put_files", slow)
    owner.types("update push --device cam1 --yes")
    assert owner.code == 1
    assert "release" not in owner.objects()


def test_a_release_of_a_folder_is_the_one_that_is_offered(owner):
    owner.reports()
    data = json.loads(owner.types("release built --json"))
    owner.types("update push --release built --device cam1 --yes")
    found = owner.taken()
    assert {file.path: file.sha256 for file in found.files} == data["files"]


def test_a_release_is_offered_no_longer_than_its_files_are_kept(owner):
    owner.reports()
    rule = {
        "ID": "megacam-cam1",
        "Status": "Enabled",
        "Filter": {"Prefix": "cam1/"},
        "Expiration": {"Days": 7},
    }
    owner.s3.put_bucket_lifecycle_configuration(
        Bucket=owner.account.bucket, LifecycleConfiguration={"Rules": [rule]}
    )
    owner.types("update push --device cam1 --yes")
    assert owner.taken().expires == NOW + 7 * 86_400
