"""How S3Client sends a request and its body, with scripted servers."""

import contextlib
import errno
import re
import time

import pytest
from servers.running import authority, compiled, root_der, server, session
from servers.s3_store import STORED, Store, put, run
from servers.scripted import CONTINUE, breaks_off, wait_until

__all__ = ["authority", "compiled", "root_der", "run", "server", "session"]


def test_the_request_of_a_put(run):
    store = Store()
    run(store, put(metadata={"seq": 42, "Taken-At": "2026-11-23T23:45:00Z"}))
    head = store.heads[0]
    assert head.startswith("PUT /bucket/cam1/a.jpg HTTP/1.1\r\n")
    assert store.header(0, "expect") == "100-continue"
    assert store.header(0, "if-none-match") == "*"
    assert store.header(0, "content-type") == "image/jpeg"
    assert store.header(0, "x-amz-meta-seq") == "42"
    assert store.header(0, "x-amz-meta-taken-at") == "2026-11-23T23:45:00Z"
    assert store.header(0, "host").startswith("localhost:")
    signed = re.search("SignedHeaders=([^,]+)", head)[1].split(";")
    sent = {line.partition(":")[0] for line in head.split("\r\n")[1:]}
    assert sent - set(signed) == {"authorization", "expect"}


def test_overwriting_sends_no_condition(run):
    store = Store()
    run(store, put(overwrite=True))
    assert store.header(0, "if-none-match") is None


@pytest.mark.parametrize("mode", ["none", "etag", "checksum", "signed", "signed-checksum"])
@pytest.mark.parametrize("size", [0, 1, 4091, 4092, 4093, 8184, 8192, 100_000])
def test_the_body_is_as_long_as_declared(run, mode, size):
    store = Store()
    result = run(store, put(size=size), integrity=mode)
    assert result["status"] == 200
    assert result["read"] == size
    assert len(store.bodies[0]) == result["sent"] == int(store.header(0, "content-length"))


@pytest.mark.parametrize("mode", ["none", "etag", "checksum"])
def test_the_copy_loop_allocates_nothing(run, mode):
    """The heap is locked from the first piece to the last, so any allocation raises an error."""
    result = run(Store(), put(size=300_000, fault="lock"), integrity=mode)
    assert result["status"] == 200


def test_the_first_look_for_a_reply_allocates_nothing(run):
    run(Store(), {"op": "look"})


def _least_heap_kb(run, mode, size, first_kb):
    """Return the smallest heap in KB, from `first_kb` in steps of 2, in which a put succeeds."""
    for heap_kb in range(first_kb, 200, 2):
        with contextlib.suppress(AssertionError):  # MicroPython ended with a MemoryError
            result = run(Store(), put(size=size), integrity=mode, heap=f"{heap_kb}K")
            assert result["status"] == 200
            return heap_kb
    raise AssertionError("no heap is large enough")


@pytest.mark.parametrize("mode", ["none", "etag", "checksum", "signed", "signed-checksum"])
def test_2_mb_need_no_more_memory_than_1_kb(run, mode):
    least_kb = _least_heap_kb(run, mode, 1_000, 46)
    # Where garbage happens to be in memory may make a difference of one step.
    assert _least_heap_kb(run, mode, 2_000_000, least_kb) <= least_kb + 2


@pytest.mark.parametrize("fault", ["short", "long"])
@pytest.mark.parametrize("size", [50_000, 6 * 4092, 6 * 8192])
@pytest.mark.parametrize("mode", ["none", "etag", "checksum", "signed", "signed-checksum"])
def test_a_body_of_another_length_is_never_stored(run, fault, size, mode):
    came = []
    result = run(breaks_off(came), put(size=size, fault=fault), integrity=mode)
    assert (result["code"], result["action"]) == ("BodyLength", "body")
    given = size + {"short": -1, "long": 1}[fault]
    assert f"a body of {size} gave {given} bytes" in result["error"]
    assert wait_until(lambda: came)
    assert came[0] < size


@pytest.mark.parametrize("mode", ["etag", "checksum", "signed"])
def test_where_there_is_memory_for_a_body_there_is_memory_for_its_reply(run, mode):
    """A stored photo must not count as lost."""
    least_kb = _least_heap_kb(run, mode, 50_000, 40)
    ended = []
    for heap in range((least_kb - 6) * 1024, least_kb * 1024, 512):
        store = Store()
        try:
            ended.append(run(store, put(size=50_000), integrity=mode, heap=str(heap))["status"])
        except AssertionError:  # MicroPython ended with a MemoryError
            ended.append(None)
            assert not store.bodies, heap
    assert None in ended


def test_a_body_arrives_whole_at_a_server_that_reads_slowly(run):
    """The socket accepts parts of pieces, or nothing for a while."""
    size = 1500 * 4092
    taken = []

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        time.sleep(0.5)
        taken.append(peer.read_body())
        peer.send(STORED)

    assert run(script, put(size=size), integrity="none")["status"] == 200
    firsts = taken[0][::4092]
    assert firsts == bytes(at * 7 & 255 for at in range(0, size, 4092))


@pytest.mark.parametrize(
    ("fault", "told"), [("raise", "body fault"), ("unreadable", f"body fault {errno.EIO}")]
)
@pytest.mark.parametrize("mode", ["none", "checksum", "signed"])
def test_an_error_of_the_body_ends_the_upload_and_comes_through(run, mode, fault, told):
    """An OSError from reading a file is not taken for an error of the connection."""
    came = []
    result = run(breaks_off(came), put(size=50_000, fault=fault), integrity=mode)
    assert result["error"] == told
    assert wait_until(lambda: came)
    assert came[0] < 50_000


def _with_the_etag_of_other_bytes(peer):
    peer.read_head()
    peer.send(CONTINUE)
    peer.read_body()
    peer.send(STORED.replace(b'"x"', b'"900150983cd24fb0d6963f7d28e17f72"'))


def test_an_etag_of_other_bytes_is_noticed(run):
    result = run(_with_the_etag_of_other_bytes, integrity="etag")
    assert (result["code"], result["action"]) == ("BadDigest", "retry")


def test_without_integrity_nothing_is_compared(run):
    assert run(_with_the_etag_of_other_bytes, integrity="none")["status"] == 200
