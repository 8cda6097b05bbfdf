"""The public keys and the seal in a board's NVS: put there over USB, and erased with the rest."""

import ast
import hashlib

import pytest
from command import megacam
from megacam.board import device
from megacam.update.keys import KeyFolder
from update import releases
from usb_board import CONFIG, WIFI, firmware, plugged_in

_HELD = """
import binascii,hashlib
from firmware import credentials as c
from firmware.errors import CredentialsError
for e in ('update_current','update_next','seal'):
 try:print(e,binascii.hexlify(hashlib.sha256(c.load_der(e)).digest()).decode())
 except CredentialsError:pass
"""
_SECRETS = {
    "MEGACAM_WIFI_SSID": "Shed",
    "MEGACAM_WIFI_PASSWORD": "pass word",
    "MEGACAM_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "MEGACAM_KEY_SECRET": "s" * 40,
}


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    with plugged_in(folder, firmware(CONFIG), networks=[WIFI], camera=["--scene"]) as board:
        yield board


@pytest.fixture
def folder(tmp_path):
    found = KeyFolder(tmp_path / "keys")
    found.put_public("current", releases.key().public_key())
    return found


def _megacam(board, folder, *words, **environment):
    environment = {"MEGACAM_KEYS": str(folder.path), **environment}
    done = megacam(*words, "--port", board.port, cwd=folder.path.parent, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _held(board):
    """Return {entry: SHA-256 in hex of what NVS has}."""
    with device.connect(board.port) as found:
        return dict(line.split() for line in found.exec(_HELD).splitlines())


def _hashes(**entries):
    return {name: hashlib.sha256(one).hexdigest() for name, one in entries.items()}


def test_a_board_gets_the_public_keys_and_a_seal_and_loses_them_when_wiped(board, folder):
    said = _megacam(board, folder, "update", "key", "--provision")
    seal = folder.seal("cam1")
    assert seal
    assert "cam1 takes releases from now on" in said
    assert _held(board) == _hashes(update_current=releases.modulus(), seal=seal)
    folder.put_public("next", releases.key("next").public_key())
    said = _megacam(board, folder, "provision", **_SECRETS)
    assert seal.hex() not in said
    all_three = _hashes(
        update_current=releases.modulus(), update_next=releases.modulus("next"), seal=seal
    )
    assert _held(board) == all_three
    _megacam(board, folder, "wipe", "--only", "wifi", "--yes")
    assert _held(board) == all_three
    _megacam(board, folder, "wipe", "--yes")
    assert _held(board) == {}


_WIFI = """
from firmware import credentials as c
print([c.has(e) and c.load(e)[0]['ssid'] for e in ('wifi','wifi_before')])
"""
_SEALED = """
from firmware import credentials as c
c.save('wifi_before',[{'ssid':'Barn','password':'hay and straw'}])
c.save('wifi',[{'ssid':'Attic','password':'under the roof'}])
"""


@pytest.mark.parametrize(
    ("words", "left"),
    [(("provision",), ["Shed", False]), (("wipe", "--only", "wifi", "--yes"), [False, False])],
    ids=lambda value: value[0] or "nothing",
)
def test_a_sealed_change_that_ends_later_does_not_undo_what_came_by_cable(
    board, folder, words, left
):
    with device.connect(board.port) as found:
        found.exec(_SEALED)
    _megacam(board, folder, *words, **_SECRETS)
    with device.connect(board.port) as found:
        assert ast.literal_eval(found.exec(_WIFI).strip()) == left
