"""Keeps the gallery to its owner: every request needs a cookie that only its link gives.

Whoever can open a page acts with the owner's AWS credentials; other users and other web pages of
this computer have neither link nor cookie.
"""

import contextlib
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DENIED = (
    "This gallery is open to its owner only.\n\n"
    "Use the whole link that `megacam gallery` printed in the terminal.\n"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """Lets through only requests with the cookie that a link of this gallery gave."""

    def __init__(self, app: ASGIApp, cookie: str):
        self._app = app
        self._cookie = cookie
        self._secret = secrets.token_urlsafe(24)
        self._codes = {self._secret}

    def link(self, address: str, *, once: bool = False) -> str:
        """Return a link that lets in; `once` for one that others may see after its use."""
        code = secrets.token_urlsafe(24) if once else self._secret
        self._codes.add(code)
        return f"{address}?{urlencode({'open': code})}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan" or self._knows(scope):
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await self._let_in(scope, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _knows(self, scope: Scope) -> bool:
        cookies = SimpleCookie()
        sent = dict(scope.get("headers", ())).get(b"cookie", b"")
        with contextlib.suppress(CookieError):
            cookies.load(sent.decode("latin-1"))
        found = cookies.get(self._cookie)
        return bool(found) and secrets.compare_digest(found.value.encode(), self._secret.encode())

    async def _let_in(self, scope: Scope, send: Send) -> None:
        code = parse_qs(scope["query_string"].decode("latin-1")).get("open", [""])[0]
        if code not in self._codes:
            return await _answer(send, 403, _DENIED)
        if code != self._secret:
            self._codes.discard(code)
        cookie = f"{self._cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"
        # One slash at the front: two would lead to another host.
        path = "/" + quote(scope["path"].lstrip("/"))
        place = [(b"location", path.encode()), (b"set-cookie", cookie.encode())]
        return await _answer(send, 303, "", place)


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
