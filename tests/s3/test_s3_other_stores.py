"""S3Client with the exact replies of stores that differ from AWS, on the real interpreter."""

import hashlib

import pytest
from servers.running import authority, compiled, root_der, server, session
from servers.s3_store import STORED, Store, put, refusal, run
from servers.scripted import CONTINUE

__all__ = ["authority", "compiled", "root_der", "run", "server", "session"]

HEADER = "A header you provided implies functionality that is not implemented"
LOCKED = (
    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
    "Object Lock parameters"
)
ETAG = {"integrity": "etag"}
EXISTS = refusal(412, "PreconditionFailed")
MISMATCH = refusal(
    400,
    "XAmzContentSHA256Mismatch",
    Message="The provided 'x-amz-content-sha256' header does not match what was computed.",
)


class ETagStore(Store):
    """Stores objects with their MD5 as the ETag; flips a bit in the first `damages` bodies.

    With `is_late` it answers 412 after the body, as Swift and Ceph do. With `forbids` it answers
    403 instead of replacing an object. The replies in `after` are used first, one for each body:
    None stores the object and closes the connection.
    """

    def __init__(self, damages=0, etag=None, is_late=True, after=(), forbids=False):
        super().__init__()
        self.damages, self.etag, self.is_late, self.forbids = damages, etag, is_late, forbids
        self.after = list(after)
        self.objects = {}

    def __call__(self, peer):
        while True:
            self.heads.append(peer.read_head().decode())
            key = self.heads[-1].split()[1]
            is_there = peer.header("if-none-match") and key in self.objects
            if is_there and not self.is_late:
                peer.send(EXISTS)
                continue
            if self.forbids and not peer.header("if-none-match"):
                peer.send(refusal(403, "AccessDenied"))
                continue
            peer.send(CONTINUE)
            body = bytearray(peer.read_body())
            peer.body = b""
            answer = self.after.pop(0) if self.after else b""
            if answer or is_there:
                peer.send(answer or EXISTS)
                continue
            if self.damages:
                self.damages -= 1
                body[7] ^= 1
            self.objects[key] = bytes(body)
            if answer is None:
                peer.reset()
                return
            etag = self.etag or hashlib.md5(body).hexdigest()
            peer.send(STORED.replace(b'"x"', f'"{etag}"'.encode()))


def content(size=10_000):
    return bytes(i * 7 & 255 for i in range(size))


def again(**more):
    return put(overwrite=None, **more)


@pytest.mark.parametrize("is_late", [True, False])
def test_a_damaged_object_is_not_taken_for_the_photo_but_replaced(run, is_late):
    """Also after a power cut, when the client is new and remembers nothing."""
    store = ETagStore(damages=1, is_late=is_late)
    results = run(store, put(), {**put(), "new": True}, {**again(), "new": True}, put(), **ETAG)
    assert [result.get("action", result["status"]) for result in results] == [
        *("retry", "stored"),
        *(200, "stored"),
    ]
    assert results[0]["code"] == "BadDigest"
    assert store.objects == {"/bucket/cam1/a.jpg": content()}


def test_a_lost_reply_proves_nothing_where_the_store_compares_nothing(run):
    store = ETagStore(damages=1, after=[None])
    results = run(store, put(), again(), **ETAG)
    assert [result.get("code", result["status"]) for result in results] == ["reply", 200]
    assert store.objects["/bucket/cam1/a.jpg"] == content()


def test_a_replacement_that_is_damaged_is_replaced_in_its_turn(run):
    store = ETagStore(damages=3)
    good = put(key="cam1/good.jpg")
    store.objects["/bucket/cam1/a.jpg"] = b"damaged"
    results = run(store, *[again()] * 4, good, **ETAG)
    assert [result.get("code", result["status"]) for result in results[:3]] == ["BadDigest"] * 3
    assert store.objects["/bucket/cam1/a.jpg"] == content()


@pytest.mark.parametrize("mode", ["checksum", "signed", "signed-checksum"])
def test_what_a_store_has_compared_counts_as_stored(run, mode):
    store = ETagStore(after=[b"", None])
    results = run(store, put(key="cam1/b.jpg"), put(), again(), integrity=mode)
    assert [result.get("code", result["status"]) for result in results] == [200, "reply", 412]
    assert results[2]["sent"] == 0


