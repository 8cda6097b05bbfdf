"""What a camera leaves in a real store: its report and metadata, and no secret anywhere."""

import json
import re

import pytest
from e2e.console import Console
from e2e.on_board import change_setting
from megacam import settings
from megacam.cloud import status
from megacam.demo import run
from servers.relay import Relay

_WRONG_SECRET = "wRongSecretwRongSecretwRongSecretwRongSe"
_SPOIL = f"""
from firmware import credentials as c
key = c.load("aws")
key["secret"] = {_WRONG_SECRET!r}
c.save("aws", key)
"""
_SECRET = "from firmware import credentials as c\nprint(c.load('aws')['secret'])"


def _live(board, console, *wanted):
    """Run the board until it has printed lines with each of the texts `wanted`, in this order."""
    board.start(console.line)
    try:
        console.wait_for(*wanted)
    finally:
        board.stop()


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """Yield (lines, flash image, {key: (bytes, head)}, secrets) of a camera.

    It has been through an outage, a normal day, and a day on which the store refused its key.
    """
    folder = tmp_path_factory.mktemp("life")
    with run._stage(run.Options(folder=folder), lambda text: None) as (board, store, _):
        secret = board.exec(_SECRET).strip()
        port = int(store.endpoint.rpartition(":")[2])
        with Relay(port, cut_after_bytes=1 << 40) as relay:
            relay.is_down = True
            change_setting(board, "s3", "endpoint", f"https://localhost:{relay.port}")
            console = Console()
            _live(board, console, "I spool kept", "I spool kept")
            relay.is_down = False
            _live(board, console, *["I s3 stored"] * 4)
            board.exec(_SPOIL)
            _live(board, console, "E s3 unreachable", "I spool kept")
        s3 = store.client("s3")
        found = {}
        for one in s3.list_objects_v2(Bucket=run.BUCKET)["Contents"]:
            answer = s3.get_object(Bucket=run.BUCKET, Key=one["Key"])
            found[one["Key"]] = (answer["Body"].read(), answer)
        image = board.image.read_bytes()
        secrets = (secret, _WRONG_SECRET, run._WIFI["password"])
        yield console.lines, image, found, secrets


def test_the_report_is_in_the_bucket(life):
    _, _, found, _ = life
    body, answer = found[f"{run.DEVICE}/status.json"]
    said = json.loads(body)
    assert answer["ContentType"] == "application/json"
    assert said["device"] == run.DEVICE and said["version"] == settings.firmware_version()
    assert said["interval_s"] == 5 and said["boots"] >= 2
    assert status._report(said)["rssi_dbm"] == run._WIFI["rssi"]


def test_each_photo_says_what_is_known_of_it(life):
    _, _, found, _ = life
    photos = {key: answer["Metadata"] for key, (_, answer) in found.items() if "jpg" in key}
    assert {said["origin"] for said in photos.values()} == {"live", "spool"}
    for key, said in photos.items():
        moment = re.sub(r"\D", "", said["taken-at"])
        assert re.sub(r"\D", "", key.partition("/")[2])[:14] == moment
        assert int(said["seq"]) == int(key[-10:-4])
        assert said["device"] == run.DEVICE and said["camera"].startswith("0x8")
        assert said["rssi-dbm"] == str(run._WIFI["rssi"])
        # If the power is cut before a time server answers, waiting photos have no exact date.
        is_undated = said["origin"] == "spool" and said["clock-error-ms"] == "unknown"
        assert is_undated or said["clock-error-ms"].isdigit()
        assert int(said["heap-free"]) > 0
        assert said["uptime-s"].isdigit() and said["version"] == settings.firmware_version()


def test_no_secret_is_in_the_log_the_bucket_or_the_flash(life):
    lines, image, found, secrets = life
    assert any("SignatureDoesNotMatch" in line for line in lines)
    assert any("I wifi joined" in line for line in lines)
    left = "\n".join(lines).encode() + image
    for key, (body, answer) in found.items():
        left += key.encode() + body + json.dumps(answer["Metadata"]).encode()
    # This is the raw flash: it includes overwritten and removed data.
    for secret in secrets:
        assert len(secret) > 12 and secret.encode() not in left
