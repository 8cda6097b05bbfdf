"""What S3Client does about each answer of S3, against scripted servers on the real interpreter.

The table of codes and what to do is AWS's, "Error responses" of the S3 API reference.
"""

import contextlib
import datetime
import errno
import json
import re
import time

import pytest
from servers.running import authority, compiled, root_der, server, session
from servers.scripted import wait_until

__all__ = ["authority", "compiled", "root_der", "server", "session"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STORED = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'
SECRET = "wJalrXUtnFEMI-this-must-never-show"
TOKEN = "FwoGZXIvYXdz-nor-this"


def put(**more):
    return {"op": "put", "key": "cam1/a.jpg", **more}


def refusal(status, code, *headers, **elements):
    """Return S3's reply that refuses a request."""
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items())
    page = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code>{inner}</Error>'
    lines = [f"HTTP/1.1 {status} Word", f"Content-Length: {len(page)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + page).encode()


def date_header(offset_s):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset_s)
    return f"Date: {now:%a, %d %b %Y %H:%M:%S} GMT"


class Store:
    """Answers request after request: a refusal in the place of 100 Continue, or None to store.

    `bucket_region` is what it tells those who ask with a HEAD of the bucket.
    """

    def __init__(self, *answers, bucket_region=None):
        self.answers = list(answers)
        self.bucket_region = bucket_region
        self.heads = []
        self.bodies = []

    def __call__(self, peer):
        while True:
            self.heads.append(peer.read_head().decode())
            if self.heads[-1].startswith("HEAD "):
                told = f"x-amz-bucket-region: {self.bucket_region}\r\n"
                peer.send(f"HTTP/1.1 403 No\r\n{told * bool(self.bucket_region)}\r\n".encode())
                continue
            answer = self.answers.pop(0) if self.answers else None
            if answer:
                peer.send(answer)
                continue
            peer.send(CONTINUE)
            self.bodies.append(peer.read_body())
            peer.body = b""
            peer.send(STORED)

    def header(self, index, name):
        for line in self.heads[index].split("\r\n")[1:]:
            if line.startswith(name + ":"):
                return line.partition(":")[2].strip()
        return None

    def region(self, index):
        return re.search(r"Credential=[^/]+/\d+/([^/]+)/s3", self.heads[index])[1]


@pytest.fixture
def run(server, session):
    """Return run(store, *steps, **job) -> results of the steps against a Store."""

    def run(store, *steps, **job):
        endpoint = f"https://localhost:{server.play(store)}"
        job = {"secret_access_key": SECRET, "session_token": TOKEN, **job}
        results = session(list(steps or [put()]), endpoint=endpoint, **job)
        shown = json.dumps([results, session.log])
        assert SECRET not in shown
        assert TOKEN not in shown
        run.log = session.log
        return results if len(results) > 1 else results[0]

    return run


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
    """Nor do JSON and garbage collection: the heap is locked from the first piece to the last."""
    result = run(Store(), put(size=300_000, fault="lock"), integrity=mode)
    assert result["status"] == 200


def _least_heap_kb(run, mode, size, first_kb):
    """Return the smallest heap in steps of 2 KB, from `first_kb` on, in which a put succeeds."""
    for heap_kb in range(first_kb, 200, 2):
        with contextlib.suppress(AssertionError):  # MicroPython ended with a MemoryError
            result = run(Store(), put(size=size), integrity=mode, heap=f"{heap_kb}K")
            assert result["status"] == 200
            return heap_kb
    raise AssertionError("no heap is large enough")


@pytest.mark.parametrize("mode", ["none", "etag", "checksum", "signed", "signed-checksum"])
def test_8_mb_need_no_more_memory_than_1_kb(run, mode):
    least_kb = _least_heap_kb(run, mode, 1_000, 46)
    # How the garbage happens to lie decides about a step.
    assert _least_heap_kb(run, mode, 8_000_000, least_kb) <= least_kb + 2