@pytest.mark.parametrize("mode", ["checksum", "signed"])
def test_a_mode_counts_only_once_the_store_has_taken_a_body_in_it(run, mode):
    """The store may check the condition first, and refuse the mode only after that."""
    store = ETagStore(is_late=False)
    store.objects["/bucket/cam1/a.jpg"] = b"damaged"
    assert run(store, again(), integrity=mode)["status"] == 200
    assert store.objects["/bucket/cam1/a.jpg"] != b"damaged"


def test_a_refusal_that_is_definite_proves_nothing(run):
    """With a store that answers after the body, a second put must not store under a taken key."""
    store = ETagStore()
    store.objects["/bucket/cam1/a.jpg"] = b"another"
    results = run(store, put(), put(), **ETAG)
    assert [result["action"] for result in results] == ["stored"] * 2
    assert store.objects["/bucket/cam1/a.jpg"] == b"another"


@pytest.mark.parametrize("is_late", [True, False])
def test_a_key_that_may_not_replace_an_object_needs_another_name(run, is_late):
    store = ETagStore(is_late=is_late, forbids=True)
    store.objects["/bucket/cam1/a.jpg"] = b"damaged"
    result = run(store, again(), **ETAG)
    assert (result["code"], result["action"]) == ("AccessDenied", "object")


@pytest.mark.parametrize("mode", ["checksum", "signed", "signed-checksum"])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_hash_that_nobody_sent_means_that_the_mode_is_unknown(run, mode, is_late):
    """Ceph 16, MinIO of 2022. A store that answers after the body costs a photo for each mode."""

    class Old(Store):
        def __call__(self, peer):
            while True:
                self.heads.append(peer.read_head().decode())
                is_known = "UNSIGNED-PAYLOAD\r" in self.heads[-1]
                if is_known or is_late:
                    peer.send(CONTINUE)
                    peer.read_body()
                    peer.body = b""
                peer.send(STORED if is_known else MISMATCH)

    store = Old()
    results = run(store, *[put(key=f"cam1/{i}.jpg") for i in range(4)], integrity=mode)
    assert results[-1]["integrity"] == "etag" and results[-1]["status"] == 200
    refused = [result["action"] for result in results if "error" in result]
    modes = ["signed-checksum", "signed", "checksum"]
    assert refused == ["fallback"] * (is_late and 3 - modes.index(mode))
    assert store.header(-1, "if-none-match") == "*"
    assert "switched to integrity etag" in run.log[-1]


class NoConditions(Store):
    """Refuses every put with If-None-Match and, if `is_plain`, aws-chunked bodies."""

    def __init__(self, page, is_plain=False):
        super().__init__()
        self.page, self.is_plain = page, is_plain

    def refuses(self, peer):
        is_chunked = peer.header("content-encoding") == "aws-chunked"
        return bool(peer.header("if-none-match")) or (is_chunked and self.is_plain)

    def __call__(self, peer):
        while True:
            self.heads.append(peer.read_head().decode())
            if self.refuses(peer):
                peer.send(self.page)
                continue
            peer.send(CONTINUE)
            self.bodies.append(peer.read_body())
            peer.body = b""
            peer.send(STORED)


