"""HTTPS from MicroPython with scripted servers: connections, deadlines, replies."""

import re
import socket
import ssl
import threading

import pytest
from https_puts import STORED, only, put, store_all
from servers.running import (
    authority,
    compiled,
    issue,
    root_der,
    server,
    server_context,
    session,
)
from servers.scripted import CONTINUE, ScriptedServer, breaks_off, wait_until

__all__ = ["authority", "compiled", "root_der", "server", "session"]


def test_a_verified_server_gets_the_body(server, session):
    result = only(session([put()], endpoint=f"https://localhost:{server.play(store_all)}"))
    assert (result["status"], result["etag"], result["sent"]) == (200, '"x"', 10_000)


def test_plain_http_is_refused_beyond_this_machine(session):
    with pytest.raises(AssertionError, match=r"plain http to photos\.example is not allowed"):
        session([put()], endpoint="http://photos.example")


def test_plain_http_on_loopback_works(session):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        with peer:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += peer.recv(4096)
            peer.sendall(CONTINUE)
            left = 5000
            while left:
                left -= len(peer.recv(left))
            peer.sendall(STORED)

    threading.Thread(target=serve, daemon=True).start()
    endpoint = f"http://localhost:{listener.getsockname()[1]}"
    with listener:
        assert only(session([put(size=5000)], endpoint=endpoint))["status"] == 200


def test_a_connection_is_used_again(server, session):
    connections = []

    def script(peer):
        connections.append(peer)
        store_all(peer)

    steps = [put(close=False) for _ in range(4)]
    results = session(steps, endpoint=f"https://localhost:{server.play(script)}")
    assert [result["status"] for result in results] == [200] * 4
    assert [result["reused"] for result in results] == [False, True, True, True]
    assert len(connections) == 1


@pytest.mark.parametrize("buffer_bytes", [256, 1024, 2044])
def test_a_head_that_is_larger_than_the_buffer_arrives_whole(server, session, buffer_bytes):
    """As with a certificate's token of more than 1 KB, and the small buffer beside an SD card."""
    heads = []

    def script(peer):
        heads.append(peer.read_head().decode())
        peer.send(CONTINUE)
        peer.read_body()
        peer.send(STORED)

    token = "t0ken+/" * 170
    metadata = {f"note-{number}": f"{number} " * 130 for number in range(4)}
    steps = [put(metadata=metadata)]
    endpoint = f"https://localhost:{server.play(script)}"
    told = session(steps, endpoint=endpoint, buffer_bytes=buffer_bytes, session_token=token)
    assert only(told)["status"] == 200
    ((first, *lines),) = [head.split("\r\n") for head in heads]
    sent = dict(line.split(": ", 1) for line in lines)
    assert first == "PUT /bucket/cam1/a.jpg HTTP/1.1" and len(sent) == len(lines)
    assert sent["x-amz-security-token"] == token
    for name, value in metadata.items():
        assert sent[f"x-amz-meta-{name}"] == value
    signed = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert signed == sorted(set(sent) - {"authorization", "expect"})


def test_an_idle_connection_is_not_used_after_5_s(server, session, tmp_path):
    endpoint = f"https://localhost:{server.play(store_all)}"
    steps = [put(close=False), {"op": "sleep", "ms": 5100, "close": False}, put()]
    results = session(steps, endpoint=endpoint, stalled=str(tmp_path / "never"))
    assert results[2]["status"] == 200
    assert not results[2]["reused"]


def test_a_connection_that_the_server_closed_is_not_used(server, session):
    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body()
        peer.send(STORED)

    steps = [put(close=False), {"op": "sleep", "ms": 100, "close": False}, put()]
    results = session(steps, endpoint=f"https://localhost:{server.play(script)}")
    assert results[2]["status"] == 200
    assert not results[2]["reused"]


def test_a_kept_connection_that_breaks_at_the_next_request_is_replaced(server, session):
    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body()
        peer.body = b""
        peer.send(STORED)
        peer.read_head()
        peer.reset()

    steps = [put(close=False), put()]
    results = session(steps, endpoint=f"https://localhost:{server.play(script)}")
    assert results[1]["status"] == 200
    assert not results[1]["reused"]


def test_connection_close_is_obeyed(server, session):
    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body()
        peer.send(STORED.replace(b"ETag", b"Connection: close\r\nETag"))
        peer.stall()

    results = session(
        [put(close=False), put()], endpoint=f"https://localhost:{server.play(script)}"
    )
    assert [result["reused"] for result in results] == [False, False]
    assert results[0]["fds"] == results[1]["fds"]


def test_a_connection_opened_ahead_has_done_its_handshake(server, session):
    opened = threading.Event()
    times = []

    def script(peer):
        opened.set()
        assert peer.tls.recv(5) == b"PUT /"
        times.append("first bytes")
        data = b"PUT /"
        while b"\r\n\r\n" not in data:
            data += peer.tls.recv(4096)
        peer.body = data
        store_all(peer)

    steps = [{"op": "connect", "close": False}, put()]
    results = session(steps, endpoint=f"https://localhost:{server.play(script)}")
    assert results[1]["status"] == 200
    assert results[1]["reused"]
    assert times == ["first bytes"]