@pytest.mark.parametrize("fault", ["short", "long"])
@pytest.mark.parametrize("size", [50_000, 6 * 4092, 6 * 8192])
@pytest.mark.parametrize("mode", ["none", "etag", "checksum", "signed", "signed-checksum"])
def test_a_body_of_another_length_is_never_stored(run, fault, size, mode):
    ended = []

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        try:
            peer.read_body()
        except ConnectionError:
            ended.append(len(peer.body))

    result = run(script, put(size=size, fault=fault), integrity=mode)
    assert (result["code"], result["action"]) == ("BodyLength", "body")
    given = size + {"short": -1, "long": 1}[fault]
    assert f"a body of {size} gave {given} bytes" in result["error"]
    assert wait_until(lambda: ended)
    assert ended[0] < size


def test_a_body_arrives_whole_at_a_server_that_reads_slowly(run):
    """The socket takes parts of pieces, or nothing for a while."""
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
    """An OSError of a file is none of the connection's."""
    ended = []

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        try:
            peer.read_body()
        except ConnectionError:
            ended.append(len(peer.body))

    result = run(script, put(size=50_000, fault=fault), integrity=mode)
    assert result["error"] == told
    assert wait_until(lambda: ended)
    assert ended[0] < 50_000


@pytest.mark.parametrize("offset_s", [7200, -7200, 1200])
def test_a_wrong_clock_is_corrected_from_the_reply(run, offset_s):
    store = Store(refusal(403, "RequestTimeTooSkewed", date_header(offset_s)))
    result = run(store)
    assert result["status"] == 200
    assert abs(result["skew_s"] - offset_s) <= 2
    sent = datetime.datetime.strptime(store.header(1, "x-amz-date"), "%Y%m%dT%H%M%SZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs((sent - now).total_seconds() - offset_s) < 15
    assert len(run.log) == 1


def test_a_clock_that_stays_wrong_is_corrected_once(run):
    answers = [refusal(403, "RequestTimeTooSkewed", date_header(7200 * i)) for i in (1, 2, 3)]
    store = Store(*answers)
    result = run(store)
    assert (result["action"], result["body_started"]) == ("clock", False)
    assert len(store.heads) == 2


def test_a_wrong_clock_without_a_date_is_the_callers_matter(run):
    result = run(Store(refusal(403, "RequestTimeTooSkewed")))
    assert result["action"] == "clock"


def test_a_date_out_of_a_cache_is_not_believed(run):
    result = run(Store(refusal(403, "RequestTimeTooSkewed", date_header(7200), "Age: 7200")))
    assert (result["action"], result["skew_s"]) == ("clock", 0)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "AccessDenied"])
def test_a_refusal_with_a_clock_5_min_off_is_the_clocks(run, code):
    assert run(Store(refusal(403, code, date_header(300))))["status"] == 200
    assert run(Store(refusal(403, code, date_header(100))))["action"] == "fatal"


def test_the_region_of_the_reply_is_followed_and_remembered(run):
    store = Store(refusal(400, "AuthorizationHeaderMalformed", Region="eu-central-1"))
    results = run(store, put(), put())
    assert [result["status"] for result in results] == [200, 200]
    assert [store.region(i) for i in range(3)] == ["us-east-1", "eu-central-1", "eu-central-1"]


