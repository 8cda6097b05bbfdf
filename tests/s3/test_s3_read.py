"""How S3Client reads objects, heads and lists, with scripted servers."""

from servers.running import authority, compiled, root_der, server, session
from servers.s3_store import pieces, refusal, run

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


def _part(status, text, *headers):
    lines = [f"HTTP/1.1 {status} Word", f"Content-Length: {len(text)}", 'ETag: "e"', *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()


PART = {"op": "part", "key": "cam1/film.bin", "first": 10, "most": 5}


def test_a_part_is_asked_for_by_its_range(run):
    reader = _reader(_part(206, "abcde"))
    assert run(reader, {**PART, "etag": '"d"'})["status"] == 206
    assert pieces(run.log) == [b"abcde"]
    assert "\r\nrange: bytes=10-14\r\n" in reader.heads[0]
    assert '\r\nif-none-match: "d"\r\n' in reader.heads[0]
    assert "SignedHeaders=host;if-none-match;range;x-amz-content-sha256" in reader.heads[0]


def test_an_unchanged_object_has_no_body(run):
    reply = b"HTTP/1.1 304 No\r\nContent-Length: 900\r\n\r\n"
    step = {**PART, "etag": '"d"', "close": False}
    results = run(_reader(reply, _part(206, "abcde")), step, step)
    assert [result["status"] for result in results] == [304, 206]
    assert results[1]["reused"]


def test_a_whole_object_is_taken_only_from_its_beginning(run):
    assert run(_reader(_part(200, "abc")), {**PART, "first": 0})["status"] == 200
    assert pieces(run.log) == [b"abc"]
    result = run(_reader(_part(200, "abc")), PART)
    assert (result["code"], result["action"]) == ("InvalidRange", "fatal")
    assert pieces(run.log) == [b""]


def test_no_more_is_written_than_was_asked_for(run):
    for size in (6, 5_000, 100_000):
        result = run(_reader(_part(206, "a" * size)), PART)
        assert (result["code"], result["action"]) == ("InvalidRange", "fatal")
        assert pieces(run.log) == [b"aaaaa"]


def test_what_is_written_is_not_asked_for_again(run):
    def script(peer):
        for reply in (_part(206, "abcde"), _part(206, "abcde")[:-2]):
            peer.read_head()
            peer.send(reply)

    first, second = run(script, {**PART, "close": False}, PART)
    assert first["status"] == 206
    assert (second["code"], second["action"]) == ("reply", "retry")
    assert pieces(run.log) == [b"abcde", b"abc"]