def test_a_connection_opened_ahead_serves_other_methods_by_a_new_one(server, session):
    def script(peer):
        peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    steps = [{"op": "connect", "close": False}, {"op": "get", "key": "a"}]
    results = session(steps, endpoint=f"https://localhost:{server.play(script)}")
    assert results[1]["text"] == "ok"
    assert not results[1]["reused"]


def test_a_name_without_address_is_said_so(session):
    result = only(session([put()], endpoint="https://no-such-host.invalid"))
    assert (result["code"], result["action"]) == ("dns", "retry")
    assert "no-such-host.invalid: name not found" in result["error"]


def test_a_closed_port_is_said_so(session):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = only(session([put()], endpoint=f"https://localhost:{port}"))
    assert (result["code"], result["action"]) == ("connect", "retry")
    assert "ECONNREFUSED" in result["error"]


def test_the_deadline_counts_from_the_connection_to_the_reply(server, session):
    """Each single wait is short, but all of them together are too long."""

    def script(peer):
        peer.wait(0.4)
        peer.read_head()
        peer.wait(0.4)
        peer.send(CONTINUE)
        peer.read_body()
        peer.drip(STORED, 0.4)

    endpoint = f"https://localhost:{server.play(script)}"
    result = only(session([put()], endpoint=endpoint, limit_ms=2000))
    assert (result["code"], result["action"]) == ("reply", "retry")
    assert result["body_started"]
    assert 1900 < result["ms"] < 2500


def test_a_handshake_of_single_bytes_ends_at_the_deadline(server, session):
    endpoint = f"https://localhost:{server.play(lambda peer: peer.drip_handshake(0.02))}"
    result = only(session([put()], endpoint=endpoint, limit_ms=1500))
    assert (result["code"], result["action"]) == ("tls", "retry")
    assert 1400 < result["ms"] < 2000


def test_nothing_is_left_open_after_failures(server, session):
    def script(peer):
        peer.read_head()
        peer.reset()

    port = server.play(script)
    steps = [put(close=False) for _ in range(20)]
    results = session(steps, endpoint=f"https://localhost:{port}")
    assert {result["action"] for result in results} == {"retry"}
    assert len({result["fds"] for result in results}) == 1
    assert max(result["heap"] for result in results[2:]) <= results[1]["heap"]


def test_the_server_sees_the_end_at_once_when_the_camera_fails(server, session):
    came = []
    endpoint = f"https://localhost:{server.play(breaks_off(came))}"
    result = only(session([put(fault="raise", size=40_000, close=False)], endpoint=endpoint))
    assert result["error"] == "body fault"
    assert wait_until(lambda: came)
    assert came[0] < 40_000


COUNTING_SOCKET = """
import usocket
from usocket import *

lookups = 0


def getaddrinfo(*args):
    global lookups
    lookups += 1
    return usocket.getaddrinfo(*args)
"""


def test_an_address_is_looked_up_once_and_again_after_a_failure(server, session, tmp_path):
    requests = []

    def script(peer):
        requests.append(peer.read_head())
        if len(requests) == 3:
            peer.reset()
        peer.send(CONTINUE)
        peer.read_body()
        peer.send(STORED)

    (tmp_path / "socket.py").write_text(COUNTING_SOCKET)
    steps = [put() for _ in range(5)]
    endpoint = f"https://localhost:{server.play(script)}"
    results = session(steps, path=[tmp_path], endpoint=endpoint)
    assert [result.get("action") for result in results] == [None, None, "retry", None, None]
    assert [result["lookups"] for result in results] == [1, 1, 1, 2, 2]


def test_a_port_without_tls_is_said_so(session):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        endpoint = f"https://localhost:{listener.getsockname()[1]}"
        result = only(session([put()], endpoint=endpoint))
    assert (result["code"], result["action"]) == ("tls", "retry")
    assert (
        "the port does not speak TLS; check the port of the endpoint (-0x7200)" in result["error"]
    )


def test_a_server_without_tls_1_2_is_said_so(session, authority):
    context = server_context(issue(authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with ScriptedServer(context) as running:
        endpoint = f"https://localhost:{running.play(store_all)}"
        result = only(session([put()], endpoint=endpoint))
    assert (result["code"], result["action"]) == ("tls", "retry")
    assert "the server refuses TLS 1.2, the ciphers or the certificate" in result["error"]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_server_that_leaves_the_handshake_is_said_so(server, session, end):
    def script(peer):
        peer.raw.recv(4096 if end == "close" else 20)
        getattr(peer, end)()

    result = only(session([put()], endpoint=f"https://localhost:{server.play(script)}"))
    assert (result["code"], result["action"]) == ("tls", "retry")
    assert ("ECONNRESET" if end == "reset" else "ed the connection") in result["error"]


def test_a_connection_that_breaks_in_a_body_is_said_so(server, session):
    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body(5000)
        peer.reset()

    steps = [put(size=3_000_000)]
    result = only(session(steps, endpoint=f"https://localhost:{server.play(script)}"))
    assert (result["code"], result["action"]) == ("body", "retry")
    assert re.search(r"localhost: .*[a-z]{4}.* \((ECONNRESET|EPIPE|-0x7280)\)", result["error"])
