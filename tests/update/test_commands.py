"""`megacam update` as its owner types it, against a local S3, and what cameras find there."""

import dataclasses
import hashlib
import json
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from megacam import cli, console, settings
from megacam.commands import update_options
from megacam.update import manifest, seal, verify
from megacam.update.keys import KeyFolder
from megacam.update.ledger import Ledger
from megacam.update.store import Updates
from update import releases

pytest_plugins = "local_aws"

NOW = 1_790_000_000
PASSPHRASE = "four words are enough"
HOUR_S = 3600


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = KeyFolder(tmp_path_factory.mktemp("owner") / "keys")
    folder.make("current", PASSPHRASE)
    folder.make("next", PASSPHRASE)
    return folder.path


class Owner:
    """Types commands beside a bucket of cameras; `out`, `err` and `code` are the last one's."""

    def __init__(self, account, folder, capsys):
        self.account, self.folder, self._capsys = account, KeyFolder(folder), capsys
        self.s3 = account.client("s3")
        self.s3.create_bucket(
            Bucket=account.bucket,
            CreateBucketConfiguration={"LocationConstraint": account.aws.region},
        )
        self.now = NOW

    def types(self, line):
        self.code = console.run(cli.app, line.split())
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def put(self, key, content):
        self.s3.put_object(Bucket=self.account.bucket, Key=key, Body=content)

    def config(self, **changes):
        """Write config.json and return it as the board has it."""
        raw = json.loads(settings.example()) | {"interval_s": 30, **changes}
        raw["s3"]["bucket"] = self.account.bucket
        with open("config.json", "w") as file:  # noqa: PTH123 - in the test's own folder
            json.dump(raw, file)
        return settings.check(raw)[0]

    def reports(self, device="cam1", config=b"", update=None, **more):
        """Store a camera's status.json and a photo of this moment."""
        report = {
            "time": self.now,
            "device": device,
            "version": settings.firmware_version(),
            "config": hashlib.sha256(config).hexdigest()[:8],
            "interval_s": 1800,
            "reboots": {"power-on": 1},
            "update": {"slot": "a", "release": 0, "trial": False, "back": None, "refused": None}
            | (update or {}),
            **more,
        }
        self.put(f"{device}/status.json", json.dumps(report).encode())
        self.photographs(device)

    def photographs(self, device, since_s=0, every_s=1800):
        for ago_s in range(0, since_s + 1, every_s):
            at = datetime.fromtimestamp(self.now, timezone.utc) - timedelta(seconds=ago_s)
            self.put(f"{device}/{at:%Y/%m/%d/%H%M%S}-000001.jpg", b"jpeg")

    def objects(self, device="cam1"):
        """Return {name below DEVICE/_update/: content}."""
        start = f"{device}/_update/"
        keys = [key for key in self.account.object_keys() if key.startswith(start)]
        return {
            key[len(start) :]: self.s3.get_object(Bucket=self.account.bucket, Key=key)[
                "Body"
            ].read()
            for key in keys
        }

    def board(self, device="cam1", release=0):
        """Return what a camera of this owner knows."""
        return verify.Board(
            device, self.folder.moduli(), self.now, release, seal=self.folder.seal(device)
        )

    def taken(self, device="cam1", release=0):
        """Return the manifest of what a camera takes now."""
        objects = self.objects(device)
        found = verify.check(objects["release"], self.board(device, release))
        verify.check_files(found, objects.get)
        return found


@pytest.fixture
def owner(account, made, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "keys")
    monkeypatch.setenv("MEGACAM_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("MEGACAM_UPDATE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("MEGACAM_BUCKET", account.bucket)
    monkeypatch.setenv("AWS_REGION", account.aws.region)
    found = Owner(account, tmp_path / "keys", capsys)
    monkeypatch.setattr(update_options, "now", lambda: found.now)
    return found


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
    said = owner.out + repr(owner.objects()) + "".join(_texts(owner.folder.path))
    assert "correct horse" not in said
    assert b"correct horse".hex() not in said


def _texts(folder):
    return [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]


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


def test_a_release_of_a_folder_is_the_one_that_is_offered(owner):
    owner.reports()
    data = json.loads(owner.types("release built --json"))
    owner.types("update push --release built --device cam1 --yes")
    found = owner.taken()
    assert {file.path: file.sha256 for file in found.files} == data["files"]


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
    assert PASSPHRASE not in "".join(_texts(folder))


def test_without_keys_the_remedy_is_named(owner, tmp_path):
    owner.types(f"update push --device cam1 --keys {tmp_path / 'none'}")
    assert owner.code == 1
    assert "make one with `megacam update key`" in owner.err
