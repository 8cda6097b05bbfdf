"""Prove from outside, with plain HTTPS requests, that the site refuses whom it must refuse."""

import dataclasses
import http.client
import os
import ssl
import time
from collections.abc import Callable, Iterator

import certifi

from megacam.cloud.site.store import Contents
from megacam.site import links
from megacam.site.links import Link

_TIMEOUT_S = 10
_HOUR_S = 3600
_PAGE = "/_site/index.html"

# fetch(host, path, cookie) -> status, or 0 if nobody answers
Fetch = Callable[[str, str, str], int]


@dataclasses.dataclass(frozen=True)
class Trial:
    """One request: what was tried, the status of the answer, and whether it is as it must be."""

    text: str
    found: str
    right: bool


def prove(
    domain: str,
    bucket_host: str,
    cameras: tuple[str, ...],
    contents: Contents,
    now_s: float | None = None,
    fetch: Fetch | None = None,
) -> list[Trial]:
    """Try what must be refused, and with a link that works what must not be; change nothing.

    `bucket_host` is S3's own name of the bucket. Without a link that works, or without a revoked
    one, the trials that need it are left out.
    """
    get, moment_s = fetch or _fetch, time.time() if now_s is None else now_s
    trials = [
        _must(403, get, domain, _PAGE, "", "without a link"),
        _must(403, get, domain, _PAGE, _forged(moment_s), "with a forged cookie"),
        _must(403, get, bucket_host, _PAGE, "", "directly from the bucket"),
    ]
    live = contents.live(moment_s)
    if live:
        trials += _with(get, domain, cameras, live[0], moment_s)
    gone = [link for link in contents.revoked if link.until > moment_s]
    if gone:
        cookie = gone[-1].token("cookie")
        trials.append(_must(403, get, domain, _PAGE, cookie, "with a link that was revoked"))
    return trials


def _with(
    get: Fetch, domain: str, cameras: tuple[str, ...], link: Link, now_s: float
) -> Iterator[Trial]:
    cookie = link.token("cookie")
    old = dataclasses.replace(link, until=int(now_s) - _HOUR_S).token("cookie")
    yield _must(200, get, domain, "/_site/me", cookie, "with a link that works")
    yield _must(403, get, domain, _PAGE, old, "with a cookie that has expired")
    for camera in (link.cameras or cameras)[:1]:
        path = f"/{camera}/status.json"
        yield _must(403, get, domain, path, cookie, f"{path} with a link that works")


def _must(wanted: int, get: Fetch, host: str, path: str, cookie: str, text: str) -> Trial:
    status = get(host, path, cookie)
    return Trial(text, str(status) if status else "no answer", status == wanted)


def _forged(now_s: float) -> str:
    return f"aaaaaaaa.{int(now_s) + _HOUR_S}.{'A' * 43}"


def _fetch(host: str, path: str, cookie: str) -> int:
    trusted = os.environ.get("AWS_CA_BUNDLE") or certifi.where()
    context = ssl.create_default_context(cafile=trusted)
    connection = http.client.HTTPSConnection(host, timeout=_TIMEOUT_S, context=context)
    try:
        headers = {"Cookie": f"{links.COOKIE}={cookie}"} if cookie else {}
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
