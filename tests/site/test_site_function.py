"""What function.js lets through at CloudFront, with the attacks on it."""

import base64
import hashlib
import hmac
import itertools
import json
import re

import pytest
import site_edge
from each import each
from megacam.site import links

NOW_S = 1_790_000_000
PHOTO = "/cam1/2026/11/23/120000-000042.jpg"
READABLE = (
    PHOTO,
    "/_site/index.html",
    "/_site/site.js",
    "/_site/app.webmanifest",
    "/_site/cam1/days.json",
    "/_site/cam1/2026-11-23.jpg",
    "/cam1/_digest/days.json",
    "/cam1/_digest/2026/11/23/day.json",
    "/cam1/_digest/2026/11/23/keogram-0123456789abcdef.jpg",
    "/cam1/_digest/2026/11/23/film-0123456789abcdef.mp4",
    "/cam1/_digest/2026/11/23/12/sprite-0123456789abcdef.jpg",
    "/cam1/_digest/2026/11/23/12/film-0123456789abcdef.mp4",
)


@pytest.fixture(scope="module")
def edge():
    with site_edge.Function() as function:
        yield function


@pytest.fixture
def link(edge):
    made = links.new("grandma", (), 30, NOW_S)
    edge.store.clear()
    edge.store |= {"cameras": '["cam1","cam2"]', made.entry_name: made.entry}
    return made


def _ask(edge, uri, cookie=None, **more):
    return edge.ask(uri, cookie, now_s=more.pop("now_s", NOW_S + 60), **more)


def _enter(edge, token, now_s=NOW_S + 60):
    return _ask(edge, "/_site/session", headers={links.HEADER: token}, now_s=now_s)


def _cookie(edge, link):
    """Return the cookie that a browser gets for the link."""
    answer = _enter(edge, link.token("link"))
    assert answer["statusCode"] == 204, answer
    return answer["cookies"][links.COOKIE]["value"]


def _mac(key, text):
    """Sign as RFC 2104 and RFC 4648 have it, beside the code under test."""
    made = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def test_a_link_becomes_a_cookie_that_no_script_and_no_other_site_can_use(edge, link):
    answer = _enter(edge, link.token("link"))
    cookie = answer["cookies"][links.COOKIE]
    assert cookie["value"] == f"{link.id}.{link.until}." + _mac(
        link.key, f"cookie.{link.id}.{link.until}"
    )
    assert cookie["attributes"].split("; ") == [
        "Path=/", "Secure", "HttpOnly", "SameSite=Lax", f"Max-Age={30 * 86400 - 60}"
    ]  # fmt: skip
    assert answer["headers"]["cache-control"]["value"] == "no-store"
    assert link.key not in json.dumps(answer)


@pytest.mark.parametrize("uri", READABLE)
def test_with_the_cookie_each_part_of_the_site_is_readable_and_without_it_none(edge, link, uri):
    passed = _ask(edge, uri, _cookie(edge, link))
    assert (passed["statusCode"], passed["uri"]) == (0, uri)
    # S3 gets neither the cookie nor a query, such as ?versionId= or ?uploads.
    assert (passed["cookies"], passed["querystring"]) == ({}, {})
    assert _ask(edge, uri)["statusCode"] == 403


def test_the_home_page_is_the_app_and_the_root_leads_to_it(edge, link):
    cookie = _cookie(edge, link)
    assert _ask(edge, "/_site/", cookie)["uri"] == "/_site/index.html"
    root = _ask(edge, "/", cookie)
    assert (root["statusCode"], root["headers"]["location"]["value"]) == (302, "/_site/")
    assert _ask(edge, "/")["statusCode"] == 403