PAGES = {
    "B2, OSS": refusal(501, "NotImplemented", Message=HEADER),
    "named": refusal(501, "NotImplemented", Message=HEADER, Header="if-none-match"),
    "400 named": refusal(400, "InvalidArgument", Message="Unsupported header 'if-none-match'"),
    "400": refusal(400, "InvalidRequest", Message="Unknown header"),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("mode", ["etag", "checksum"])
def test_a_store_without_conditions_gets_none(run, page, mode):
    store = NoConditions(page)
    results = run(store, put(), put(), integrity=mode)
    assert [(r["status"], r["integrity"]) for r in results] == [(200, mode)] * 2
    assert len(store.heads) == 3 and len(run.log) == 1
    assert (
        "If-None-Match is no longer sent" in run.log[0] and "set integrity" not in run.log[0][-80:]
    )


def test_a_store_without_conditions_and_modes_gets_neither(run):
    store = NoConditions(PAGES["B2, OSS"], is_plain=True)
    results = run(store, put(), put(), integrity="checksum")
    assert [(r["status"], r["integrity"]) for r in results] == [(200, "etag")] * 2
    assert store.header(-1, "if-none-match") is None


def test_the_condition_comes_back_where_the_mode_was_meant(run):
    class NoMode(NoConditions):
        def refuses(self, peer):
            return peer.header("content-encoding") == "aws-chunked"

    store = NoMode(PAGES["B2, OSS"])
    results = run(store, put(), put(), integrity="checksum")
    assert [(r["status"], r["integrity"]) for r in results] == [(200, "etag")] * 2
    assert store.header(-1, "if-none-match") == "*"


def test_nothing_that_helps_leaves_the_condition_in_place(run):
    store = Store(*[PAGES["B2, OSS"]] * 2)
    results = run(store, put(), put(), integrity="etag")
    assert results[0]["action"] == "fatal" and "set integrity" not in results[0]["error"]
    assert results[1]["status"] == 200 and store.header(-1, "if-none-match") == "*"


def test_a_server_that_does_not_want_to_be_asked_is_not(run):
    """Status 417 (RFC 9110, 15.5.18), as HTTP/1.0 proxies such as Squid 2.7 send it."""

    def script(peer):
        heads = script.heads
        while True:
            heads.append(peer.read_head())
            if peer.header("expect"):
                peer.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
                continue
            peer.read_body()
            peer.body = b""
            peer.send(STORED)

    script.heads = []
    results = run(script, put(), put(), integrity="none")
    assert [result["status"] for result in results] == [200, 200]
    assert len(script.heads) == 3 and len(run.log) == 1


def test_417_to_a_request_without_expect_is_fatal(run):
    store = Store(*[refusal(417, "ExpectationFailed")] * 3)
    assert run(store)["action"] == "fatal"
    assert len(store.heads) == 2


@pytest.mark.parametrize("message", [LOCKED, LOCKED.replace(" OR x-amz-checksum-", "")])
@pytest.mark.parametrize(
    ("mode", "stronger"), [("etag", "checksum"), ("signed", "signed-checksum")]
)
def test_object_lock_gets_a_checksum(run, message, mode, stronger):
    store = Store(refusal(400, "InvalidRequest", Message=message))
    result = run(store, integrity=mode)
    assert (result["status"], result["integrity"]) == (200, stronger)
    assert store.header(1, "x-amz-trailer") == "x-amz-checksum-crc32"
    assert store.header(1, "if-none-match") == "*"


def test_object_lock_without_any_checksum_ends(run):
    locked = refusal(400, "InvalidRequest", Message=LOCKED)
    unknown = refusal(501, "NotImplemented", Message="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    store = Store(*[locked, unknown] * 9)
    assert "error" in run(store, integrity="etag")
    assert len(store.heads) < 6


def test_etags_that_are_no_md5s_are_noticed_at_the_second_photo(run):
    store = ETagStore(etag="0123456789abcdef0123456789abcdef")
    keys = ["cam1/a.jpg", "cam1/b.jpg", "cam1/c.jpg"]
    results = run(store, *[put(key=key) for key in keys], integrity="etag")
    assert [result["status"] for result in results] == [200] * 3
    assert [result.get("code") for result in results] == ["BadDigest", None, None]
    assert results[-1]["integrity"] == "none"
    assert "ETags are not MD5s" in run.log[-1]


def test_where_an_etag_was_right_once_every_other_is_a_damaged_photo(run):
    class Worse(ETagStore):
        def __init__(self):
            super().__init__()
            self.after = _Whenever(lambda: setattr(self, "damages", len(self.objects)))

    keys = ["cam1/a.jpg", "cam1/b.jpg", "cam1/c.jpg"]
    results = run(Worse(), *[put(key=key) for key in keys], integrity="etag")
    assert [result.get("code") for result in results] == [None, "BadDigest", "BadDigest"]
    assert results[-1]["integrity"] == "etag"


class _Whenever:
    """A false value for `after`: no reply, but it calls `act` before each body is stored."""

    def __init__(self, act):
        self.act = act

    def __bool__(self):
        self.act()
        return False
