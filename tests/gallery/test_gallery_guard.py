"""The gallery answers only those who have its link, and only under its own host name."""

import asyncio

import pytest
from megacam.gallery.guard import Guard, authority

_NAME = "shed.example:8080"
_ADDRESS = f"http://{_NAME}/"
_OWN = {"host": _NAME}


async def _inside(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["root_path"].encode()})
    else:
        await send({"type": "websocket.accept"})


@pytest.fixture
def guard():
    return Guard(_inside, 8080, [_NAME])


def ask(guard, path="/", query="", headers=_OWN, kind="http", method="GET", server=None):
    """Send a request; return (first message of the answer, its headers as a dictionary).

    `headers` is a dictionary, or a list of pairs to repeat a header.
    """
    sent = []

    async def send(message):
        sent.append(message)

    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": kind, "path": path, "query_string": query.encode(), "server": server,
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
        **({"method": method} if kind == "http" else {}),
    }  # fmt: skip
    asyncio.run(guard(scope, None, send))
    return sent[0], {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}


def query_of(link):
    return link.removeprefix(_ADDRESS).removeprefix("?")


def enter(guard):
    """Return (path, cookie) that a browser gets by the link."""
    answer, headers = ask(guard, query=query_of(guard.link(_ADDRESS)))
    assert answer["status"] == 303
    return headers["location"], headers["set-cookie"].split(";")[0]


def status(guard, path, cookie, **more):
    return ask(guard, path, headers={**_OWN, "cookie": cookie, **more})[0]["status"]


@pytest.mark.parametrize("path", ["/", "/day", "/img/photo", "/_nicegui/x", "/static/player.js"])
def test_nobody_comes_in_without_the_link(guard, path):
    for cookie in ("", "megacam_gallery_8080=wrong", "megacam_gallery_8080=", "a\x00=b; ;;"):
        answer, _ = ask(guard, path, "open=wrong", {**_OWN, "cookie": cookie})
        assert answer["status"] == 403


def test_the_cookie_goes_to_the_secret_path_alone_and_neither_opens_without_the_other(guard):
    _, headers = ask(guard, query=query_of(guard.link(_ADDRESS)))
    path, cookie = headers["location"], headers["set-cookie"]
    parts = [part.strip() for part in cookie.split(";")]
    assert f"Path={path}" in parts and {"HttpOnly", "SameSite=Strict"} <= set(parts)
    assert len(path) >= 32 and path.startswith("/") and path.endswith("/")
    assert path.strip("/") not in parts[0] and "open=" not in path
    assert status(guard, path, parts[0]) == 200
    assert status(guard, f"{path}day", parts[0]) == 200
    assert status(guard, path, "") == 403
    for wrong in ("/", "/day", path[:-1], path[:-2] + "/", path.upper(), "/" + path):
        assert status(guard, wrong, parts[0]) == 403, wrong


def test_a_cookie_of_the_same_name_by_another_port_locks_nobody_out(guard):
    path, cookie = enter(guard)
    name = cookie.partition("=")[0]
    for sent in (f"{name}=evil; {cookie}", f"{cookie}; {name}=evil", f'{name}="; {cookie}'):
        assert status(guard, path, sent) == 200
    assert status(guard, path, f"{name}=evil; x{cookie}") == 403


@pytest.mark.parametrize(
    "host", ["evil.example:8080", "shed.example", "shed.example:8081", "127.0.0.1:8080", "", "x@y"]
)
def test_another_name_for_this_computer_gets_nothing(guard, host):
    path, cookie = enter(guard)
    assert status(guard, path, cookie, host=host) == 403
    query = query_of(guard.link(_ADDRESS, once=True))
    assert ask(guard, query=query, headers={"host": host})[0]["status"] == 403
    assert ask(guard, query=query)[0]["status"] == 303, "a refused try used the link up"