@each(
    "uri",
    [
        "/cam1/status.json", "/cam1/megacam-doctor", "/cam1/_update/manifest", "/_update/x.json",
        "/secret.txt", "/cam1/", "/cam1", "/cam1/2026/11/23/", "/cam1/2026/11/23/copy.jpg",
        "/cam1/_site/index.html", "/x/_site/site.js",
        "/_site/../cam1/status.json", "/_site/%2e%2e/cam1/status.json",
        "/_site/%252e%252e/cam1/status.json", "//cam1/2026/11/23/120000-000042.jpg",
        "/cam1//2026/11/23/120000-000042.jpg", "/cam1/2026/11/23/120000-000042.jpg/",
        "/cam1/2026/11/23/120000-000042%2ejpg", "/cam1/2026/11/23/120000-000042.jpg%00",
        "/cam1/2026/11/23/120000-000042.jpg\n", "/cam1/2026/11/23/120000-000042.jpg?x",
        "/cam1/_digest/../status.json", "/cam1/_digest/..%2fstatus.json",
        "/cam1/_digest/./day.json", "/cam1/_digest//day.json", "/cam1/_digest/page.html",
        "/cam1/_digest/alarms.json", "/cam1/_digest/home.json", "/cam1/_digest/label-calls.json",
        "/cam1/_digest/2026/11/23/12/index.json", "/cam1/_digest/2026/11/23/alarms.json",
        "/cam1/_digest/2026/11/23/12/now/120000-000042.json", "/cam1/_digest/day.json",
        "/cam1/_digest/2026\\..\\x.json", "/cam1/_digest/day.json;x", "/_site/me/x", "/_SITE/",
        "/_site", "/_site/.html", "/_site/cam1/../../cam1/status.json", "", "/..", "*",
        "https://d1.cloudfront.net/cam1/status.json",
    ],
)  # fmt: skip
def test_nothing_else_is_readable_even_with_a_link(edge, link, uri):
    assert _ask(edge, uri, _cookie(edge, link))["statusCode"] == 403


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "get"])
def test_the_site_can_only_be_read(edge, link, method):
    assert _ask(edge, PHOTO, _cookie(edge, link), method=method)["statusCode"] == 403
    assert _ask(edge, PHOTO, _cookie(edge, link), method="HEAD")["statusCode"] == 0


def test_a_cookie_with_any_character_changed_cut_or_added_is_refused(edge, link):
    cookie = _cookie(edge, link)
    changed = [
        cookie[:n] + other + cookie[n + 1 :]
        for n, other in itertools.product(range(len(cookie)), "aB0_")
        if cookie[n] != other
    ]
    # The last character of 43 carries four bits; a decoder would ignore the other two, text not.
    cut = [cookie[:n] for n in range(len(cookie))]
    added = [cookie + "A", "A" + cookie, cookie + "=", cookie + " ", f'"{cookie}"', cookie * 2]
    for forged in [*changed, *cut, *added]:
        assert _ask(edge, PHOTO, forged)["statusCode"] == 403, forged


def test_a_longer_life_needs_the_key(edge, link):
    later = link.until + 86_400
    forged = f"{link.id}.{later}.{link.token('cookie').rpartition('.')[2]}"
    assert _ask(edge, PHOTO, forged)["statusCode"] == 403
    # A cookie may also end before its link does.
    sooner = f"{link.id}.{NOW_S + 90}." + _mac(link.key, f"cookie.{link.id}.{NOW_S + 90}")
    assert _ask(edge, PHOTO, sooner, now_s=NOW_S + 89)["statusCode"] == 0
    assert _ask(edge, PHOTO, sooner, now_s=NOW_S + 90)["statusCode"] == 403
    # And with the key, the store's own end of the link still holds.
    signed = f"{link.id}.{later}." + _mac(link.key, f"cookie.{link.id}.{later}")
    assert _ask(edge, PHOTO, signed, now_s=link.until)["statusCode"] == 403


@pytest.mark.parametrize("key", ["", "undefined", "null", "0" * 43])
def test_a_cookie_signed_with_a_guessed_key_is_refused(edge, link, key):
    forged = f"{link.id}.{link.until}." + _mac(key, f"cookie.{link.id}.{link.until}")
    assert _ask(edge, PHOTO, forged)["statusCode"] == 403


def test_a_link_is_no_cookie_and_a_cookie_is_no_link(edge, link):
    assert _ask(edge, PHOTO, link.token("link"))["statusCode"] == 403
    assert _enter(edge, link.token("cookie"))["statusCode"] == 403


def test_a_link_and_its_cookie_end_to_the_second(edge, link):
    cookie = _cookie(edge, link)
    assert _ask(edge, PHOTO, cookie, now_s=link.until - 1)["statusCode"] == 0
    for late_s in (link.until, link.until + 1, link.until + 10**8):
        assert _ask(edge, PHOTO, cookie, now_s=late_s)["statusCode"] == 403
        assert _enter(edge, link.token("link"), late_s)["statusCode"] == 403


def test_a_revoked_link_and_every_cookie_of_it_are_refused_also_when_replayed(edge, link):
    other = links.new("other", (), 30, NOW_S)
    edge.store[other.entry_name] = other.entry
    cookie, others = _cookie(edge, link), _cookie(edge, other)
    del edge.store[link.entry_name]
    for _ in range(2):
        assert _ask(edge, PHOTO, cookie)["statusCode"] == 403
        assert _enter(edge, link.token("link"))["statusCode"] == 403
    assert _ask(edge, PHOTO, others)["statusCode"] == 0
    # A new link that happens to have the same id has another key.
    again = links.Link(link.id, "again", (), NOW_S, link.until, other.key)
    edge.store[again.entry_name] = again.entry
    assert _ask(edge, PHOTO, cookie)["statusCode"] == 403


