"""Makes an S3Error of a reply that is not a success; loaded only when there is one.

    raise refused(client, "put", "cam1/a.jpg")  # as S3Client.refuse does

Its three steps are modules of their own, because together they would not fit in memory.
"""

from https import HTTPSError, borrow
from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Code, Message and Region stand in the first lines; the rest repeats the request.
_PAGE_BYTES = const(512)
_CORRECTABLE = "clock credentials region redirect fallback"


def refused(client, verb, key):
    """Return the S3Error for the reply that has begun.

    What the reply teaches (clock, region, host, mode, credentials) is set in the client first;
    then the error's `again` is True.
    """
    refusal = borrow("s3_errors").judge(client, _page(client.connection))
    message = borrow("s3_advice").advise(client, refusal, verb, key)
    text = f"{refusal.code}: {message}"
    if refusal.said:
        text += f" ({refusal.said})"
    error = S3Error(refusal.code, refusal.status, refusal.action, text)
    error.retry_after_ms = refusal.retry_after_ms
    if error.action in _CORRECTABLE:
        error.again = borrow("s3_corrections").correct(client, refusal)
        if error.again and client.log:
            client.log(f"{message} (corrected)")
        elif not error.again and error.action not in ("clock", "credentials"):
            error.action = "fatal"
    return error


def _page(connection):
    page = bytearray(_PAGE_BYTES)
    try:
        return page[: min(connection.read(page), _PAGE_BYTES)]
    except HTTPSError:
        return b""
