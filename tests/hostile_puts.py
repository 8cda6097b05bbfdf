"""What a server, proxy or network can do to a put, byte by byte: the cases of test_s3_hostile."""

import random

from servers.scripted import CONTINUE

# The deadline of a request whose server stalls, and of one that ends by itself, even on a busy
# machine.
LIMIT_MS = 2500
AMPLE_MS = 20_000
OK = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 23:45:00 GMT\r\n"
    b'ETag: "x"\r\nContent-Length: 0\r\n\r\n'
)
DENIED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


class Case:
    """A script and its expected result: "success", "any", or the action of the error."""

    def __init__(self, name, script, expect="retry", started=None, size=10_000):
        self.name = name
        self.script = script
        self.expect = expect
        self.started = started
        self.size = size
        self.limit_ms = LIMIT_MS if expect in ("retry", "any") else AMPLE_MS


def reply(status, body=b"", *headers):
    """Return a complete reply with Content-Length."""
    lines = [b"HTTP/1.1 %d Word" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def after_body(act):
    """Return a script that reads the complete body and then calls act(peer)."""

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body()
        act(peer)

    return script


def after_head(act):
    """Return a script that reads the request's head and then calls act(peer)."""

    def script(peer):
        peer.read_head()
        act(peer)

    return script


def in_body(count, act):
    """Return a script that reads `count` bytes of the body and then calls act(peer)."""

    def script(peer):
        peer.read_head()
        peer.send(CONTINUE)
        peer.read_body(count)
        act(peer)

    return script


def continued(act):
    """Return a script that calls act(peer) instead of sending `100 Continue`, then stores."""

    def script(peer):
        peer.read_head()
        act(peer)
        peer.read_body()
        peer.send(OK)

    return script


def say(data, ending="close"):
    """Return act(peer), which sends `data` and then does `ending`: close, reset or stall."""

    def act(peer):
        peer.send(data)
        # Wait so that the client reads the data first: a reset discards unread data.
        peer.wait(0.05)
        getattr(peer, ending)()

    return act


def splits():
    for at in range(1, len(OK)):
        yield Case(
            f"reply-split-{at}", after_body(lambda p, at=at: p.send_split(OK, at)), "success"
        )
    for at in range(1, len(CONTINUE)):
        yield Case(
            f"continue-split-{at}",
            continued(lambda p, at=at: p.send_split(CONTINUE, at)),
            "success",
        )
    page = reply(403, DENIED)
    for at in range(1, len(page), 4):
        yield Case(
            f"refusal-split-{at}",
            after_head(lambda p, at=at: p.send_split(page, at)),
            "fatal",
            False,
        )
    both = CONTINUE + CONTINUE
    for at in range(len(CONTINUE), len(both), 6):
        yield Case(
            f"two-continues-split-{at}",
            continued(lambda p, at=at: p.send_split(both, at)),
            "success",
        )


def cuts():
    for ending in ("close", "reset"):
        for at in range(0, len(OK), 6):
            act = say(OK[:at], ending)
            yield Case(f"reply-{ending}-{at}", after_body(act), started=True)
        for at in range(0, len(CONTINUE) - 1, 4):
            act = say(CONTINUE[:at], ending)
            yield Case(f"continue-{ending}-{at}", after_head(act), started=False)
        for count in (0, 1, 4091, 4092, 4093, 100_000, 299_999):
            script = in_body(count, lambda p, ending=ending: getattr(p, ending)())
            # A reset can arrive before the `100 Continue` that was sent first.
            started = True if count else None
            yield Case(f"body-{ending}-{count}", script, size=300_000, started=started)
    for at in (0, 1, 15, 17, 60, len(OK) - 1):
        yield Case(f"reply-stall-{at}", after_body(say(OK[:at], "stall")), started=True)
    for at in (1, 24):
        yield Case(f"continue-stall-{at}", after_head(say(CONTINUE[:at], "stall")), started=False)
    for count in (0, 5_000):
        script = in_body(count, lambda p: p.stall())
        yield Case(f"body-stall-{count}", script, size=8_000_000, started=True)


def provisional():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    for name, data in (
        ("three", CONTINUE * 3),
        ("processing-first", b"HTTP/1.1 102 Processing\r\n\r\n" + CONTINUE),
        ("hints-first", hints + CONTINUE),
        ("with-headers", CONTINUE[:-2] + b"Server: x\r\nConnection: close\r\n\r\n"),
        ("bare-lines", CONTINUE.replace(b"\r", b"")),
        ("no-reason", b"HTTP/1.1 100\r\n\r\n"),
        ("http-1.0", b"HTTP/1.0 100 Continue\r\n\r\n"),
        ("many", hints * 200 + CONTINUE),
    ):
        yield Case(f"continue-{name}", continued(lambda p, data=data: p.send(data)), "success")
    for delay_s in (0.3, 0.9, 1.3):
        script = continued(lambda p, s=delay_s: (p.wait(s), p.send(CONTINUE)))
        yield Case(f"continue-after-{delay_s}", script, "success")
    yield Case("continue-never", continued(lambda p: None), "success")
    for count in (1, 4092, 9_999):
        script = continued(lambda p, n=count: (p.send(CONTINUE), p.read_body(n), p.send(CONTINUE)))
        yield Case(f"continue-again-after-{count}", script, "success")
    yield Case("hints-in-reply", after_body(lambda p: p.send(hints * 3 + OK)), "success")
    yield Case("hints-for-ever", after_head(lambda p: [p.send(hints) for _ in range(10**6)]))
    yield Case(
        "continue-late-to-a-full-line",
        # After the client's patience of 1 s, and well before it looks for a reply after another.
        continued(lambda p: (p.wait(1.2), p.send(CONTINUE))),
        "success",
        size=8_000_000,
    )


def refusals():
    actions = {408: "retry", 409: "retry", 412: "stored", 429: "throttle", 501: "fatal"}
    actions |= {413: "object", 431: "object"}
    for status in (400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 429, 431, 501):
        yield Case(
            f"status-{status}",
            after_head(lambda p, s=status: p.send(reply(s))),
            actions.get(status, "fatal"),
            False,
        )
    for status in (500, 502, 503, 504, 505, 599):
        yield Case(f"status-{status}", after_head(lambda p, s=status: p.send(reply(s))), "retry")
    for status in (201, 204, 206, 300, 302, 304, 307, 101):
        script = after_head(lambda p, s=status: p.send(reply(s)))
        yield Case(f"status-{status}", script, "any")
    chunked = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n"
    for name, data in (
        ("chunked", chunked + b"3d\r\n" + DENIED + b"\r\n0\r\n\r\n"),
        ("chunked-upper", chunked + b"3D;a=b\r\n" + DENIED + b"\r\n0\r\nX: y\r\n\r\n"),
        ("chunks-of-1", chunked + b"".join(b"1\r\n%c\r\n" % c for c in DENIED) + b"0\r\n\r\n"),
        ("until-close", b"HTTP/1.1 403 No\r\n\r\n" + DENIED),
        ("http-1.0", b"HTTP/1.0 403 No\r\n\r\n" + DENIED),
        ("longer-than-the-page", reply(403, DENIED + b" " * 9_000)),
        ("much-longer", reply(403, DENIED + b" " * 90_000)),
        ("endless-chunks", chunked + (b"3d\r\n" + DENIED + b"\r\n") * 5_000),
        ("not-utf-8", reply(403, DENIED + b"\xff\xfe\x80")),
        ("cut-in-the-page", reply(403, DENIED + b"  ")[:-1]),
        ("bad-chunk-size", chunked + b"zz\r\n"),
        ("negative-chunk", chunked + b"-5\r\nabc\r\n"),
        ("huge-chunk", chunked + b"fffffffffffffffff\r\n"),
        ("chunk-without-end", chunked + b"3\r\nabcdef"),
        ("endless-trailers", chunked + b"0\r\n" + b"a: b\r\n" * 5_000),
        ("lies-longer", b"HTTP/1.1 403 No\r\nContent-Length: 9000\r\n\r\n" + DENIED),
        ("lies-negative", b"HTTP/1.1 403 No\r\nContent-Length: -1\r\n\r\n" + DENIED),
        ("lies-word", b"HTTP/1.1 403 No\r\nContent-Length: many\r\n\r\n" + DENIED),
        ("lies-huge", b"HTTP/1.1 403 No\r\nContent-Length: 99999999999999\r\n\r\n" + DENIED),
        ("lies-shorter", b"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n" + DENIED),
        ("empty", reply(403)),
    ):
        yield Case(f"refusal-{name}", after_head(say(data)), "fatal", False)
        yield Case(f"late-refusal-{name}", after_body(say(data)), "fatal", True)


def early_replies():
    page = reply(403, DENIED)
    for count in (1, 5_000, 100_000):
        for ending in ("close", "stall"):
            act = say(page, ending)
            script = in_body(count, act)
            yield Case(f"early-403-{ending}-{count}", script, "fatal", True, 8_000_000)
    for status, action in ((500, "retry"), (503, "retry"), (400, "fatal"), (429, "throttle")):
        script = in_body(5_000, say(reply(status), "stall"))
        yield Case(f"early-{status}", script, action, True, 8_000_000)
    for at in range(1, len(page), 12):
        script = in_body(5_000, lambda p, at=at: (p.send_split(page, at), p.stall()))
        yield Case(f"early-split-{at}", script, "fatal", True, 8_000_000)
    yield Case(
        "early-200-is-no-success",
        in_body(5_000, say(OK, "stall")),
        "retry",
        True,
        8_000_000,
    )

    yield Case("200-instead-of-100", after_head(say(OK, "stall")), "retry", False)


def garbage():
    source = random.Random(4)
    samples = [
        b"\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 -10 x\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"<html>",
        b"\0" * 5_000,
        b"\n" * 5_000,
        b"a" * 100_000,
    ]
    samples += [source.randbytes(source.randrange(1, 6_000)) for _ in range(12)]
    for i, data in enumerate(samples):
        yield Case(f"garbage-{i}", after_head(say(data)), started=False)
        yield Case(f"late-garbage-{i}", after_body(say(data)), started=True)


def headers():
    line = b"X-Filler: " + b"a" * 50 + b"\r\n"
    for name, head, expect in (
        ("99-lines", line * 95, "success"),
        ("101-lines", line * 101, "retry"),
        ("a-line-as-long-as-the-buffer", b"X: " + b"a" * 4087 + b"\r\n", "success"),
        ("a-line-longer-than-the-buffer", b"X: " + b"a" * 4090 + b"\r\n", "retry"),
        ("a-line-of-60-kb", b"X: " + b"a" * 60_000 + b"\r\n", "retry"),
        ("no-colon", b"nonsense\r\n", "success"),
        ("not-ascii", b"X-Name: caf\xe9 \xff\r\n", "success"),
        ("empty-name", b": x\r\n", "success"),
        ("folded", b"X: a\r\n b\r\n", "success"),
        ("twice", b"ETag: one\r\netag: two\r\n", "success"),
        ("bare-lines", b"X: y\n", "success"),
    ):
        data = b"HTTP/1.1 200 OK\r\n" + OK.partition(b"\r\n")[2][:-2] + head + b"\r\n"
        yield Case(f"headers-{name}", after_body(lambda p, data=data: p.send(data)), expect)
    forever = b"HTTP/1.1 200 OK\r\n"

    def endless(piece):
        return lambda p: (p.send(forever), [p.send(piece) for _ in range(10**6)])

    yield Case("headers-for-ever", after_head(endless(line)))
    yield Case("a-line-for-ever", after_head(endless(b"a" * 1000)))
    yield Case("headers-for-ever-late", after_body(endless(line)))
    for name, data in (
        ("no-etag", OK.replace(b"ETag", b"Other")),
        ("201", OK.replace(b"200", b"201")),
        ("error-inside", reply(200, DENIED)),
    ):
        yield Case(f"success-{name}", after_body(lambda p, data=data: p.send(data)), "any")
    for name, length in (("longer", b"99"), ("word", b"many"), ("negative", b"-1")):
        data = OK.replace(b"Length: 0", b"Length: " + length)
        yield Case(f"success-length-{name}", after_body(say(data)), "any")
    extra = after_body(say(OK + b"HTTP/1.1 500 Oops\r\n\r\n", "stall"))
    yield Case("success-and-more", extra, "success")


def drips():
    for data, name in ((OK, "reply"), (CONTINUE, "continue")):
        for interval_s, expect in ((0.003, "success"), (1.0, "retry")):
            dripped = after_body if data is OK else continued
            script = dripped(lambda p, d=data, s=interval_s: p.drip(d, s))
            yield Case(f"drip-{name}-{interval_s}", script, expect)
    for interval_s in (0.02, 1.0):
        script = lambda p, s=interval_s: p.drip_handshake(s)  # noqa: E731
        yield Case(f"drip-handshake-{interval_s}", script, started=False)


def handshakes():
    for ending in ("close", "reset", "stall"):
        script = lambda p, e=ending: getattr(p, e)()  # noqa: E731
        yield Case(f"accept-{ending}", script, started=False)
    source = random.Random(5)
    samples = [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nhttp sent to https port",
        b"\x15\x03\x01\x00\x02\x02\x28",  # alert: handshake failure
        b"\x15\x03\x03\x00\x02\x01\x00",  # alert: close notify
        b"\x16\x03\x03\xff\xff" + b"a" * 70_000,  # a record longer than TLS allows
        b"\x16\x03\x03\x00\x00" * 100,
    ]
    samples += [source.randbytes(source.randrange(1, 2_000)) for _ in range(15)]

    def raw(data, ending):
        def script(peer):
            peer.raw.recv(2000)
            peer.raw.sendall(data)
            peer.wait(0.02)
            getattr(peer, ending)()

        return script

    for i, data in enumerate(samples):
        yield Case(f"raw-{i}", raw(data, "close"), started=False)
    for i, data in enumerate(samples[:4]):
        yield Case(f"raw-reset-{i}", raw(data, "reset"), started=False)
        yield Case(f"raw-stall-{i}", raw(data, "stall"), started=False)


GROUPS = (
    splits,
    cuts,
    provisional,
    refusals,
    early_replies,
    garbage,
    headers,
    drips,
    handshakes,
)
CASES = [case for group in GROUPS for case in group()]
random.Random(1).shuffle(CASES)  # so that each process gets all kinds early
