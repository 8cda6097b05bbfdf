"""The doctor finds each fault by itself: a simulated board, camera, Wi-Fi, clock and store."""

import contextlib
import json
import subprocess
import sys
import time

import pytest
from megacam import checks, deploy, device, doctor, provision
from megacam.sim.ntp_server import NTPServer
from megacam.sim.store import Store
from usb_board import WIFI, plugged_in

BUCKET = "garden-photos"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return (store, config.json as parsed, CA file, key of cam1) of a store that works."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store())
        ntp = stack.enter_context(NTPServer())
        store.create_bucket(BUCKET)
        identity, secret = store.create_device_user(BUCKET, "cam1")
        config = {
            "device": "cam1",
            "s3": {
                "bucket": BUCKET,
                "region": store.region,
                "endpoint": store.endpoint,
                "path_style": True,
            },
            "camera": {"resolution": "320x240"},
            "clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []},
        }
        yield store, config, store.ca_pem, {"id": identity, "secret": secret}


@contextlib.contextmanager
def _board(folder, place, *, config=None, key=None, wifi=WIFI, camera=(), fast=False):
    _, usual, ca, usual_key = place
    # No main.py runs, so that the camera is in the state of a board that has just been plugged in.
    wanted = {**deploy.tree({**usual, **(config or {})}, ca), "main.py": b""}
    files = {**wanted, "deployed.json": deploy._manifest("0.1.0", {})}
    options = {"networks": [WIFI], "camera": ["--scene", *camera], "fast": fast}
    with plugged_in(folder, files, **options) as board:
        with device.connect(board.port) as found:
            provision.store(found, "wifi", [{k: wifi[k] for k in ("ssid", "password")}])
            provision.store(found, "aws", key or usual_key)
        yield board, wanted


def _examine(folder, place, **options):
    now = options.pop("now", time.time)
    with _board(folder, place, **options) as (board, wanted):
        return list(doctor.examine(board.port, wanted, now))


def _found(results):
    return [(one.name, one.state) for one in results]


def test_a_board_in_order_passes_every_check_up_to_the_stored_object(tmp_path, place):
    results = _examine(tmp_path, place)
    assert {one.state for one in results} == {"good"}, results[-1]
    board_checks = [one.name for one in checks.CHECKS if not one.host]
    assert [one.name for one in results] == board_checks
    key = results[-1].found.split(",")[0]
    body = place[0].client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert body.startswith(b"megacam doctor: 20")


@pytest.mark.parametrize(
    ("failed", "symptom", "options"),
    [
        ("camera", "nothing answers", {"config": {"spi": {"cs": 15}}}),
        ("camera", "nothing answers", {"config": {"spi": {"miso": 21}}}),
        ("frame", "partial or corrupt images", {"camera": ["--fault", "missing-eoi"]}),
        ("wifi", "the network is not found", {"wifi": {**WIFI, "ssid": "Barn"}}),
        (
            "clock",
            "no time server answers",
            {"config": {"clock": {"servers": ["127.0.0.1:9"], "http_urls": []}}},
        ),
        ("signature", "403 InvalidAccessKeyId", {"key": {"id": "A" * 20, "secret": "s" * 40}}),
    ],
)
def test_a_fault_is_found_where_it_is_and_explained(tmp_path, place, failed, symptom, options):
    results = _examine(tmp_path, place, **options)
    assert _found(results)[-1] == (failed, "bad"), results[-1]
    assert {one.state for one in results[:-1]} == {"good"}
    assert symptom in results[-1].cause.symptom, results[-1].found


def test_a_wrong_password_is_found_without_being_shown(tmp_path, place):
    wrong = {**WIFI, "password": "rain tonight"}
    with (
        _board(tmp_path, place, wifi=wrong, fast=True) as (board, _),
        device.connect(board.port) as found,
        pytest.raises(doctor._FoundError, match="probably a wrong password") as failed,
    ):
        list(doctor._network(found, time.time))
    assert failed.value.result.name == "wifi"
    assert "rain" not in str(failed.value.result)


def test_refusals_of_the_store_are_told_apart(tmp_path, place):
    """One board, provisioned and deployed again and again: a start costs more than a check."""
    _, config, ca, key = place
    with _board(tmp_path, place) as (board, wanted):
        with device.connect(board.port) as found:
            provision.store(found, "aws", {**key, "secret": "s" * 40})
        wrong_secret = list(doctor.examine(board.port, wanted))
        assert _found(wrong_secret)[-1] == ("signature", "bad")
        assert "SignatureDoesNotMatch" in wrong_secret[-1].cause.symptom
        with device.connect(board.port) as found:
            provision.store(found, "aws", key)
        other = deploy.tree({**config, "device": "cam2"}, ca)
        with device.connect(board.port) as found:
            deploy.make(found, deploy.plan(found, other))
        denied = list(doctor.examine(board.port, other))
        assert _found(denied)[-2:] == [("signature", "good"), ("permission", "bad")]
        assert "403 AccessDenied" in denied[-1].cause.symptom
        without_ca = deploy.tree({"s3": {"bucket": BUCKET}, "device": "cam1"})
        without_ca["config.json"] = wanted["config.json"]
        with device.connect(board.port) as found:
            deploy.make(found, deploy.plan(found, without_ca))
        untrusted = list(doctor.examine(board.port, without_ca))
        assert _found(untrusted)[-1] == ("tls", "bad")
        assert "not from a known root" in untrusted[-1].cause.symptom


def test_a_clock_that_differs_from_this_computer_s_is_a_warning(tmp_path, place):
    results = _examine(tmp_path, place, now=lambda: time.time() + 3600)
    assert [one.name for one in results if one.state == "warn"] == ["clock"]
    assert results[-1].state == "good"


def test_boards_that_cannot_be_used_fail_at_the_first_checks(tmp_path, place):
    nothing = list(doctor.examine(str(tmp_path / "none"), {}))
    assert _found(nothing) == [("usb", "bad")]
    wanted = deploy.tree(place[1], place[2])
    with plugged_in(tmp_path / "b", {}) as board:
        empty = list(doctor.examine(board.port, wanted))
        assert empty[-1].cause.remedy == "`megacam deploy`"
        with device.connect(board.port) as found:
            deploy.make(found, deploy.plan(found, {**wanted, "firmware/app.mpy": b"old"}))
        old = list(doctor.examine(board.port, wanted))
    assert _found(old)[-1] == ("files", "bad")
    assert "for example firmware/app.mpy" in old[-1].found


def test_a_brown_out_in_mid_examination_is_called_one(tmp_path, place):
    with _board(tmp_path, place) as (board, wanted):
        results = []
        for result in doctor.examine(board.port, wanted):
            results.append(result)
            if result.name == "wifi":
                board.brown_out()
    assert _found(results)[-1] == ("usb", "bad")
    assert "brown-out" in results[-1].cause.symptom


def _megacam(*args, cwd):
    argv = [sys.executable, "-m", "megacam", "doctor", *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=cwd)


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


def test_every_check_has_a_general_answer_and_the_page_names_all():
    page = checks.markdown()
    for one in checks.CHECKS:
        assert checks.cause(one.name, "something new").remedy
        assert f". {one.name}" in page
    for word in ("403", "time-outs", "corrupt images", "wrong pin", "brown-out", "wrong clock"):
        assert word in page
