"""How S3Client reads objects, heads and lists, with scripted servers."""

from servers.running import authority, compiled, root_der, server, session
from servers.s3_store import refusal, run

__all__ = ["authority", "compiled", "root_der", "run", "server", "session"]


def _reader(*replies):
    """Return a script that sends the replies one after the other; `.heads` has the requests."""

    def script(peer):
        while True:
            script.heads.append(peer.read_head().decode())
            peer.send(replies[len(script.heads) - 1])

    script.heads = []
    return script


def page(text):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def test_a_small_object_is_read(run):
    reader = _reader(page("hello"))
    assert run(reader, {"op": "get", "key": "cam1/config.json"})["text"] == "hello"
    assert reader.heads[0].startswith("GET /bucket/cam1/config.json HTTP/1.1\r\n")


def test_an_object_larger_than_the_buffer_is_refused(run):
    for size in (11, 5_000, 100_000):
        reader = _reader(page("a" * size))
        result = run(reader, {"op": "get", "key": "a", "room": 10})
        assert (result["code"], result["action"]) == ("EntityTooLarge", "fatal")


def test_a_missing_object_is_said_so(run):
    result = run(_reader(refusal(404, "NoSuchKey")), {"op": "get", "key": "cam1/no"})
    assert result["error"] == "NoSuchKey: there is no object cam1/no"


def test_a_head_has_no_body(run):
    reply = b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: "e"\r\n\r\n'
    steps = [{"op": "head", "key": "a", "close": False}, {"op": "get", "key": "a"}]
    results = run(_reader(reply, page("x")), *steps)
    assert results[0]["headers"]["content-length"] == "5000"
    assert results[1]["text"] == "x"
    assert results[1]["reused"]


def test_a_head_that_is_refused_is_judged_by_its_status(run):
    result = run(
        _reader(b"HTTP/1.1 404 No\r\nContent-Length: 300\r\n\r\n"), {"op": "head", "key": "a"}
    )
    assert (result["code"], result["action"]) == ("HTTP404", "fatal")


def test_a_page_of_keys(run):
    text = (
        "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>cam1/a&amp;b.jpg</Key>"
        "<Size>12</Size></Contents><Contents><Key>cam1/c.jpg</Key><Size>3</Size></Contents>"
        "</ListBucketResult>"
    )
    reader = _reader(page(text))
    step = {"op": "list", "prefix": "cam1/", "after": "cam1/ü", "most": 2}
    result = run(reader, step)
    assert result["keys"] == [["cam1/a&b.jpg", 12], ["cam1/c.jpg", 3]]
    assert result["more"] is True
    query = "list-type=2&max-keys=2&prefix=cam1%2F&start-after=cam1%2F%C3%BC"
    assert reader.heads[0].startswith(f"GET /bucket/?{query} HTTP/1.1\r\n")


def test_a_list_that_is_denied_names_the_permission(run):
    result = run(_reader(refusal(403, "AccessDenied")), {"op": "list", "prefix": "cam1/"})
    assert "s3:ListBucket" in result["error"]
