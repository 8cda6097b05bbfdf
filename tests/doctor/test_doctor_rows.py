"""Provoke every row of the doctor's table, so that docs/troubleshooting.md is based on tests.

ROWS has the rows that are caused by a fault in the setup of a board. ANSWERS has those that are
caused by answers of the store, which come from a scripted server.
"""

import itertools
import ssl
import time
from datetime import datetime, timezone

import pytest
import serial
import trustme
from doctor_board import board, configured, examine, place, states
from megacam.board import device, provision
from megacam.cloud.iot import DeviceCertificate
from megacam.doctor import checks, probes, run
from megacam.sim.ntp_server import NTPServer
from servers.running import issue
from servers.scripted import ScriptedServer
from usb_board import plugged_in, scripted

__all__ = ["place"]

# These have separate tests, here and (config, files, store with IAM) in test_doctor.py.
APART = {
    ("config", ""),
    ("config", "missing"),
    ("config", "pins"),
    ("files", "none"),
    ("files", "mixed"),
    ("whole", ""),
    ("whole", "unread"),
    ("files", ""),
    ("signature", "SignatureDoesNotMatch"),
    ("permission", "AccessDenied"),
    ("firmware", ""),
    *(("usb", code) for code in ("NoBoardError", "BusyError", "GoneError")),
    *(("usb", code) for code in ("brown-out", "RestartedError")),
    ("micropython", ""),
    ("settings", ""),
    ("dns", ""),
    ("signature", "CredentialProvider"),
    # In site/test_site_doctor.py.
    *(("site", code) for code in ("", "none", "rolling", "unread")),
}


def _camera(*faults):
    return {"camera": [word for fault in faults for word in ("--fault", fault)], "fast": True}


_NOBODY = "127.0.0.1:9"
ROWS = {
    ("camera", "absent"): {"config": {"spi": {"cs": 15}}},
    ("camera", "unknown"): _camera("late-miso"),
    ("camera", "busy"): _camera("idle-stuck"),
    ("camera", "ValueError"): {"config": {"camera": {"resolution": "2592x1944"}}},
    ("frame", "JPEGError"): _camera("missing-eoi"),
    ("frame", "timeout"): _camera("capture-stuck"),
    ("frame", ""): _camera("length-zero"),
    ("wifi", "CredentialsError"): {"wiped": ["wifi"]},
    ("wifi", ""): {"wifi": {"ssid": "Barn", "password": "hay hay hay"}},
    ("key", ""): {"wiped": ["aws"]},
    ("clock", ""): {"config": {"clock": {"servers": [_NOBODY], "http_urls": []}}},
    ("clock", "differs"): {"now": lambda: time.time() + 3600},
    ("signature", "InvalidAccessKeyId"): {"key": {"id": "A" * 20, "secret": "s" * 40}},
}


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_a_fault_is_found_where_it_is_and_explained(tmp_path, place, row):
    results = examine(tmp_path, place, **ROWS[row])
    if row == ("clock", "differs"):
        assert ("stored", "good") in states(results), "a warning"
        [results[-1]] = [one for one in results if one.state == "warn"]
    else:
        assert states(results)[-1] == (row[0], "bad"), results[-1]
        assert {one.state for one in results[:-1]} == {"good"}
    assert results[-1].cause == checks.cause(*row), results[-1].found


def test_a_slow_answer_is_no_wrong_clock(tmp_path, place):
    later_s = itertools.count(0, 600)  # each time that the computer's clock is read
    results = examine(tmp_path, place, now=lambda: time.time() + next(later_s))
    assert ("clock", "good") in states(results)


def test_another_wire_in_the_wrong_hole_is_found_as_well(tmp_path, place):
    results = examine(tmp_path, place, config={"spi": {"miso": 21}})
    assert results[-1].cause == checks.cause("camera", "absent")


def test_a_name_that_nobody_knows(tmp_path, place):
    s3 = {**place[1]["s3"], "endpoint": "https://nowhere.invalid"}
    results = examine(tmp_path, place, config={"s3": s3})
    assert results[-1].cause == checks.cause("dns", ""), results[-1]