def test_a_link_of_one_camera_shows_that_camera_only(edge, link):
    one = links.new("neighbour", ("cam1",), 30, NOW_S)
    edge.store[one.entry_name] = one.entry
    cookie = _cookie(edge, one)
    for uri in READABLE:
        assert _ask(edge, uri, cookie)["statusCode"] == 0
        if "cam1" in uri:
            other = uri.replace("cam1", "cam2")
            assert _ask(edge, other, cookie)["statusCode"] == 403
            assert _ask(edge, other, _cookie(edge, link))["statusCode"] == 0
    told = json.loads(_ask(edge, "/_site/me", cookie)["body"])
    assert told == {"cameras": ["cam1"], "until": one.until}
    assert json.loads(_ask(edge, "/_site/me", _cookie(edge, link))["body"])["cameras"] == [
        "cam1", "cam2"
    ]  # fmt: skip


def test_a_cookie_of_another_site_is_refused(edge, link):
    elsewhere = links.new("elsewhere", (), 30, NOW_S)
    assert _ask(edge, PHOTO, elsewhere.token("cookie"))["statusCode"] == 403
    assert _enter(edge, elsewhere.token("link"))["statusCode"] == 403


@pytest.mark.parametrize("entry", ["", "{", "[]", "null", "{}", '{"key":"x","until":"never"}'])
def test_a_damaged_entry_of_the_store_opens_nothing(edge, link, entry):
    cookie = link.token("cookie")
    edge.store[link.entry_name] = entry
    answer = _ask(edge, PHOTO, cookie)
    # CloudFront answers 503 for an error of the function: refused as well.
    assert answer.get("error") or answer["statusCode"] == 403


def test_what_is_readable_without_a_link_is_the_same_for_everybody(edge, link):
    shown = {uri: _ask(edge, uri) for uri in ("/_site/enter", "/_site/enter.js", PHOTO)}
    assert [one["statusCode"] for one in shown.values()] == [200, 200, 403]
    assert {one["headers"]["cache-control"]["value"] for one in shown.values()} == {"no-store"}
    assert "cam1" not in json.dumps([*shown.values()])
    edge.store.clear()
    assert shown == {uri: _ask(edge, uri) for uri in shown}


def test_the_secret_is_in_the_fragment_and_leaves_the_address_before_anything_is_loaded(
    edge, link
):
    address = link.url("d1.cloudfront.net")
    seen, _, secret = address.partition("#")
    assert secret == link.token("link") and secret not in seen and "?" not in seen
    script = _ask(edge, "/_site/enter.js")["body"]
    assert script.index("history.replaceState") < script.rindex("enter(token)")
    assert _ask(edge, "/_site/enter")["headers"]["referrer-policy"]["value"] == "no-referrer"


def test_the_function_fits_into_cloudfront_and_its_language():
    source = site_edge.SOURCE.read_text()
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    assert len(source.encode()) <= 10_240
    own = re.sub(r"const (PAGE|SCRIPT) = `.*?`;\n", "", source, flags=re.DOTALL)
    code = re.sub(r"//.*", "", own)
    for unknown in (
        r"for \(.* of ",
        r"\?\.",
        r"\.\.\.",
        r"\bclass\b",
        r"(const|let) [\[{]",
        r"\?\?",
    ):
        assert not re.search(unknown, code), unknown
    assert "console" not in code  # its output would be stored in CloudWatch


def test_the_comparison_looks_at_every_character():
    source = site_edge.SOURCE.read_text()
    body = source[source.index("function same") :].partition("\n}\n")[0]
    assert body.count("return") == 2 and "a.length !== b.length" in body and "^" in body
    assert "=== sign(" not in source


def test_the_owner_reads_back_what_the_store_has(link):
    assert links.read(link.entry_name, link.entry) == link
    assert links.read("cameras", '["cam1"]') is None
    assert links.read(link.entry_name, "{") is None
    assert link.key not in repr(link)


@pytest.mark.parametrize(
    ("name", "cameras", "days", "words"),
    [
        ("x", (), 0, "a link cannot last 0 days; choose 1 to 400 (--days)"),
        ("x", (), 401, "a link cannot last 401 days"),
        ("x" * 61, (), 1, "has 61 characters"),
        ("x", ("Cam 1",), 1, "'Cam 1' cannot be the name of a device"),
    ],
)
def test_a_link_that_cannot_be_is_refused_in_one_sentence(name, cameras, days, words):
    with pytest.raises(links.MegacamError, match=re.escape(words)):
        links.new(name, cameras, days, NOW_S)
