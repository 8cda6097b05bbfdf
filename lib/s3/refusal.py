"""Turn an error reply into an S3Error; loaded only when there is one.

    raise refused(client, "put", "cam1/a.jpg")  # as S3Client.refuse does

The three steps are separate modules, because together they would not fit in memory.
"""

from https import HTTPSError

from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Code, Message and Region are in the first lines; the rest repeats the request.
_PAGE_BYTES = const(512)
_HEADER = ("eader",)  # not as a plain string: MicroPython would keep it forever
_ODD = "InvalidArgument InvalidRequest BadRequest HTTP400"
_CORRECTABLE = "clock credentials region redirect"


def refused(client, verb, key):
    """Return the S3Error for the reply that has begun to arrive.

    If the reply shows how to correct the client (clock, region, host, mode, credentials), the
    client is corrected, and the error's `again` is True.
    """
    page = _page(client.connection)  # before the next module: reading needs memory, too
    skew_s = _skew_s(client, client.connection.headers)
    from s3 import errors

    refusal = errors.judge(client, page, skew_s)
    from s3 import explain

    message = explain.advise(client, refusal, verb, key)
    text = f"{refusal.code}: {message}"
    if refusal.said:
        text += f" ({refusal.said})"
    error = S3Error(refusal.code, refusal.status, refusal.action, text)
    error.retry_after_ms = refusal.retry_after_ms
    # A store that refuses without a reason may dislike the condition, which not all stores know.
    is_odd = (
        (refusal.action == "fatal" and verb == "put" and not client.body_started)
        and refusal.code in _ODD.split()
        and (_HEADER[0] in refusal.said or not refusal.said)
    )
    if is_odd or error.action == "fallback":
        from s3 import fallback

        _learn(client, refusal, error, fallback.correct(client, refusal))
    elif error.action in _CORRECTABLE:
        from s3 import learn

        _learn(client, refusal, error, learn.correct(client, refusal))
    return error


def _learn(client, refusal, error, learned):
    """Set `error.again` and `error.action`; `learned` is True, False, or a sentence."""
    error.again = bool(learned)
    if not learned:
        if error.action not in ("clock", "credentials"):
            error.action = "fatal"
        return
    if client.log:
        why = f"{refusal.code} {refusal.said}"
        client.log(f"I s3 corrected: {error}" if learned is True else f"W s3 {learned} ({why})")
    if learned is not True:
        # Only once per request: a store may require a checksum and refuse every way to send one.
        error.action = "retry" if "Object Lock" in refusal.said else "fallback"


def _page(connection):
    page = bytearray(_PAGE_BYTES)
    try:
        return page[: min(connection.read(page), _PAGE_BYTES)]
    except HTTPSError:
        return b""


def _skew_s(client, headers):
    """Return by how many seconds the server is ahead of the client's clock; 0 if unknown."""
    date = headers.get("date")
    if not date or "age" in headers:
        return 0
    try:
        from https import http_date

        return http_date.parse_http_date(date) - client.now()
    except ValueError:
        return 0
