"""The doctor finds each single fault of a simulated board, camera, Wi-Fi, clock or store."""

import hashlib
import json
import time

import pytest
from command import megacam
from doctor_board import BUCKET, board, configured, examine, place, states
from megacam.board import deploy, device, overlays, provision
from megacam.doctor import checks, run, verdicts
from megacam.errors import MegacamError
from megacam.sim.ntp_server import NTPServer
from megacam.sim.rom import PORT
from servers.running import authority, server
from servers.s3_store import STORED
from servers.scripted import CONTINUE
from usb_board import WIFI, plugged_in

__all__ = ["authority", "place", "server"]


def test_a_board_in_order_passes_every_check_up_to_the_stored_object(tmp_path, place):
    store = {**place[1]["s3"], "integrity": "checksum"}
    results = examine(tmp_path, place, config={"s3": store})
    assert {one.state for one in results} == {"good"}, results[-1]
    board_checks = [one.name for one in checks.CHECKS if not one.host]
    assert [one.name for one in results] == board_checks
    key = results[-2].found.split(",")[0]
    body = place[0].client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert body.startswith(b"megacam doctor: 20")
    assert results[-1].found == f"{len(body)} bytes read back as they were sent"


@pytest.mark.parametrize(("integrity", "state"), [("checksum", "bad"), ("etag", "good")])
def test_a_store_that_keeps_the_frames_of_a_body_is_found(
    tmp_path, authority, server, integrity, state
):
    kept = []

    def script(peer):
        while True:
            peer.read_head()
            peer.send(CONTINUE)
            kept.append(peer.read_body())
            peer.body = b""
            etag = hashlib.md5(kept[-1]).hexdigest()
            peer.send(STORED.replace(b'"x"', f'"{etag}"'.encode()))

    with NTPServer() as ntp:
        settings = configured(f"https://localhost:{server.play(script)}", "us-east-1", ntp)
        settings["s3"]["integrity"] = integrity
        ca = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(ca)
        own = (None, settings, ca, {"id": "AKIDEXAMPLE", "secret": "s" * 40})
        last = examine(tmp_path, own, read=lambda key: kept[-1])[-1]
    assert (last.name, last.state) == ("whole", state), last
    assert integrity == "etag" or "`s3.integrity` to `etag`" in last.cause.remedy


def test_an_object_that_the_owner_cannot_read_is_a_warning():
    def read(key):
        raise MegacamError("no AWS credentials on this computer")

    result = run.whole("cam1/megacam-doctor", "text", read)
    assert (result.state, result.found) == ("warn", "no AWS credentials on this computer")
    assert "--profile" in result.cause.remedy


def test_a_wrong_password_is_found_without_being_shown(tmp_path, place):
    wrong = {**WIFI, "password": "rain tonight"}
    with (
        board(tmp_path, place, wifi=wrong, fast=True) as (plugged, _),
        device.connect(plugged.port) as found,
        pytest.raises(verdicts.FailedError, match=r"\(wrong password\?\)") as failed,
    ):
        list(run._network(found, time.time))
    assert failed.value.name == "wifi"
    assert "rain" not in str(failed.value)


def test_refusals_of_the_store_are_told_apart(tmp_path, place):
    """One board is provisioned and deployed again and again: that is faster than new boards."""
    _, config, ca, key = place
    with board(tmp_path, place) as (plugged, wanted):
        with device.connect(plugged.port) as found:
            provision.store(found, "aws", {**key, "secret": "s" * 40})
        wrong_secret = list(run.examine(plugged.port, wanted))
        assert states(wrong_secret)[-1] == ("signature", "bad")
        assert "SignatureDoesNotMatch" in wrong_secret[-1].cause.symptom
        with device.connect(plugged.port) as found:
            provision.store(found, "aws", key)
        other = deploy.tree({**config, "device": "cam2"}, ca)
        with device.connect(plugged.port) as found:
            deploy.make(found, deploy.plan(found, other))
        denied = list(run.examine(plugged.port, other))
        assert states(denied)[-2:] == [("signature", "good"), ("permission", "bad")]
        assert "403 AccessDenied" in denied[-1].cause.symptom
        without_ca = deploy.tree({"s3": {"bucket": BUCKET}, "device": "cam1"})
        without_ca["config.json"] = wanted["config.json"]
        with device.connect(plugged.port) as found:
            deploy.make(found, deploy.plan(found, without_ca))
        untrusted = list(run.examine(plugged.port, without_ca))
        assert states(untrusted)[-1] == ("tls", "bad")
        assert "not from a known root" in untrusted[-1].cause.symptom


def test_a_clock_that_differs_from_this_computer_s_is_a_warning(tmp_path, place):
    results = examine(tmp_path, place, now=lambda: time.time() + 3600)
    assert [one.name for one in results if one.state == "warn"] == ["clock"]
    assert results[-1].state == "good"


