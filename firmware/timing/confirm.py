"""Check the clock against the store's, whose replies are verified by TLS."""

from s3 import S3Error

from firmware import clock
from firmware.errors import NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DATE_MS = const(1000)  # HTTP's Date has whole seconds


def confirm(uploader, is_set_well):
    """Compare the clock with the store's and correct it; return whether the store answered.

    If `is_set_well`, a time server has set the clock: it is more accurate than the store, so only
    a jump is corrected. A store that does not know the time confirms any time.
    """
    store = uploader.store
    date = uploader.is_open() and uploader.attempt(store.attempt, _ask, store)
    if not date:
        return False
    try:
        from https import http_date

        skew_s = http_date.parse_http_date(date) - clock.now()
        # Date has whole seconds, and the reply took some time: ignore one second.
        if abs(skew_s) > (clock.JUMP_S if is_set_well else 1):
            learn(skew_s)
            log("W clock set by the store", seconds=skew_s)
        elif clock.set_error_ms is None:
            learn(skew_s)
    except (ValueError, NetworkError) as e:
        log("W clock of the store unknown", why=e)
    return True


def learn(skew_s):
    """Correct the clock by `skew_s`, the seconds it is behind according to a verified reply."""
    from firmware.timing import set_clock

    set_clock.correct((clock.now() + skew_s) * 1000, _DATE_MS)


def _ask(store):
    # Every reply has a Date, except those of a server in trouble (RFC 9110, 6.6.1). Without a
    # signature, the request does not depend on our clock; S3 answers 403 and charges nothing.
    connection = store.connection
    host = f"host: {store.host}\r\n\r\n".encode()
    connection.request(b"HEAD / HTTP/1.1\r\n", store.limit_ms, (host,))
    status = connection.reply()
    connection.read()
    date = connection.headers.get("date")
    if not date and status >= 500:
        raise S3Error("NoDateInReply", status, "retry", "the server failed and sent no time")
    # An Age header means that the reply comes from a cache.
    return date if date and "age" not in connection.headers else "none"
