"""From an empty board and an empty account to the first photo, and no secret on the way."""

import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from megacam import setup
from megacam.commands.options import Place
from megacam.sim.ntp_server import NTPServer
from megacam.sim.pty_board import PtyBoard
from usb_board import WIFI

pytest_plugins = "local_aws"

BUCKET = "garden-photos-setup"


class Spy:
    """Collects the command line of every process that runs meanwhile."""

    def __init__(self):
        self.seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue


def _config(folder, account, ntp):
    config = {
        "device": "cam1",
        "interval_s": 5,
        "s3": {
            "bucket": BUCKET,
            "region": "eu-central-1",
            "endpoint": account.store.endpoint,
            "path_style": True,
        },
        "camera": {"resolution": "320x240"},
        "clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []},
    }
    (folder / "config.json").write_text(json.dumps(config))


def _megacam(folder, *args):
    wifi = {"MEGACAM_WIFI_SSID": WIFI["ssid"], "MEGACAM_WIFI_PASSWORD": WIFI["password"]}
    return subprocess.run(
        [sys.executable, "-m", "megacam", *args], cwd=folder, env={**os.environ, **wifi},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="command lines are read from /proc")
def test_a_full_set_up_ends_with_a_link_to_the_first_photo_and_shows_no_secret(tmp_path, account):
    host, hardware = tmp_path / "host", tmp_path / "hardware"
    host.mkdir()
    with NTPServer() as ntp, PtyBoard(hardware, {}, networks=[WIFI], camera=["--scene"]) as board:
        _config(host, account, ntp)
        board.plug_in()
        arguments = ["--port", board.port, "--roots", str(account.store.ca_pem), "--yes"]
        with Spy() as spy:
            done = _megacam(host, "setup", *arguments)
            assert done.returncode == 0, done.stdout[-1500:] + done.stderr
            again = _megacam(host, "setup", *arguments)
            assert again.returncode == 0, again.stderr
            where = ["--bucket", BUCKET, "--device", "cam1", "--region", "eu-central-1"]
            where += ["--config", "none.json", "--port", board.port, "--yes"]
            rotated = _megacam(host, "cloud", "rotate", *where)
            assert rotated.returncode == 0, rotated.stderr
        stored = [json.loads(line) for line in (hardware / "nvs.jsonl").read_text().splitlines()]
        board.pull()
    link = done.stdout.split()[-1]
    assert link.startswith(f"{account.store.endpoint}/{BUCKET}/cam1/")
    context = ssl.create_default_context(cafile=str(account.store.ca_pem))
    with urllib.request.urlopen(link, context=context) as answer:
        assert answer.read()[:2] == b"\xff\xd8"
    assert "nothing to change" in again.stdout
    keys = [_key(nvs) for nvs in stored if "aws" in nvs["megacam"]]
    first, last = keys[0], keys[-1]
    assert f"the board has the access key {first['id']} already" in again.stdout
    assert first["id"] != last["id"], "rotated"
    assert f"deleted access key {first['id']}" in rotated.stdout
    secrets = [WIFI["password"], first["secret"], last["secret"]]
    _no_secret(tmp_path, secrets, spy, done, again, rotated)


def _key(nvs):
    return json.loads(bytes.fromhex(nvs["megacam"]["aws"][1])[5:])


def _no_secret(folder, secrets, spy, *runs):
    said = "".join(run.stdout + run.stderr for run in runs)
    texts = [said.encode(), *spy.seen]
    # NVS is where secrets belong, and the flash image next to it must hold none.
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "nvs.jsonl":
            texts.append(path.read_bytes())
    for secret in secrets:
        assert secret
        assert not [text for text in texts if secret.encode() in text]


def test_answers_become_a_config_json_without_a_place_for_secrets(tmp_path):
    path = tmp_path / "config.json"
    setup.write_config(path, {"s3.bucket": "photos", "s3.region": "eu-west-1", "device": "yard"})
    assert json.loads(path.read_text()) == {
        "s3": {"bucket": "photos", "region": "eu-west-1"},
        "device": "yard",
    }


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
