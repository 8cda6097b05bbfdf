"""firmware/credentials on a simulated board: secrets in NVS."""

import base64
import ssl

import pytest
from megacam.board import tree
from megacam.sim.board import Board, BoardError
from servers.running import authority, issue, root_der, server_context
from servers.scripted import ScriptedServer

__all__ = ["authority", "root_der"]


@pytest.fixture
def board(tmp_path, root_der):
    files = {**tree.build(at_prompt=True), "roots/ca.der": root_der.read_bytes()}
    with Board(tmp_path, tree.placed(files), fast=True) as board:
        yield board


def test_credentials_come_back_and_survive_a_reset(board):
    board.exec("from firmware import credentials as c\nc.save('aws', {'id': 'A', 'secret': 'B'})")
    out = board.exec(
        "from firmware import credentials as c\nk = c.load_key()\n"
        "print(k.access_key_id, k.secret_access_key, k)"
    )
    assert out.split() == ["A", "B", "Credentials(A)"]


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\0\0\0\0{}", b"\x02" + bytes(20), bytes(99)])
def test_a_damaged_entry_is_said_and_never_believed(board, blob):
    out = board.exec(
        "from esp32 import NVS\nfrom firmware import credentials as c\n"
        "from firmware.errors import CredentialsError\n"
        f"n = NVS('megacam')\nn.set_blob('wifi', {blob!r})\nn.commit()\n"
        "try:\n    c.load('wifi')\nexcept CredentialsError as e:\n    print(e)\n"
    )
    assert "the wifi credentials in NVS are damaged; run `megacam provision`" in out


_SAY = """
from firmware import credentials as c
from firmware.errors import CredentialsError
try:
    {}
except CredentialsError as e:
    print(e)
"""


def _said(board, code):
    return board.exec(_SAY.format(code)).strip()


def test_an_erased_nvs_is_a_state_with_its_own_sentence(board):
    said = "NVS has no credentials: the board is new, or was erased; run `megacam provision`"
    assert _said(board, "c.load('wifi')") == said
    assert _said(board, "c.load_key()") == said


def test_a_missing_entry_beside_others_is_named(board):
    board.exec("from firmware import credentials as c\nc.save('wifi', [])")
    assert _said(board, "c.load_key()") == "no aws credentials in NVS; run `megacam provision`"


def test_an_entry_too_long_for_nvs_is_refused(board):
    with pytest.raises(BoardError, match="of 1984 bytes"):
        board.exec("from firmware import credentials as c\nc.save('wifi', 'x' * 2000)")


# AWS IoT: a certificate instead of a key.

_IOT = """
import binascii
from firmware import credentials as c
c.save("iot", {iot!r})
c.save_der("iot_cert", binascii.a2b_base64({cert!r}))
c.save_der("iot_key", binascii.a2b_base64({key!r}))
"""
_ASK = """
from firmware import clock
from firmware import credentials
from firmware.timing import rtc
rtc.set_time(1798761600, 0)
key = credentials.load_key(bytearray(4092))
key.renew(lambda: None)
print(key.access_key_id, key.session_token)
"""


def _der(pem):
    return ssl.PEM_cert_to_DER_cert(pem.bytes().decode())


def _key_der(leaf):
    lines = leaf.private_key_pem.bytes().decode().strip().splitlines()[1:-1]
    return base64.b64decode("".join(lines))


def _provision(board, leaf, key, port=443):
    iot = {"host": "localhost", "role_alias": "photo-role", "thing": "cam1", "port": port}
    cert = base64.b64encode(_der(leaf.cert_chain_pems[0])).decode()
    key = base64.b64encode(key).decode()
    board.exec(_IOT.format(iot=iot, cert=cert, key=key))


def _provider(peer):
    head = peer.read_head().decode()
    assert head.startswith("GET /role-aliases/photo-role/credentials ")
    page = (
        '{"credentials": {"accessKeyId": "ASIA1", "secretAccessKey": "s", "sessionToken": "t-'
        + str(peer.tls.getpeercert()["subject"][-1][0][1])
        + '", "expiration": "2027-01-01T01:00:00Z"}}'
    )
    peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode())


def test_a_certificate_in_nvs_gives_the_client_a_key_of_an_hour(board, authority):
    context = server_context(issue(authority))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    leaf = authority.issue_cert("cam1.example", common_name="cam1")
    with ScriptedServer(context) as mutual:
        _provision(board, leaf, _key_der(leaf), mutual.play(_provider))
        assert board.exec(_ASK).split() == ["ASIA1", "t-cam1"]


def test_the_key_of_an_rsa_certificate_fits_into_nvs(board):
    board.exec(
        "from firmware import credentials as c\nc.save_der('iot_key', bytes(1218))\n"
        "assert c.load_der('iot_key') == bytes(1218)"
    )


def test_a_certificate_without_its_key_is_said(board, authority):
    leaf, other = authority.issue_cert("a.example"), authority.issue_cert("b.example")
    _provision(board, leaf, b"no key")
    said = "certificate and key in NVS do not match; run `megacam provision`"
    assert _said(board, "c.load_key()") == said
    _provision(board, leaf, _key_der(other))
    board.exec("from firmware import credentials as c\nc.erase('iot_cert')")
    assert _said(board, "c.load_key()").startswith("no iot_cert credentials in NVS")
