"""Releases that are signed and broken: the old one is back without a hand, and photos are stored.

Real boot.py, slots, TLS and interpreter; the store is soak's, in virtual time.
"""

import ssl

import pytest
import trustme
from e2e import on_trial
from megacam import settings
from megacam.update import content, seal
from soak.photos import SIZE
from soak.store import BUCKET, DEVICE, REGION

OLD = settings.firmware_version()
STARTS, HOUR, RESTARTS = "three starts", "an hour without a stored photo", "too many restarts"

_TENTH = """
photos = []
take = app.App.take
def crash(self):
    photos.append(0)
    if len(photos) == 10:
        raise RuntimeError("the tenth photo")
    take(self)
app.App.take = crash
"""
_HANG = """
def hang(self):
    while True:
        pass
app.App.take = hang
"""
_FILL = """
kept = []
def fill(self):
    while True:
        kept.append(bytearray(64))
app.App.take = fill
"""
_FILL_AT_START = """
kept = []
while True:
    kept.append(bytearray(64))
"""
_LEAVE = """
def leave(self):
    raise SystemExit
app.App.take = leave
"""
_NO_WIFI = """
from firmware import wifi
wifi.is_up = lambda: False
"""


def _other_root():
    return ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())


def _settings(**changes):
    raw = {
        "device": DEVICE,
        "interval_s": 600,
        "s3": {"bucket": BUCKET, "region": REGION},
        "camera": {"resolution": "{}x{}".format(*SIZE)},
    }
    return content.of_settings({**raw, **changes})


def _wifi():
    sealed = seal.seal(
        [{"ssid": "Elsewhere", "password": "no such place"}], on_trial.SEAL, DEVICE, 1
    )
    return {"wifi": sealed}


def _is_back(report):
    return report["update"]["back"] and not report["update"]["trial"]


@pytest.mark.parametrize(
    "made, more, why",
    [
        (lambda: on_trial.firmware("raise ValueError('broken')"), {}, STARTS),
        (lambda: on_trial.firmware("raise SystemExit"), {}, STARTS),
        (lambda: on_trial.firmware(_LEAVE), {}, STARTS),
        (lambda: on_trial.firmware(_TENTH), {}, RESTARTS),
        (lambda: on_trial.firmware(_HANG), {}, STARTS),
        (lambda: on_trial.firmware(_FILL), {}, STARTS),
        (lambda: on_trial.firmware(_FILL_AT_START), {}, STARTS),
        (lambda: on_trial.firmware(_NO_WIFI), {}, STARTS),
        (lambda: on_trial.firmware("", _other_root()), {}, HOUR),
        (lambda: _settings(s3={"bucket": "elsewhere", "region": REGION}), {}, HOUR),
        (
            lambda: _settings(
                s3={"bucket": "elsewhere", "region": REGION}, power={"deep_sleep": True}
            ),
            {},
            STARTS,
        ),
        (content.of_wifi, _wifi(), STARTS),
    ],
    ids=[
        "crashes at import",
        "leaves at import",
        "leaves at a photo",
        "crashes at the tenth photo",
        "hangs",
        "fills the memory",
        "fills the memory at its start",
        "breaks Wi-Fi",
        "breaks TLS",
        "another store",
        "another store, asleep",
        "another Wi-Fi",
    ],
)
def test_what_is_broken_goes_away_by_itself(tmp_path, request, made, more, why):
    # Ten photos take longer than a start has to last to be calm.
    interval_s = 75 if why == RESTARTS else 600
    camera = on_trial.OnTrial(tmp_path, made(), _is_back, interval_s, **more)
    assert camera.is_well, camera.lines[-50:]
    told = camera.report["update"]
    assert (told["slot"], told["release"], told["trial"], told["back"]) == ("a", 1, False, why)
    assert camera.report["version"] == OLD
    assert camera.live_photos[-1].metadata["version"] == OLD
    assert camera.said("I update switches") and not camera.store.wrong
    if request.node.callspec.id == "hangs":
        assert len(camera.said("I boot cause=watchdog")) == 3
    if why == STARTS and not camera.said("I deep sleep"):
        assert _real_starts(camera.lines) == 3


def _real_starts(lines):
    """Return how often the new slot was started, without a start that only checked settings."""
    [switch] = [number for number, line in enumerate(lines) if "I update switches" in line]
    since = [line.partition("=")[0] for line in lines[switch:]]
    return since.count("I boot cause") - since.count("I config checked") - 1  # the old one is back


def test_a_release_is_fetched_once_and_without_a_watchdog_it_has_none_once_it_is_kept(tmp_path):
    """boot.py's watchdog guards the trial; only a restart stops it."""
    camera = on_trial.OnTrial(tmp_path, _settings(watchdog=False), _is_calm, 600)
    assert camera.is_well, camera.lines[-50:]
    assert camera.store.polls == [206, *[304] * (len(camera.store.polls) - 1)]
    # One with each report, and none during the trial.
    assert 3 <= len(camera.store.polls) < camera.store.reports
    causes = [line.split()[2] for line in camera.said("I boot cause=")]
    assert causes == ["cause=power-on", "cause=update", "cause=update"]


def _is_calm(report):
    return report["update"]["slot"] == "b" and report["uptime_s"] > 1800
