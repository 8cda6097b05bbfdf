"""How S3Client reacts to each answer of S3, with scripted servers on the real interpreter.

The table of error codes is from AWS, "Error responses" in the S3 API reference.
"""

import datetime

import pytest
from servers.running import authority, compiled, root_der, server, session
from servers.s3_store import TOKEN, Store, date_header, put, refusal, run

__all__ = ["authority", "compiled", "root_der", "run", "server", "session"]


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


def test_what_a_reply_said_takes_no_memory_of_the_next_request(run):
    results = run(Store(), put(close=False), {"op": "begin"})
    assert results[1]["headers"] == []


def test_a_region_learned_elsewhere_changes_no_name(run):
    """Replacing `local` as a substring would turn localhost into garagehost."""
    store = Store(refusal(400, "AuthorizationHeaderMalformed", Region="garage"))
    result = run(store, region="local")
    assert (result["status"], result["region"], store.region(1)) == (200, "garage", "garage")
    assert store.header(1, "host").startswith("localhost:")


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
    assert "already exists" in result["error"]


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
    store = Store(*[refusal(501, "NotImplemented", Message="STREAMING-X not implemented")] * 3)
    assert run(store, integrity="signed-checksum")["integrity"] == "etag"
    assert len(store.heads) == 4


def test_a_store_without_any_mode_is_given_up(run):
    store = Store(*[refusal(501, "NotImplemented")] * 9)
    assert run(store, integrity="checksum")["action"] == "fatal"


@pytest.mark.parametrize("mode", ["etag", "none"])
def test_a_store_that_refuses_plain_bodies_is_asked_with_and_without_the_condition(run, mode):
    store = Store(*[refusal(501, "NotImplemented")] * 9)
    result = run(store, integrity=mode)
    assert (result["action"], result["integrity"]) == ("fatal", mode)
    assert [store.header(i, "if-none-match") for i in range(len(store.heads))] == ["*", None]


def test_a_refused_condition_is_dropped_before_the_mode(run):
    answer = refusal(501, "NotImplemented", Header="If-None-Match")
    store = Store(answer)
    results = run(store, put(), put(), integrity="checksum")
    assert [result["integrity"] for result in results] == ["checksum"] * 2
    assert [store.header(i, "if-none-match") for i in range(3)] == ["*", None, None]


def test_an_invalid_argument_of_ours_is_no_matter_of_the_mode(run):
    result = run(Store(refusal(400, "InvalidArgument", Message="bad key")), integrity="checksum")
    assert (result["action"], result["integrity"]) == ("fatal", "checksum")


def test_access_denied_says_which_policy_is_missing(run):
    result = run(Store(refusal(403, "AccessDenied")), put(key="cam1/2026/11/23/a.jpg"))
    assert result["action"] == "fatal"
    assert result["error"] == (
        "AccessDenied: this key may not put cam1/2026/11/23/a.jpg; the policy must allow "
        "s3:PutObject on arn:aws:s3:::bucket/cam1/*"
    )


# Status, code, action and, for fatal errors, words of the sentence that says what to change.
TABLE = (
    (403, "RequestTimeTooSkewed", "clock", ""),
    (403, "SignatureDoesNotMatch", "fatal", "the secret access key is wrong"),
    (403, "InvalidAccessKeyId", "fatal", "create a new key"),
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
    (400, "MalformedTrailerError", "fatal", "does not accept integrity none"),
    (400, "InvalidChunkSizeError", "fatal", "does not accept integrity none"),
    (400, "InvalidRequest", "fatal", "check bucket, region and endpoint"),
    (400, "InvalidArgument", "fatal", "check bucket, region and endpoint"),
    (501, "NotImplemented", "fatal", "does not accept integrity none"),
    (501, "", "fatal", "does not accept integrity none"),
    (411, "MissingContentLength", "fatal", "a proxy removed Content-Length"),
    (400, "EntityTooLarge", "object", "cam1/a.jpg is larger than the store accepts"),
    (400, "EntityTooSmall", "fatal", "a proxy changed the request"),
    (400, "MetadataTooLarge", "object", "the metadata of cam1/a.jpg is too large"),
    (400, "RequestHeaderSectionTooLarge", "object", "shorten the metadata"),
    (400, "KeyTooLongError", "object", "cam1/a.jpg is not a valid key"),
    (400, "InvalidBucketName", "fatal", "bucket is not a valid bucket name"),
    (400, "InvalidURI", "object", "cam1/a.jpg is not a valid key"),
    (403, "InvalidObjectState", "fatal", "restore it first"),
    (403, "InvalidSecurity", "fatal", "see the AWS console"),
    (409, "OperationAborted", "retry", ""),
    (409, "ConditionalRequestConflict", "retry", ""),
    (409, "", "retry", ""),
    (412, "PreconditionFailed", "stored", ""),
    (412, "", "stored", ""),
    (413, "", "object", "cam1/a.jpg exceeds a limit of the store or a proxy"),
    (414, "", "object", "send less"),
    (431, "", "object", "send less"),
    (405, "MethodNotAllowed", "fatal", "is not an S3 API endpoint"),
    (400, "", "fatal", "check bucket, region and endpoint"),
    (418, "SomethingNew", "fatal", "check bucket, region and endpoint"),
    (599, "SomethingNew", "retry", ""),
)


def test_the_table_of_errors(run):
    """Each row has a new client: what it learns from a refusal must not affect the next row."""

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
