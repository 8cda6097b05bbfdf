"""From an empty board and an empty account to the first photo, without exposing a secret."""

import json
import ssl
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from megacam import setup
from megacam.aws import Aws
from megacam.board import provision
from megacam.commands import setup as commands
from megacam.commands.options import Place
from megacam.console import Terminal
from megacam.doctor import checks, verdicts
from megacam.errors import MegacamError
from megacam.sim.ntp_server import NTPServer
from megacam.sim.pty_board import PtyBoard
from setup_run import Spy, check_secrets, megacam, stored, typed, write_config
from usb_board import WIFI

pytest_plugins = "local_aws"

BUCKET = "garden-photos-setup"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="command lines are read from /proc")
def test_a_full_set_up_ends_with_a_link_to_the_first_photo_and_shows_no_secret(tmp_path, account):
    host, hardware = tmp_path / "host", tmp_path / "hardware"
    host.mkdir()
    with NTPServer() as ntp, PtyBoard(hardware, {}, networks=[WIFI], camera=["--scene"]) as board:
        write_config(host, account, BUCKET, ntp)
        board.plug_in()
        arguments = ["--port", board.port, "--roots", str(account.store.ca_pem), "--yes"]
        with Spy() as spy:
            dry = megacam(host, "setup", "--dry-run", *arguments)
            assert (dry.returncode, dry.stderr) == (0, "")
            assert f"+ create the bucket {BUCKET}" in dry.stdout
            assert "+ firmware/app.mpy" in dry.stdout
            assert BUCKET not in str(account.client("s3").list_buckets())
            done = megacam(host, "setup", *arguments)

            assert done.returncode == 0, done.stdout[-1500:] + done.stderr
            again = megacam(host, "setup", *arguments)
            assert again.returncode == 0, again.stderr
            where = ["--bucket", BUCKET, "--device", "cam1", "--region", "eu-central-1"]
            where += ["--config", "none.json", "--port", board.port, "--yes"]
            rotated = megacam(host, "cloud", "rotate", *where)
            assert rotated.returncode == 0, rotated.stderr
        board.pull()
    link = done.stdout.split()[-1]
    assert link.startswith(f"{account.store.endpoint}/{BUCKET}/cam1/")
    context = ssl.create_default_context(cafile=str(account.store.ca_pem))
    with urllib.request.urlopen(link, context=context) as answer:
        assert answer.read()[:2] == b"\xff\xd8"
    assert "bytes read back as they were sent" in done.stdout
    assert "nothing to change" in again.stdout
    keys = [json.loads(entries["aws"]) for entries in stored(hardware) if "aws" in entries]
    first, last = keys[0], keys[-1]
    assert f"the board has the access key {first['id']} already" in again.stdout
    assert first["id"] != last["id"], "rotated"
    assert f"deleted access key {first['id']}" in rotated.stdout
    secrets = [text.encode() for text in (WIFI["password"], first["secret"], last["secret"])]
    check_secrets(tmp_path, secrets, spy, done, again, rotated)


def test_settings_are_asked_for_and_missing_credentials_are_one_sentence(
    tmp_path, account, monkeypatch
):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    questions = ("Name of the bucket", "My Photos"), ("try again", " photos-of-the-yard\u200b")
    questions += (("AWS region", "eu-west-1 "),)
    code, shown = typed(
        tmp_path, ["setup"], *questions, ("Name of this camera", ""), AWS_EC2_METADATA_DISABLED="1"
    )
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["s3"] == {
        "bucket": "photos-of-the-yard", "region": "eu-west-1",  # no spaces
        "endpoint": account.store.endpoint, "path_style": True,  # the store for the bucket
    }  # fmt: skip
    assert config["device"] == "cam1"
    assert "what you typed is 'My Photos'; it must be 3 to 63 lower-case" in " ".join(
        shown.split()
    )
    assert code == 1
    assert "no AWS credentials on this computer" in shown


def test_answers_become_a_config_json_without_a_place_for_secrets(tmp_path):
    path = tmp_path / "config.json"
    setup.write_config(path, {"s3.bucket": "photos", "s3.region": "eu-west-1", "device": "yard"})
    assert json.loads(path.read_text()) == {
        "s3": {"bucket": "photos", "region": "eu-west-1"},
        "device": "yard",
    }


def test_a_store_that_keeps_frames_ends_the_set_up(capsys):
    class Owner:
        def read(self, bucket, key):
            assert (bucket, key) == ("photos", "cam1/megacam-doctor")
            return b"4\r\ntext\r\n0\r\nx-amz-checksum-crc32:O7lmTw==\r\n\r\n"

    place = Place("photos", "cam1", "", "https://store.example", 30)
    work = commands._SetUp(
        Terminal(False), {}, place, cast(Aws, Owner()), False, (None, None, ""), True, None
    )
    with pytest.raises(MegacamError, match="damaged photos"):
        work._compare("cam1/megacam-doctor", "text")
    assert "`s3.integrity` to `etag`" in " ".join(capsys.readouterr().out.split())


def test_a_photo_that_does_not_come_is_one_sentence(account):
    account.store.create_bucket(account.bucket)
    place = Place(account.bucket, "cam1", "eu-central-1", "", 30)

    class Clock:
        now = 0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    with pytest.raises(setup.NoPhotoError, match="within 60 s; `megacam logs`"):
        setup.first_photo(account.aws, place, set(), 60, Clock())


class _Wifi:
    """Replaces a board in a network with one password; `stored` lists the stored passwords."""

    def __init__(self, monkeypatch, answers):
        self.stored = []
        monkeypatch.setattr(setup, "join", self._join)
        monkeypatch.setattr(provision, "store", lambda board, entry, value: self._put(value))
        monkeypatch.setattr(provision, "known", lambda board: {"aws": "key"})
        monkeypatch.setattr(commands.provision_parts, "ask", lambda *_: answers.pop(0))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))

    def _put(self, value):
        self.stored.append(value[0]["password"])

    def _join(self, board):
        if self.stored[-1] != "right":
            found = "'Barn' refused the board (wrong password?)"
            raise verdicts.failed("wifi", "NetworkError", found)
        return "192.168.4.2"


def _join_with(monkeypatch, tmp_path, *passwords, **given):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    answers = [[{"ssid": "Barn", "password": one}] for one in passwords]
    wifi = _Wifi(monkeypatch, answers)
    place = Place("b", "cam1", "r", "https://nas", 30)
    parts = {}, place, None, False, (None, None, ""), True, None
    commands._SetUp(Terminal(), *parts)._wifi(None)
    return wifi.stored


def test_a_wrong_wi_fi_password_is_said_with_its_remedy_and_asked_again(
    tmp_path, monkeypatch, capsys
):
    assert _join_with(monkeypatch, tmp_path, "wrong", "wrong", "right") == [
        "wrong",
        "wrong",
        "right",
    ]
    shown = capsys.readouterr().out
    assert shown.count("'Barn' refused the board (wrong password?)") == 2
    assert checks.cause("wifi", "").remedy in shown, "as the doctor says it"
    with pytest.raises(MegacamError, match="megacam provision --only wifi"):
        _join_with(monkeypatch, tmp_path, *["wrong"] * 4)
    given = {"MEGACAM_WIFI_SSID": "Barn", "MEGACAM_WIFI_PASSWORD": "not right"}
    with pytest.raises(MegacamError, match="megacam provision --only wifi"):
        _join_with(monkeypatch, tmp_path, "right", **given)
