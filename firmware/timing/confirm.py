"""The time as the store has it, whose replies are verified."""

from s3 import S3Error

from firmware import clock
from firmware.errors import NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_DATE_MS = const(1000)  # the Date of HTTP has whole seconds


def confirm(uploader, is_set_well):
    """Compare the clock with the store's and correct it; return whether the store answered.

    Where a time server `is_set_well` the clock only a jump is corrected: it was the better clock.
    A store that does not know the time confirms whatever it is.
    """
    store = uploader.store
    date = uploader.is_open() and uploader.attempt(store.attempt, _ask, store)
    if not date:
        return False
    try:
        from https import http_date

        skew_s = http_date.parse_http_date(date) - clock.now()
        # Whole seconds, and the reply was on its way: one is no difference.
        if abs(skew_s) > (clock.JUMP_S if is_set_well else 1):
            learn(skew_s)
            log("W clock set by the store", seconds=skew_s)
        elif clock.set_error_ms is None:
            learn(skew_s)
    except (ValueError, NetworkError) as e:
        log("W clock of the store unknown", why=e)
    return True


def learn(skew_s):
    """Correct the clock by `skew_s`, the seconds that a verified reply says it is behind."""
    from firmware.timing import set_clock

    set_clock.correct((clock.now() + skew_s) * 1000, _DATE_MS)


def _ask(store):
    # Every reply has a Date, but for those of a server in trouble (RFC 9110, 6.6.1). Without a
    # signature nothing depends on what this clock says; S3 answers 403 and charges nothing.
    connection = store.connection
    host = f"host: {store.host}\r\n\r\n".encode()
    connection.request(b"HEAD / HTTP/1.1\r\n", store.limit_ms, (host,))
    status = connection.reply()
    connection.read()
    date = connection.headers.get("date")
    if not date and status >= 500:
        raise S3Error("NoDateInReply", status, "retry", "a server in trouble, which tells no time")
    # An age is that of a reply from some cache.
    return date if date and "age" not in connection.headers else "none"