def test_firmware_that_cannot_be_made_and_roots_that_are_over(tmp_path):
    (tmp_path / "config.json").write_text('{"s3": {"bucket": "photos"}}')
    (tmp_path / "ca.pem").write_text("no certificate")
    results = list(run.examine_host(tmp_path / "config.json", tmp_path / "ca.pem"))
    assert results[-1].cause == checks.cause("firmware", "")


def test_a_pin_that_is_a_risk_is_a_warning(tmp_path):
    (tmp_path / "config.json").write_text('{"s3": {"bucket": "photos"}, "led": {"pin": 2}}')
    results = list(run.examine_host(tmp_path / "config.json"))
    assert states(results) == [("config", "good"), ("config", "warn"), ("firmware", "good")]
    assert results[1].cause == checks.cause("config", "pins")


def test_boards_that_are_busy_old_or_not_there(tmp_path, monkeypatch):
    def last(port):
        return list(run.examine(port, {}))[-1].cause

    with plugged_in(tmp_path, {}) as plugged, serial.Serial(plugged.port, exclusive=True):
        assert last(plugged.port) == checks.cause("usb", "BusyError")
    assert last(str(tmp_path / "none")) == checks.cause("usb", "NoBoardError")
    monkeypatch.setattr(device.list_ports, "comports", list)
    assert last(None) == checks.cause("usb", "NoBoardError")
    raw = (b"\x01", b"raw REPL; CTRL-B to exit\r\n>"), (b"\x05A\x01", b"R\x00")
    with scripted(*raw, (b"\x04", b"OKmicropython 1 22 2\r\n\x04\x04>")) as port:
        assert last(port) == checks.cause("micropython", "")


def test_settings_that_were_damaged_on_the_board(tmp_path, place):
    with board(tmp_path, place) as (plugged, wanted):
        with device.connect(plugged.port) as found:
            found.exec("with open('/a/config.json','w') as f:f.write('{')")
        results = list(run.examine(plugged.port, wanted))
    assert results[-1].cause == checks.cause("settings", ""), results[-1]


@pytest.mark.parametrize(
    ("code", "mishap"),
    [("brown-out", "brown_out"), ("RestartedError", "press_reset"), ("GoneError", "cut_power")],
)
def test_a_mishap_in_mid_examination_has_its_name(tmp_path, place, code, mishap):
    results = []
    with board(tmp_path, place) as (plugged, wanted):
        for result in run.examine(plugged.port, wanted):
            results.append(result)
            if result.name == "settings":
                getattr(plugged, mishap)()
    assert states(results)[-1] == ("usb", "bad")
    assert results[-1].cause == checks.cause("usb", code), results[-1]


# The scripted store.


def _reply(status, code, more=""):
    page = f"<Error><Code>{code}</Code><Message>no</Message>{more}</Error>"
    return f"HTTP/1.1 {status} Word\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()


def _refuse(*answer):
    def script(peer):
        while True:
            peer.read_head()
            peer.send(_reply(*answer))

    return script


