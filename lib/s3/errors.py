"""Decide what to do about an error reply; loaded only when there is one.

    refusal = judge(client, page, skew_s)  # page: the beginning of the reply's body

AWS: "Error responses" of the S3 API reference.
"""

_ACTIONS = (
    ("clock", "RequestTimeTooSkewed"),
    ("credentials", "ExpiredToken InvalidToken TokenRefreshRequired"),
    (
        "region",
        "AuthorizationHeaderMalformed PermanentRedirect IllegalLocationConstraintException",
    ),
    ("redirect", "TemporaryRedirect"),
    ("throttle", "SlowDown Throttling ThrottlingException RequestLimitExceeded TooManyRequests"),
    (
        "retry",
        "RequestTimeout RequestTimeoutException IncompleteBody BadDigest OperationAborted "
        "ConditionalRequestConflict PriorRequestNotComplete",
    ),
    ("fallback", "NotImplemented"),
    ("stored", "PreconditionFailed"),
    (
        "object",
        "EntityTooLarge KeyTooLongError InvalidURI MetadataTooLarge XMinioInvalidObjectName "
        "RequestHeaderSectionTooLarge",
    ),
)
_STATUSES = {
    200: "retry",
    301: "region",
    307: "redirect",
    408: "retry",
    409: "retry",
    412: "stored",
    413: "object",
    414: "object",
    417: "fallback",
    431: "object",
    429: "throttle",
    501: "fallback",
}
# A clock that is more than _SKEW_S off may also cause these errors (rule of the AWS SDKs).
_MAYBE_CLOCK = (
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "AccessDenied",
)
_SKEW_S = 240
_MISMATCH = "XAmzContentSHA256Mismatch"
# Parts of messages about body modes, without the first letter if its case varies.
_MODE_WORDS = ("STREAMING", "railer", "aws-chunked", "hecksum", "ontent-encoding")
_HEADER_WORDS = ("nsupported", "Object Lock")
_MODE_CODES = "MalformedTrailerError InvalidChunkSizeError"


class Refusal:
    """The contents of an error reply: `code`, `action` as in S3Error, S3's message in `said`.

    `skew_s`, `region` and `retry_after_ms` are 0 or "" if the reply does not say. `is_condition`
    is True if the store refused `If-None-Match`, False if it refused the mode of the body, and
    None if it may be either.
    """


def judge(client, page, skew_s):
    """Return the Refusal for the reply that `client.connection` has just read.

    `skew_s` is by how many seconds the server is ahead of the client's clock, 0 if unknown.
    """
    status = client.connection.status
    headers = client.connection.headers
    for i in range(len(page)):
        # Replace other characters than ASCII: none matters, and a half one could not be decoded.
        if page[i] > 127:
            page[i] = 63
    text = page.decode()
    refusal = Refusal()
    refusal.status = status
    refusal.code = element(text, "Code") or f"HTTP{status}"
    refusal.skew_s = skew_s
    refusal.is_condition = _is_condition(client, refusal.code, text)
    refusal.action = _decide(refusal, text)
    refusal.said = element(text, "Message")[:120]
    refusal.region = element(text, "Region") or headers.get("x-amz-bucket-region", "")
    refusal.retry_after_ms = _retry_after_ms(headers)
    return refusal


def element(text, name):
    """Return the text of the first XML element of that name, or ""."""
    start = text.find(f"<{name}>") + len(name) + 2
    end = text.find("<", start)
    return text[start:end] if len(name) + 1 < start < end else ""


def _decide(refusal, text):
    code = refusal.code
    status = refusal.status
    if code in _MAYBE_CLOCK and abs(refusal.skew_s) > _SKEW_S:
        return "clock"
    for action, codes in _ACTIONS:
        if code in codes.split():
            return action
    is_named = refusal.is_condition is not None
    if code == _MISMATCH:
        return "fallback" if is_named else "retry"
    is_header = is_named or any(word in text for word in _HEADER_WORDS)
    if code in _MODE_CODES.split() or (is_header and code.startswith("Invalid")):
        return "fallback"
    return _STATUSES.get(status) or ("retry" if status >= 500 else "fatal")


def _is_condition(client, code, text):
    if "if-none-match" in text.lower():
        return True
    if code == _MISMATCH:
        # None of our modes sends a hash, so a store that compares one does not know the mode. Old
        # Ceph and MinIO do that. Every store knows UNSIGNED-PAYLOAD.
        return None if client.integrity in ("etag", "none") else False
    if code in _MODE_CODES.split() or any(word in text for word in _MODE_WORDS):
        return False
    return None


def _retry_after_ms(headers):
    for name, unit_ms in (("x-amz-retry-after", 1), ("retry-after", 1000)):
        value = headers.get(name, "")
        if value.isdigit():
            return min(int(value[:9]) * unit_ms, 3_600_000)
    return 0