def test_boards_that_cannot_be_used_fail_at_the_first_checks(tmp_path, place):
    nothing = list(run.examine(str(tmp_path / "none"), {}))
    assert states(nothing) == [("usb", "bad")]
    wanted = deploy.tree(place[1], place[2])
    with plugged_in(tmp_path / "b", {}) as plugged:
        empty = list(run.examine(plugged.port, wanted))
        assert empty[-1].cause.remedy == "`megacam deploy`"
        with device.connect(plugged.port) as found:
            deploy.make(found, deploy.plan(found, {**wanted, "firmware/app.mpy": b"old"}))
        old = list(run.examine(plugged.port, wanted))
    assert states(old)[-1] == ("files", "bad")
    assert "for example firmware/app.mpy" in old[-1].found


@pytest.mark.parametrize("arrived", ["the archive only", "all but the archive", "no archive"])
def test_a_copy_that_was_cut_off_leaves_files_of_two_builds(tmp_path, place, arrived):
    wanted = deploy.tree(place[1], place[2])
    archive, before = "lib/overlay.bin", b"of an older build" if arrived != "no archive" else None
    new = {archive} if arrived == "the archive only" else {*wanted} - {archive}
    old = {path: b"of an older build" for path in wanted if path.endswith(".mpy")}
    there = {**wanted, **old, archive: before, **{path: wanted[path] for path in new}}
    there["deployed.json"] = deploy.with_manifest(wanted)["deployed.json"]
    there = {path: content for path, content in there.items() if content is not None}
    with plugged_in(tmp_path / "b", there) as plugged:
        [*_, mixed] = run.examine(plugged.port, wanted)
        assert (mixed.name, mixed.cause) == ("files", checks.cause("files", "mixed"))
        assert "lib/overlay.bin are not of one build" in mixed.found
        assert "`megacam deploy`" in mixed.cause.remedy
        with device.connect(plugged.port) as found:
            plan = deploy.plan(found, wanted, PORT)
            deploy.make(found, plan)
            assert deploy.plan(found, wanted, PORT).is_empty
    assert archive in plan.send or arrived == "the archive only"


def test_an_archive_with_one_wrong_byte_is_seen_and_mended(tmp_path, place):
    wanted = deploy.with_manifest(deploy.tree(place[1], place[2]))
    assert "lib/overlay.bin" in json.loads(wanted["deployed.json"])["files"]
    damaged = bytearray(wanted["lib/overlay.bin"])
    # In a module that no start loads: damaged code may hang the board.
    offsets = dict(line.split() for line in wanted["lib/overlay.txt"].decode().splitlines())
    damaged[int(offsets["/lib/s3/presign"]) - overlays.FIRST + 99] ^= 1
    files = {**wanted, "lib/overlay.bin": bytes(damaged), "lib/hmac.py": b""}
    with plugged_in(tmp_path / "b", files) as plugged:
        del wanted["deployed.json"]
        assert list(run.examine(plugged.port, wanted))[-1].cause.code == "mixed"
        with device.connect(plugged.port) as found:
            plan = deploy.plan(found, wanted)
            assert ({*plan.send}, plan.size_bytes) == ({"lib/overlay.bin"}, 4096)
            deploy.make(found, plan)
            assert deploy.plan(found, wanted).is_empty


def _megacam(*args, cwd):
    return megacam("doctor", *args, cwd=cwd)


def test_offline_checks_this_computer_only(tmp_path):
    missing = _megacam("--offline", cwd=tmp_path)
    assert missing.returncode == 1
    assert "config.json is missing" in missing.stdout
    (tmp_path / "config.json").write_text('{"s3": {"bucket": "b"}}')
    wrong = _megacam("--offline", cwd=tmp_path)
    assert "s3.bucket" in wrong.stdout
    (tmp_path / "config.json").write_text('{"s3": {"bucket": "photos"}}')
    good = _megacam("--offline", "--json", cwd=tmp_path)
    assert good.returncode == 0
    assert [one["name"] for one in json.loads(good.stdout)] == ["config", "firmware"]
    online = _megacam("--json", "--port", str(tmp_path / "tty"), cwd=tmp_path)
    assert online.returncode == 1
    last = json.loads(online.stdout)[-1]
    assert (last["name"], last["state"], last["cause"]["code"]) == ("usb", "bad", "NoBoardError")


def test_every_check_has_a_general_answer_and_the_page_names_all():
    page = checks.markdown()
    for one in checks.CHECKS:
        assert checks.cause(one.name, "something new").remedy
        assert f". {one.name}" in page
    for word in ("403", "timeouts", "corrupt images", "wrong pin", "brown-out", "wrong clock"):
        assert word in page
