"""Puts to MiniStack through a relay that alters requests; the device trusts it like the store."""

import socket
import ssl

import pytest
from ministack_puts import MODES, SIZE, content, objects, put, stored


def relay(store, alter_head, alter_body):
    """Return a script that passes an altered request on to the store."""

    def script(peer):
        context = ssl.create_default_context(cadata=store.ca_der)
        port = int(store.endpoint.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as upstream,
        ):
            upstream.settimeout(10)
            upstream.sendall(alter_head(peer.read_head()) + b"\r\n\r\n")
            answer = upstream.recv(65536)
            if answer.startswith(b"HTTP/1.1 100"):
                peer.send(answer)
                upstream.sendall(alter_body(peer.read_body()))
                answer = upstream.recv(65536)
            while answer:
                peer.send(answer)
                answer = upstream.recv(65536)

    return script


def same(data):
    return data


def flip(where):
    """Return a function that flips a bit of the byte at index `where`, which may be negative."""

    def alter(data):
        data = bytearray(data)
        data[where] ^= 1
        return bytes(data)

    return alter


@pytest.fixture
def relayed(run, store, server, root_der):
    """Return run(step, alter_head, alter_body, **job): a request through a relay."""

    def relayed(step, alter_head, alter_body, **job):
        endpoint = f"https://localhost:{server.play(relay(store, alter_head, alter_body))}"
        return run(step, endpoint=endpoint, roots=[str(root_der)], **job)

    return relayed


def test_throttling_ends_in_the_same_photo_stored(run, store, server, root_der):
    """MiniStack never throttles, so the relay does it once, before any byte of the body."""
    pass_on = relay(store, same, same)
    page = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
    refused = []

    def script(peer):
        if refused:
            pass_on(peer)
            return
        refused.append(peer.read_head())
        head = b"HTTP/1.1 503 Slow Down\r\nRetry-After: 2\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(page) + page)

    endpoint = f"https://localhost:{server.play(script)}"
    results = run(put(), put(), endpoint=endpoint, roots=[str(root_der)])
    assert (results[0]["action"], results[0]["retry_after_ms"]) == ("throttle", 2000)
    assert (results[0]["body_started"], results[1]["status"]) == (False, 200)
    assert stored(store)["Body"].read() == content(SIZE)


@pytest.mark.parametrize("mode", MODES)
def test_a_relay_that_alters_nothing(relayed, mode):
    assert relayed(put(), same, same, integrity=mode)["status"] == 200


@pytest.mark.parametrize("where", [100, SIZE // 2, 40_000])
@pytest.mark.parametrize(
    ("mode", "codes"),
    [
        ("none", [None]),
        ("etag", ["BadDigest"]),
        ("checksum", ["BadDigest"]),
        ("signed", ["SignatureDoesNotMatch"]),
        ("signed-checksum", ["SignatureDoesNotMatch", "BadDigest"]),
    ],
)
def test_a_body_altered_on_the_way_is_refused(relayed, store, mode, codes, where):
    result = relayed(put(), same, flip(where), integrity=mode)
    assert result.get("code") in codes
    # Without a checksum the object is stored, and only the ETag can show the difference.
    assert (objects(store) == []) == (mode not in ("none", "etag"))


@pytest.mark.parametrize(
    ("mode", "where"),
    # A byte of the CRC32's value; a hex digit of the last chunk's signature.
    [("checksum", -8), ("signed", -10)],
)
def test_an_altered_trailer_is_refused(relayed, store, mode, where):
    result = relayed(put(), same, flip(where), integrity=mode)
    assert result["status"] in (400, 403)
    assert objects(store) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/cam1/", b"/cam1//"),
        (b"x-amz-meta-seq: 42", b"x-amz-meta-seq: 43"),
        (b"content-type: image/jpeg", b"content-type: text/html"),
        (b"if-none-match: *\r\n", b""),
        (b"UNSIGNED-PAYLOAD", b"UNSIGNED-PAYLOAD-"),
        (b"us-east-1", b"us-east-2"),
        (b"Signature=", b"Signature=0"),
    ],
)
def test_an_altered_head_is_refused(relayed, store, old, new):
    def alter(head):
        assert old in head
        return head.replace(old, new)

    result = relayed(put(metadata={"seq": 42}), alter, same)
    assert result["status"] in (301, 400, 403)
    assert objects(store) == []
