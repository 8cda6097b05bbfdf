"""Restrict the gallery to its owner: a request needs a secret path and a cookie from its link.

Whoever can open a page acts with the owner's AWS credentials. Browsers send the cookies of
127.0.0.1 to every port of it, and all ports belong to one site. So the path of the cookie is
secret too: the browser sends the cookie to no other port, and without the path it is useless.
Requests under other names of this computer (DNS rebinding) and requests from other pages, on this
computer or elsewhere, are refused even with the right path and cookie.
"""

import ipaddress
import secrets
from collections.abc import Collection
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DENIED = (
    "This gallery is open to its owner only.\n\n"
    "Paste the whole link that `megacam gallery` printed in the terminal into the address bar.\n"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Requests from our own pages, or by the user from no page:
# https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
_OWN_SITE = ("same-origin", "none")
_SAFE = ("GET", "HEAD")
_HTTP_PORT = 80


def authority(host: str, port: int) -> str:
    """Return a host and port as a browser writes them in the Host header."""
    named = f"[{host}]" if ":" in host else host.lower()
    return named if port == _HTTP_PORT else f"{named}:{port}"


class Guard:
    """ASGI middleware that passes on only requests with the secret path and cookie.

    `hosts` are the accepted values of the Host header, as authority() returns them, beside the
    address that a connection came in on.
    """

    def __init__(self, app: ASGIApp, port: int, hosts: Collection[str] = ()):
        self._app = app
        self._hosts = frozenset(hosts)
        self._cookie = f"megacam_gallery_{port}"
        self._path = f"/{secrets.token_urlsafe(24)}"
        self._secret = secrets.token_urlsafe(24)
        self._code = secrets.token_urlsafe(24)
        self._codes = {self._code}

    def link(self, address: str, *, once: bool = False) -> str:
        """Return a link that opens the gallery; `once`: it works only once."""
        code = secrets.token_urlsafe(24) if once else self._code
        self._codes.add(code)
        return f"{address}?{urlencode({'open': code})}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif self._is_ours(scope) and self._knows(scope):
            inside = {**scope, "root_path": self._path}
            await self._app(inside, receive, _with_headers(send))
        elif scope["type"] == "http":
            await self._let_in(scope, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _is_ours(self, scope: Scope) -> bool:
        """Return whether the request has our name as Host and comes from our page or from none."""
        hosts, origins, referrers, sites = (
            _values(scope, name) for name in (b"host", b"origin", b"referer", b"sec-fetch-site")
        )
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts | _own_address(scope):
            return False
        own = f"http://{hosts[0].lower()}"
        told = [*origins, *map(_origin, referrers)]
        needed = scope["type"] == "websocket" or scope["method"] not in _SAFE
        return (
            all(origin == own for origin in told)
            and all(site in _OWN_SITE for site in sites)
            and (not needed or len(origins) == 1)
        )

    def _knows(self, scope: Scope) -> bool:
        """Return whether path and cookie are right; other ports may add cookies of this name."""
        first = scope["path"][: len(self._path) + 1]
        pairs = ";".join(_values(scope, b"cookie")).split(";")
        cookies = [
            value
            for name, _, value in (pair.strip().partition("=") for pair in pairs)
            if name == self._cookie
        ]
        return _same(first, f"{self._path}/") and any(_same(c, self._secret) for c in cookies)

    async def _let_in(self, scope: Scope, send: Send) -> None:
        code = parse_qs(scope["query_string"].decode("latin-1")).get("open", [""])[0]
        first = scope["path"] == "/" and scope["method"] == "GET" and self._is_ours(scope)
        if not first or code not in self._codes:
            return await _answer(send, 403, _DENIED)
        if code != self._code:
            self._codes.discard(code)
        path = f"{self._path}/"
        cookie = f"{self._cookie}={self._secret}; Path={path}; HttpOnly; SameSite=Strict"
        place = [(b"location", path.encode()), (b"set-cookie", cookie.encode())]
        return await _answer(send, 303, "", place)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _own_address(scope: Scope) -> set[str]:
    """Return the IP address that the connection came in on, which DNS rebinding cannot change."""
    host, port = scope.get("server") or ("", None)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return set()
    mapped = getattr(address, "ipv4_mapped", None)
    return {authority(str(mapped or address), port)} if port else set()


def _origin(referrer: str) -> str:
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return "null"
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _same(a: str, b: str) -> bool:
    return secrets.compare_digest(a.encode(), b.encode())


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return with_headers


async def _answer(
    send: Send, status: int, body: str, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    drop = (b"cache-control", b"no-store")
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [kind, drop, *_HEADERS, *(headers or [])]})
    await send({"type": "http.response.body", "body": body.encode()})
