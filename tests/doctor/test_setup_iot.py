"""Setup of a new camera that signs in with a certificate; servers/iot.py plays AWS IoT."""

import ast
import base64
import contextlib
import json
import ssl
import urllib.request
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from megacam.board import device, provision
from megacam.cloud.iot import DeviceCertificate
from megacam.errors import MegacamError
from megacam.sim.ntp_server import NTPServer
from megacam.sim.pty_board import PtyBoard
from servers.iot import IoTCore
from setup_run import Spy, check_secrets, megacam, stored, write_config
from usb_board import WIFI, firmware, plugged_in

pytest_plugins = "local_aws"

BUCKET = "garden-photos-iot"
DEVICE = "iot-cam"
# With a certificate, the usual 80 KB are barely enough, as docs/cloud.md says.
HEAP = "82K"


@pytest.fixture
def world(tmp_path, account, monkeypatch):
    """Yield (folder on the computer, folder of the board, board, IoT) for a new camera."""
    host, hardware = tmp_path / "host", tmp_path / "hardware"
    host.mkdir()
    options = {"networks": [WIFI], "camera": ["--scene"], "heap": HEAP}
    with IoTCore(account) as iot, NTPServer() as ntp, PtyBoard(hardware, {}, **options) as board:
        monkeypatch.setenv("AWS_ENDPOINT_URL_IOT", iot.endpoint)
        (host / "roots.pem").write_text(account.store.ca_pem.read_text() + iot.ca_pem)
        write_config(host, account, BUCKET, ntp, DEVICE)
        board.plug_in()
        yield host, hardware, board, iot


def _pieces(der):
    """Return parts that would reveal a private key: bytes of its middle, lines of its PEM."""
    text = base64.b64encode(der)
    return [der[len(der) // 2 :][:40], text[64:128], text[-80:-16]]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="command lines are read from /proc")
def test_a_set_up_with_a_certificate_ends_with_a_photo_and_can_be_rotated(
    tmp_path, account, world
):
    host, hardware, board, iot = world
    arguments = ["--port", board.port, "--roots", "roots.pem", "--yes"]
    where = ["--bucket", BUCKET, "--device", DEVICE, "--region", account.aws.region]
    with Spy() as spy:
        done = megacam(host, "setup", "--iot", "--json", *arguments)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr
        first = iot.served[-1]
        again = megacam(host, "setup", *arguments)
        assert again.returncode == 0, again.stderr
        rotated = megacam(
            host, "cloud", "rotate", *where, "--config", "none", "--port", board.port, "--yes"
        )
        assert rotated.returncode == 0, rotated.stderr
    board.pull()
    told = json.loads(done.stdout)
    assert (told["done"], told["device"]) == (True, DEVICE)
    link = told["link"]
    assert link.startswith(f"{account.store.endpoint}/{BUCKET}/{DEVICE}/")
    trust = ssl.create_default_context(cafile=str(account.store.ca_pem))
    with urllib.request.urlopen(link, context=trust) as answer:
        assert answer.read()[:2] == b"\xff\xd8"
    assert account.client("iam").list_users(PathPrefix=f"/megacam/{BUCKET}/")["Users"] == []
    assert "nothing to change" in again.stdout or "0 changes" in again.stdout, again.stdout
    assert f"the board has the certificate {first[1]} already" in again.stdout
    assert f"deleted certificate {first[1]}" in rotated.stdout
    assert first[0] == DEVICE and iot.served[-1][1] != first[1]
    assert iot.refused == []
    history = stored(hardware)
    assert json.loads(history[-1]["iot"])["slot"] == "2"
    assert set(history[-1]) == {"wifi", "iot", "iot_cert2", "iot_key2"}, "the old one is erased"
    keys = {der for held in history for name, der in held.items() if name.startswith("iot_key")}
    assert len(keys) == 2
    secrets = [WIFI["password"].encode(), *(piece for der in keys for piece in _pieces(der))]
    check_secrets(tmp_path, secrets, spy, done, again, rotated)


def test_a_certificate_and_a_key_at_once_are_misuse(tmp_path, account, world):
    host, _, board, _ = world
    key = {"MEGACAM_KEY_ID": "A" * 20, "MEGACAM_KEY_SECRET": "s" * 40}
    done = megacam(host, "setup", "--iot", "--port", board.port, "--yes", **key)
    assert done.returncode == 2
    assert "or leave out --iot" in done.stderr
    other = megacam(host, "setup", "--iot", "--yes", AWS_ENDPOINT_URL="https://localhost:1")
    assert other.returncode == 2
    assert "--iot needs AWS, and config.json names the store" in other.stderr


class Cut:
    """A board whose cable is unplugged after `pieces` calls of exec()."""

    def __init__(self, board, pieces):
        self._board, self._left = board, pieces

    def exec(self, code):
        self._left -= 1
        if self._left < 0:
            raise MegacamError("the cable")
        return self._board.exec(code)


def _certificate(authority, name):
    leaf = authority.issue_cert(f"{name}.example", common_name=name)
    pem = leaf.cert_chain_pems[0].bytes().decode(), leaf.private_key_pem.bytes().decode()
    return DeviceCertificate(name, DEVICE, "localhost:8443", "photo-role", *pem)


_SIGNS_IN = """
from firmware import credentials as c
c.load_key(bytearray(2048))
if c.has('iot'):
    iot=c.load('iot')
    print(repr([iot['id']]+[c.load_der(n+iot['slot']) for n in ('iot_cert','iot_key')]))
else:
    print(repr([c.load('aws')['id']]))
"""


def _identity(board):
    """Return the id that the board signs in with; assert that certificate and key match."""
    identity, *pair = ast.literal_eval(board.exec(_SIGNS_IN).strip())
    if pair:
        certificate, key = x509.load_der_x509_certificate(pair[0]), pair[1]
        private = serialization.load_der_private_key(key, None)
        assert certificate.public_key() == private.public_key()
        assert identity in str(certificate.subject)
    return identity


def test_the_board_can_sign_in_wherever_the_change_of_its_certificate_is_cut_off(tmp_path):
    authority = trustme.CA()
    with (
        plugged_in(tmp_path, firmware(), fast=True) as port,
        device.connect(port.port) as board,
    ):
        provision.store(board, "aws", {"id": "key", "secret": "s" * 40})
        held = "key"
        for number in range(3):
            new = _certificate(authority, f"cert{number}")
            for pieces in range(20):
                with contextlib.suppress(MegacamError):
                    provision.store_certificate(Cut(board, pieces), new)
                    break
                assert _identity(board) in (held, new.identity)
            assert pieces > 5
            assert _identity(board) == new.identity
            held = new.identity
        assert provision.known(board)["aws"] == held
        for pieces in range(20):
            with contextlib.suppress(MegacamError):
                provision.store(Cut(board, pieces), "aws", {"id": "back", "secret": "s" * 40})
                break
            assert _identity(board) in (held, "back")
        assert _identity(board) == "back"
        provision.store_certificate(board, new)
        provision.wipe(board)
        assert provision.known(board) == {}
        left = board.exec("from firmware import credentials as c\nprint(c.has('iot_key'))")
        assert left.strip() == "False"