def _elsewhere(peer):
    """Be a bucket in Frankfurt; tell clients that sign for another region."""
    while True:
        head = peer.read_head()
        if b"/eu-central-1/s3" not in head:
            region = "<Region>eu-central-1</Region>"
            peer.send(_reply(400, "AuthorizationHeaderMalformed", region))
            continue
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.read_body()
        peer.body = b""
        peer.send(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n')


def _speak_plainly(peer):
    peer.raw.recv(4096)
    peer.raw.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno HTTP")


# {row: script of the store that provokes it}.
ANSWERS = {
    ("signature", "RequestTimeTooSkewed"): _refuse(403, "RequestTimeTooSkewed"),
    ("signature", "ExpiredToken"): _refuse(400, "ExpiredToken"),
    ("region", "NoSuchBucket"): _refuse(404, "NoSuchBucket"),
    ("region", ""): _elsewhere,
    ("stored", ""): _refuse(503, "SlowDown"),
    ("tls", ""): lambda peer: peer.stall(),
    ("tls", "clock"): lambda peer: peer.read_head(),
    ("tls", "root"): lambda peer: peer.read_head(),
    ("tls", "name"): lambda peer: peer.read_head(),
    ("tls", "portal"): lambda peer: peer.read_head(),
    ("tls", "version"): lambda peer: peer.read_head(),
    ("tls", "plain"): _speak_plainly,
}
_OVER = {
    "not_before": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "not_after": datetime(2020, 2, 1, tzinfo=timezone.utc),
}


class Told:
    """A store that plays a script for each row, and the board that uses it."""

    def __init__(self, context):
        self.authority, self._context = trustme.CA(), context
        self.script, self.refusing = None, 0
        self.port, self.wanted = "", {}
        self.page = b""

    def play(self, peer):
        self.script(peer)

    def answer_plainly(self, peer):
        """Be http://connectivitycheck...; with a captive portal, answer with the portal's page."""
        peer.raw.recv(4096)
        peer.raw.sendall(b"HTTP/1.1 " + self.page + b"\r\nContent-Length: 0\r\n\r\n")

    def examine(self, row):
        """Return the doctor's results while the store behaves as `row` needs it."""
        self.script = ANSWERS[row]
        self.page = b"204 No Content"
        if row == ("tls", "portal"):
            self.page = b"302 Found\r\nLocation: http://login.example/"
        authority = trustme.CA() if row[1] in ("root", "portal") else self.authority
        names = ["elsewhere.example"] if row == ("tls", "name") else []
        leaf = issue(authority, *names, **(_OVER if row == ("tls", "clock") else {}))
        leaf.configure_cert(self._context)
        oldest = ssl.TLSVersion.TLSv1_3 if row[1] == "version" else ssl.TLSVersion.TLSv1_2
        self._context.minimum_version = oldest
        return list(run.examine(self.port, self.wanted))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder, context = tmp_path_factory.mktemp("told"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    told = Told(context)
    (folder / "ca.pem").write_bytes(told.authority.cert_pem.bytes())
    issue(told.authority).configure_cert(context)
    with NTPServer() as ntp, ScriptedServer(context) as server:
        told.refusing = server.play(_refuse(403, "AccessDenied"))
        config = configured(f"https://localhost:{server.play(told.play)}", "us-east-1", ntp)
        asked = f"http://127.0.0.1:{server.play(told.answer_plainly)}/generate_204"
        config["clock"]["http_urls"] = [asked]
        world = None, config, folder / "ca.pem", {"id": "A" * 20, "secret": "s" * 40}
        with board(folder / "board", world) as (plugged, told.wanted):
            told.port = plugged.port
            yield told


@pytest.mark.parametrize("row", ANSWERS, ids="-".join)
def test_an_answer_of_the_store_is_explained(told, row):
    results = told.examine(row)
    found = [one for one in results if one.cause]
    assert [one.cause for one in found] == [checks.cause(*row)], results[-1]
    if row == ("region", ""):
        assert found[0].found == "the bucket is in eu-central-1, not in us-east-1"
        assert states(results)[-1] == ("stored", "good")
    else:
        assert states(results)[-1] == (row[0], "bad")


def test_a_certificate_that_aws_iot_refuses(told):
    leaf = told.authority.issue_cert("cam1.example")
    pem = leaf.cert_chain_pems[0].bytes().decode(), leaf.private_key_pem.bytes().decode()
    where = f"localhost:{told.refusing}", "photo-role"
    with device.connect(told.port) as found:
        provision.store_certificate(found, DeviceCertificate("id", "cam1", *where, *pem))
        probes.run(found, probes.CLIENT)
        shared = found.exec("print(client.context is client.credentials.context)")
        assert shared == "True\n", "a second one would take the memory of the roots twice"
    issue(told.authority).configure_cert(told._context)
    results = list(run.examine(told.port, told.wanted))
    assert states(results)[-1] == ("signature", "bad")
    assert results[-1].cause == checks.cause("signature", "CredentialProvider"), results[-1]


def test_no_row_of_the_table_is_left_out():
    rows = {(one.name, cause.code) for one in checks.CHECKS for cause in one.causes}
    assert {*ROWS, *ANSWERS, *APART} == rows