def test_no_name_and_two_names_get_nothing(guard):
    path, cookie = enter(guard)
    for hosts in ([], [("host", _NAME), ("host", "evil.example")], [("host", _NAME)] * 2):
        assert ask(guard, path, headers=[*hosts, ("cookie", cookie)])[0]["status"] == 403


@pytest.mark.parametrize(
    ("server", "host"),
    [
        (("127.0.0.1", 8080), "127.0.0.1:8080"),
        (("::1", 8080), "[::1]:8080"),
        (("::ffff:192.168.1.2", 8080), "192.168.1.2:8080"),
        (("192.168.1.2", 80), "192.168.1.2"),
    ],
)
def test_the_address_that_the_connection_came_to_is_a_name_of_ours(guard, server, host):
    path, cookie = enter(guard)
    headers = {"host": host, "cookie": cookie}
    assert ask(guard, path, headers=headers, server=server)[0]["status"] == 200
    other = (server[0], server[1] + 1)
    assert ask(guard, path, headers=headers, server=other)[0]["status"] == 403


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "http://shed.example:9000"}, {"origin": "https://shed.example:8080"},
        {"origin": "null"}, {"origin": "http://evil.example"}, {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"}, {"referer": "http://shed.example:9000/"},
        {"referer": "http://[evil/"}, {"referer": "http://shed.example:8080@evil.example/"},
    ],
)  # fmt: skip
def test_a_page_that_is_not_ours_gets_nothing(guard, header):
    path, cookie = enter(guard)
    assert status(guard, path, cookie, **header) == 403
    query = query_of(guard.link(_ADDRESS))
    assert ask(guard, query=query, headers={**_OWN, **header})[0]["status"] == 403


def test_a_page_of_ours_and_its_user_get_in(guard):
    path, cookie = enter(guard)
    for header in (
        {"origin": f"http://{_NAME}", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"referer": f"http://{_NAME}{path}day"},
    ):
        assert status(guard, path, cookie, **header) == 200


@pytest.mark.parametrize("way", [{"kind": "websocket"}, {"method": "POST"}, {"method": "DELETE"}])
def test_a_websocket_and_what_changes_things_must_say_where_they_come_from(guard, way):
    path, cookie = enter(guard)
    own = {**_OWN, "cookie": cookie}
    good, _ = ask(guard, path, headers={**own, "origin": f"http://{_NAME}"}, **way)
    assert good["type"] == "websocket.accept" or good["status"] == 200
    evil = {**own, "origin": "http://shed.example:9000"}
    nobody = {**_OWN, "origin": f"http://{_NAME}"}
    for headers in (own, evil, nobody):
        answer, _ = ask(guard, path, headers=headers, **way)
        assert answer.get("status") == 403 or answer == {"type": "websocket.close", "code": 1008}


def test_every_answer_forbids_frames_and_referrers(guard):
    path, cookie = enter(guard)
    for sent in (cookie, ""):
        _, headers = ask(guard, path, headers={**_OWN, "cookie": sent})
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_link_for_one_use_opens_once(guard):
    query = query_of(guard.link(_ADDRESS, once=True))
    assert ask(guard, query=query, method="HEAD")[0]["status"] == 403, "a preview is no use"
    assert [ask(guard, query=query)[0]["status"] for _ in range(2)] == [303, 403]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/day"])
def test_the_link_leads_to_the_gallery_and_nowhere_else(guard, path):
    assert ask(guard, path, query_of(guard.link(_ADDRESS)))[0]["status"] == 403


def test_two_galleries_do_not_know_each_others_cookies(guard):
    path, cookie = enter(guard)
    other = Guard(_inside, 8080, [_NAME])
    their_path, their_cookie = enter(other)
    assert status(other, path, cookie) == status(other, their_path, cookie) == 403
    assert status(other, path, their_cookie) == 403


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [("::1", 8080, "[::1]:8080"), ("Shed", 80, "shed"), ("127.0.0.1", 1, "127.0.0.1:1")],
)
def test_hosts_are_written_as_browsers_write_them(host, port, said):
    assert authority(host, port) == said