def test_the_region_in_the_header_is_followed(run):
    store = Store(refusal(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-3"))
    assert run(store)["region"] == "eu-west-3"
    assert store.region(1) == "eu-west-3"


def test_a_region_that_is_not_told_is_asked_for(run):
    store = Store(refusal(400, "IllegalLocationConstraintException"), bucket_region="eu-south-2")
    results = run(store, put(), put())
    assert [result["status"] for result in results] == [200, 200]
    assert store.heads[1].startswith("HEAD /bucket/ HTTP/1.1\r\n")
    assert [store.region(i) for i in (2, 3)] == ["eu-south-2", "eu-south-2"]


@pytest.mark.parametrize("region", ["us-east-1", "", "evil.example/", "a b"])
def test_a_region_that_leads_nowhere_is_fatal(run, region):
    store = Store(refusal(301, "PermanentRedirect", Region=region))
    result = run(store)
    assert (result["action"], result["region"]) == ("fatal", "us-east-1")
    assert "set its region" in result["error"]


def test_a_region_is_followed_once(run):
    regions = ["eu-west-1", "us-east-1"] * 3
    store = Store(*[refusal(301, "PermanentRedirect", Region=region) for region in regions])
    assert run(store)["body_started"] is False
    assert len(store.heads) == 2


def test_a_temporary_redirect_is_followed_for_one_request(run, server):
    elsewhere = Store()
    port = server.play(elsewhere)
    location = f"Location: https://localhost:{port}/bucket/cam1/a.jpg"
    store = Store(refusal(307, "TemporaryRedirect", location))
    results = run(store, put(), put())
    assert [result["status"] for result in results] == [200, 200]
    assert len(elsewhere.heads) == 1
    assert elsewhere.header(0, "host") == f"localhost:{port}"
    assert len(store.heads) == 2


@pytest.mark.parametrize("target", ["", "http://localhost:1/a", "ftp://x/", "/elsewhere"])
def test_a_redirect_to_anything_but_https_is_fatal(run, target):
    headers = [f"Location: {target}"] if target else []
    assert run(Store(refusal(307, "TemporaryRedirect", *headers)))["action"] == "fatal"


def test_redirects_are_followed_once(run):
    store = Store()
    port = None

    def script(peer):
        peer.read_head()
        store.heads.append(peer.head)
        target = f"Location: https://localhost:{port}/bucket/cam1/a.jpg"
        peer.send(refusal(307, "TemporaryRedirect", target))

    with_port = {}

    def outer(peer):
        nonlocal port
        port = peer.raw.getsockname()[1]
        script(peer)

    with_port["script"] = outer
    result = run(outer)
    assert result["action"] == "fatal"
    assert len(store.heads) == 2


def test_an_existing_object_is_left_alone(run):
    result = run(Store(refusal(412, "PreconditionFailed")))
    assert (result["action"], result["status"]) == ("stored", 412)
    assert "exists already" in result["error"]


def test_an_object_that_exists_after_a_lost_reply_is_the_one_that_was_sent(run):
    attempts = []

    def script(peer):
        peer.read_head()
        attempts.append(peer.head)
        if len(attempts) > 1:
            peer.send(refusal(412, "PreconditionFailed"))
            return
        peer.send(CONTINUE)
        peer.read_body()
        peer.reset()

    results = run(script, put(), put(), put(key="cam1/b.jpg"))
    assert (results[0]["action"], results[0]["body_started"]) == ("retry", True)
    assert results[1]["status"] == 412
    assert "error" not in results[1]
    assert results[2]["action"] == "stored", "another key is another object"


def test_expired_credentials_are_renewed_once(run):
    store = Store(refusal(400, "ExpiredToken"))
    result = run(store, renewed="a-new-token")
    assert result["status"] == 200
    assert store.header(0, "x-amz-security-token") == TOKEN
    assert store.header(1, "x-amz-security-token") == "a-new-token"
    store = Store(*[refusal(400, "InvalidToken")] * 5)
    assert run(store, renewed="a-new-token")["action"] == "credentials"
    assert len(store.heads) == 2


def test_expired_credentials_that_cannot_be_renewed(run):
    assert run(Store(refusal(400, "ExpiredToken")))["action"] == "credentials"


@pytest.mark.parametrize(
    ("header", "expected_ms"),
    [
        ("Retry-After: 7", 7000),
        ("x-amz-retry-after: 250", 250),
        ("Retry-After: 99999999999", 3_600_000),
        ("Retry-After: Fri, 24 May 2013 00:00:00 GMT", 0),
        ("Retry-After: -5", 0),
    ],
)
def test_throttling_says_how_long_to_wait(run, header, expected_ms):
    result = run(Store(refusal(503, "SlowDown", header)))
    assert (result["action"], result["retry_after_ms"]) == ("throttle", expected_ms)


@pytest.mark.parametrize(
    ("status", "code"),
    [(501, "NotImplemented"), (400, "InvalidArgument"), (400, "InvalidRequest")],
)
def test_a_mode_that_the_store_refuses_is_replaced_and_remembered(run, status, code):
    answer = refusal(status, code, Message="STREAMING-UNSIGNED-PAYLOAD-TRAILER unknown")
    store = Store(answer)
    results = run(store, put(), put(), integrity="checksum")
    assert [result["status"] for result in results] == [200, 200]
    payloads = [store.header(i, "x-amz-content-sha256") for i in range(3)]
    assert payloads[0] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert payloads[1:] == ["UNSIGNED-PAYLOAD"] * 2
    assert len(run.log) == 1


def test_every_mode_can_be_replaced(run):
    store = Store(*[refusal(501, "NotImplemented")] * 3)
    assert run(store, integrity="signed-checksum")["integrity"] == "etag"
    assert len(store.heads) == 4


def test_a_store_without_any_mode_is_given_up(run):
    store = Store(*[refusal(501, "NotImplemented")] * 9)
    assert run(store, integrity="checksum")["action"] == "fatal"


@pytest.mark.parametrize("mode", ["etag", "none"])
def test_a_store_that_refuses_plain_bodies_is_asked_once(run, mode):
    store = Store(*[refusal(501, "NotImplemented")] * 9)
    result = run(store, integrity=mode)
    assert (result["action"], result["integrity"]) == ("fatal", mode)
    assert len(store.heads) == 1


def test_a_refused_condition_is_dropped_before_the_mode(run):
    answer = refusal(501, "NotImplemented", Header="If-None-Match")
    store = Store(answer)
    results = run(store, put(), put(), integrity="checksum")
    assert [result["integrity"] for result in results] == ["checksum"] * 2
    assert [store.header(i, "if-none-match") for i in range(3)] == ["*", None, None]


def test_an_invalid_argument_of_ours_is_no_matter_of_the_mode(run):
    result = run(Store(refusal(400, "InvalidArgument", Message="bad key")), integrity="checksum")
    assert (result["action"], result["integrity"]) == ("fatal", "checksum")


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


def test_access_denied_says_which_policy_is_missing(run):
    result = run(Store(refusal(403, "AccessDenied")), put(key="cam1/2026/11/23/a.jpg"))
    assert result["action"] == "fatal"
    assert result["error"] == (
        "AccessDenied: this key may not put cam1/2026/11/23/a.jpg; the policy must allow "
        "s3:PutObject on arn:aws:s3:::bucket/cam1/*"
    )


# Status, code, what to do and, of the fatal ones, words of the sentence that says what to change.
TABLE = (
    (403, "RequestTimeTooSkewed", "clock", ""),
    (403, "SignatureDoesNotMatch", "fatal", "the secret access key is wrong"),
    (403, "InvalidAccessKeyId", "fatal", "make a new key"),
    (
        403,
        "AccessDenied",
        "fatal",
        "must allow s3:PutObject on arn:aws:s3:::bucket/cam1/*",
    ),
    (403, "AllAccessDisabled", "fatal", "see the AWS console"),
    (403, "AccountProblem", "fatal", "see the AWS console"),
    (403, "NotSignedUp", "fatal", "see the AWS console"),
    (400, "ExpiredToken", "credentials", ""),
    (400, "InvalidToken", "credentials", ""),
    (404, "NoSuchBucket", "fatal", "there is no bucket bucket at localhost"),
    (400, "AuthorizationHeaderMalformed", "fatal", "set its region"),
    (301, "PermanentRedirect", "fatal", "set its region"),
    (301, "", "fatal", "set its region"),
    (307, "TemporaryRedirect", "fatal", "try later"),
    (307, "", "fatal", "try later"),
    (400, "IllegalLocationConstraintException", "fatal", "set its region"),
    (503, "SlowDown", "throttle", ""),
    (503, "ThrottlingException", "throttle", ""),
    (503, "RequestLimitExceeded", "throttle", ""),
    (400, "Throttling", "throttle", ""),
    (429, "TooManyRequests", "throttle", ""),
    (429, "", "throttle", ""),
    (503, "ServiceUnavailable", "retry", ""),
    (503, "Busy", "retry", ""),
    (500, "InternalError", "retry", ""),
    (502, "", "retry", ""),
    (504, "", "retry", ""),
    (400, "RequestTimeout", "retry", ""),
    (408, "RequestTimeout", "retry", ""),
    (408, "", "retry", ""),
    (400, "IncompleteBody", "retry", ""),
    (400, "BadDigest", "retry", ""),
    (400, "InvalidDigest", "fatal", "a proxy changed the request"),
    (400, "XAmzContentSHA256Mismatch", "retry", ""),
    (400, "MalformedTrailerError", "fatal", "does not take integrity none"),
    (400, "InvalidChunkSizeError", "fatal", "does not take integrity none"),
    (400, "InvalidRequest", "fatal", "check bucket, region and endpoint"),
    (400, "InvalidArgument", "fatal", "check bucket, region and endpoint"),
    (501, "NotImplemented", "fatal", "does not take integrity none"),
    (501, "", "fatal", "does not take integrity none"),
    (411, "MissingContentLength", "fatal", "a proxy took Content-Length away"),
    (400, "EntityTooLarge", "fatal", "cam1/a.jpg is larger than the store takes"),
    (400, "EntityTooSmall", "fatal", "a proxy changed the request"),
    (400, "MetadataTooLarge", "fatal", "the metadata of cam1/a.jpg is too large"),
    (400, "RequestHeaderSectionTooLarge", "fatal", "shorten the metadata"),
    (400, "KeyTooLongError", "fatal", "cam1/a.jpg cannot be a key"),
    (400, "InvalidBucketName", "fatal", "bucket cannot be a bucket's name"),
    (400, "InvalidURI", "fatal", "cam1/a.jpg cannot be a key"),
    (403, "InvalidObjectState", "fatal", "restore it first"),
    (403, "InvalidSecurity", "fatal", "see the AWS console"),
    (409, "OperationAborted", "retry", ""),
    (409, "ConditionalRequestConflict", "retry", ""),
    (409, "", "retry", ""),
    (412, "PreconditionFailed", "stored", ""),
    (412, "", "stored", ""),
    (405, "MethodNotAllowed", "fatal", "is no S3 API endpoint"),
    (400, "", "fatal", "check bucket, region and endpoint"),
    (418, "SomethingNew", "fatal", "check bucket, region and endpoint"),
    (599, "SomethingNew", "retry", ""),
)


def test_the_table_of_errors(run):
    """One client for each row: what one refusal teaches must not decide about the next."""

    def script(peer):
        peer.read_head()
        if peer.head.startswith(b"HEAD "):
            peer.send(b"HTTP/1.1 403 No\r\n\r\n")
            return
        status, code, *_ = TABLE[int(peer.header("x-amz-meta-row"))]
        peer.send(refusal(status, code, Message="words of the store"))

    steps = [put(new=True, metadata={"row": i}) for i in range(len(TABLE))]
    for (status, code, action, words), result in zip(
        TABLE, run(script, *steps, heap="160K"), strict=True
    ):
        assert result["code"] == (code or f"HTTP{status}"), result
        assert (result["status"], result["action"]) == (status, action), result
        assert result["error"].startswith(f"{result['code']}: ")
        assert words in result["error"]
        assert result["error"].endswith("(words of the store)")
        assert (result["body_started"], result["retry_after_ms"]) == (False, 0)


def _reader(*replies):
    """Serve replies to successive requests; the heads are in `.heads`."""

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
