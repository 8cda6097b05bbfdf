"""The gallery answers nobody but the holder of its link."""

import asyncio

import pytest
from megacam.gallery.guard import Guard

_COOKIE = "megacam_gallery_8080"
_ADDRESS = "http://127.0.0.1:8080/"


async def _inside(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"photos"})
    else:
        await send({"type": "websocket.accept"})


@pytest.fixture
def guard():
    return Guard(_inside, _COOKIE)


def ask(guard, path="/", query="", cookie="", kind="http"):
    """Return what was sent for one request: (first message, its headers as a dictionary)."""
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": kind, "path": path, "query_string": query.encode(), "headers": headers}
    asyncio.run(guard(scope, None, send))
    return sent[0], {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}


def query_of(link):
    return link.removeprefix(_ADDRESS).removeprefix("?")


def cookie_of(guard):
    _, headers = ask(guard, query=query_of(guard.link(_ADDRESS)))
    return headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/day", "/img/photo", "/_nicegui/x", "/static/player.js"])
def test_nobody_comes_in_without_the_link(guard, path):
    for cookie in ("", f"{_COOKIE}=wrong", f"{_COOKIE}=", "a\x00=b; ;;"):
        answer, _ = ask(guard, path, "open=wrong", cookie)
        assert answer["status"] == 403


def test_a_websocket_without_the_cookie_is_closed(guard):
    assert ask(guard, kind="websocket")[0] == {"type": "websocket.close", "code": 1008}
    cookie = cookie_of(guard).split(";")[0]
    assert ask(guard, cookie=cookie, kind="websocket")[0] == {"type": "websocket.accept"}


def test_the_link_gives_a_cookie_that_scripts_and_other_sites_cannot_use(guard):
    cookie = cookie_of(guard)
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    answer, headers = ask(guard, cookie=cookie.split(";")[0])
    assert answer["status"] == 200
    assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"


def test_a_link_for_one_use_opens_once(guard):
    query = query_of(guard.link(_ADDRESS, once=True))
    assert [ask(guard, query=query)[0]["status"] for _ in range(2)] == [303, 403]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/day"])
def test_the_link_never_leads_to_another_host_and_leaves_its_code_behind(guard, path):
    _, headers = ask(guard, path, query_of(guard.link(_ADDRESS)))
    place = headers["location"]
    assert place.startswith("/") and not place.startswith(("//", "/\\"))
    assert "open=" not in place


def test_two_galleries_do_not_know_each_others_cookies(guard):
    other = Guard(_inside, _COOKIE)
    assert ask(other, cookie=cookie_of(guard).split(";")[0])[0]["status"] == 403
