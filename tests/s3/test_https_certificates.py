"""Whom HTTPS from MicroPython trusts: scripted servers with all kinds of certificates."""

import datetime
import ssl

import pytest
import trustme
from https_puts import only, put, store_all
from megacam import roots
from servers.running import (
    authority,
    compiled,
    issue,
    root_der,
    self_signed,
    server,
    server_context,
    session,
)
from servers.scripted import ScriptedServer

__all__ = ["authority", "compiled", "root_der", "server", "session"]

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture
def refused(session):
    """Return run(certificate, **job) -> result of a put to a server with that certificate."""

    def run(certificate, **job):
        received = []

        def script(peer):
            received.append(peer.tls.recv(100))

        with ScriptedServer(server_context(certificate)) as running:
            endpoint = f"https://localhost:{running.play(script)}"
            result = only(session([put()], endpoint=endpoint, **job))
        assert received in ([], [b""]), "bytes were sent to a server that is not trusted"
        assert result["body_started"] is False
        assert result["read"] == 0 if "read" in result else True
        return result

    return run


def test_an_unknown_root_is_refused(refused):
    result = refused(issue(trustme.CA()))
    assert (result["code"], result["action"]) == ("tls", "portal")
    assert "not from a known root" in result["error"]


def test_a_certificate_of_another_host_is_refused(refused, authority):
    result = refused(issue(authority, "elsewhere.example"))
    assert (result["code"], result["action"]) == ("tls", "portal")
    assert "for another host" in result["error"]


def test_an_expired_certificate_asks_for_the_clock(refused, authority):
    certificate = issue(authority, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    result = refused(certificate)
    assert (result["code"], result["action"]) == ("tls", "clock")
    assert "expired" in result["error"]


def test_a_certificate_of_the_future_asks_for_the_clock(refused, authority):
    result = refused(issue(authority, not_before=NOW + DAY, not_after=NOW + 9 * DAY))
    assert (result["code"], result["action"]) == ("tls", "clock")
    assert "not valid yet" in result["error"]


def test_an_untrusted_and_expired_certificate_is_untrusted(refused):
    certificate = issue(trustme.CA(), not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    assert "not from a known root" in refused(certificate)["error"]


def test_without_roots_nothing_is_trusted(refused, authority):
    result = refused(issue(authority), roots=[])
    assert (result["code"], result["action"]) == ("tls", "fatal")
    assert "no root certificate is loaded" in result["error"]


def test_a_server_that_signed_itself_is_trusted_where_it_is_the_root(session, tmp_path):
    certificate, key = self_signed()
    (tmp_path / "self.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "self.pem")
    (tmp_path / "self.crt").write_bytes(certificate)
    [der] = roots.from_file(tmp_path / "self.crt")
    (tmp_path / "self.der").write_bytes(der)
    with ScriptedServer(context) as running:
        endpoint = f"https://localhost:{running.play(store_all)}"
        result = only(session([put()], endpoint=endpoint, roots=[str(tmp_path / "self.der")]))
    assert (result["status"], result["sent"]) == (200, 10_000)


def test_an_ip_address_is_verified_too(authority, session):
    with ScriptedServer(server_context(issue(authority, "127.0.0.1"))) as running:
        endpoint = f"https://127.0.0.1:{running.play(store_all)}"
        assert only(session([put()], endpoint=endpoint))["status"] == 200


def test_rsa_and_a_chain_of_two_are_verified(session, tmp_path):
    root = trustme.CA(key_type=trustme.KeyType.RSA)
    leaf = issue(root.create_child_ca(), key_type=trustme.KeyType.RSA)
    file = tmp_path / "rsa.der"
    file.write_bytes(ssl.PEM_cert_to_DER_cert(root.cert_pem.bytes().decode()))
    with ScriptedServer(server_context(leaf)) as running:
        endpoint = f"https://localhost:{running.play(store_all)}"
        assert only(session([put()], endpoint=endpoint, roots=[str(file)]))["status"] == 200
