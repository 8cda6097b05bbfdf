"""Other servers and pages on the same computer get nothing from a gallery; raw HTTP requests."""

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

import gallery_server
import pytest
from gallery_wire import WireS3, at, jpeg, key_of

pytest_plugins = "gallery_browser"

NOW = at("2026-05-05T16:00:00")
KEY = key_of("cam1", NOW, 1)
SOCKET = "_nicegui_ws/socket.io/?EIO=4&transport=websocket"
PLACES = (
    "", "wall", "favourites", "day?device=cam1",
    f"img/photo?key={quote(KEY)}", f"img/thumb?key={quote(KEY)}",
    "static/player.js", "favicon.ico", "_nicegui_ws/socket.io/?EIO=4&transport=polling",
)  # fmt: skip
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Served:
    """A client of a gallery; it gets `path` and `cookie` by opening the gallery's link."""

    def __init__(self, link):
        self.host = urlsplit(link).netloc
        answer = self.ask("?" + urlsplit(link).query, base="/")
        assert answer.status == 303
        self.path = answer.headers["location"]
        self.cookie = answer.headers["set-cookie"].split(";")[0]

    def ask(self, place, base=None, method="GET", **headers):
        """Send a request with our Host and Cookie; `headers` override them, None removes one."""
        own = {"Host": self.host, "Cookie": getattr(self, "cookie", None)}
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            target = (self.path if base is None else base) + place
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in (
                own | {n.replace("_", "-"): v for n, v in headers.items()}
            ).items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            return connection.getresponse()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    with WireS3() as s3:
        s3.put(KEY, jpeg(120))
        with gallery_server.process(s3.endpoint, NOW, folder) as link:
            yield Served(link)


@pytest.mark.parametrize("place", PLACES)
def test_every_address_answers_its_own_page_and_nobody_else(gallery, place):
    own = {"Origin": f"http://{gallery.host}", "Sec_Fetch_Site": "same-origin"}
    assert gallery.ask(place).status == gallery.ask(place, **own).status == 200
    port = gallery.host.rpartition(":")[2]
    for stranger in (
        {"Cookie": None},
        {"Cookie": gallery.cookie[:-1]},
        {"base": "/"},
        {"base": "/" + "A" * (len(gallery.path) - 2) + "/"},
        {"Host": f"evil.example:{port}"},
        {"Host": f"localhost:{port}"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Referer": "http://127.0.0.1:1/"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        answer = gallery.ask(place, **stranger)
        assert answer.status == 403, (place, stranger)
        assert "set-cookie" not in answer.headers


def test_a_request_that_could_change_something_must_name_its_page(gallery):
    place = "_nicegui_ws/socket.io/?EIO=4&transport=polling&sid=none"
    assert gallery.ask(place, method="POST", Content_Length="0").status == 403
    own = f"http://{gallery.host}"
    assert gallery.ask(place, method="POST", Content_Length="0", Origin=own).status != 403


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_star_is_set_and_taken_by_our_own_page_alone(gallery, method):
    place = f"favourite?key={quote(KEY)}"
    own = {"Origin": f"http://{gallery.host}", "Content_Length": "0"}
    for stranger in (
        {"Origin": None},
        {"Origin": "http://127.0.0.1:1"},
        {"Cookie": None},
        {"base": "/"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        assert gallery.ask(place, method=method, **(own | stranger)).status == 403, stranger
    assert gallery.ask(place, method=method, **own).status == 204
    assert gallery.ask("favourite?key=../x", method=method, **own).status == 404


def test_a_websocket_opens_for_our_own_page_alone(gallery):
    own = {**UPGRADE, "Origin": f"http://{gallery.host}"}
    assert gallery.ask(SOCKET, **own).status == 101
    for stranger in (
        {"Origin": None},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
        {"Cookie": None},
        {"base": "/"},
    ):
        assert gallery.ask(SOCKET, **(own | stranger)).status == 403, stranger


_ATTACK = """<!doctype html><title>waiting</title><script>
const socket = new WebSocket("ADDRESS");
socket.onopen = () => { document.title = "open"; };
socket.onerror = () => { document.title = "refused"; };
</script>"""


@contextlib.contextmanager
def neighbour(page_text):
    """Run a web server on another port; yield (its address, the Cookie headers it receives)."""
    sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            sent.append(self.headers.get("Cookie") or "")
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Set-Cookie", "mine=1; Path=/")
            self.end_headers()
            self.wfile.write(page_text.encode())

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", sent
        finally:
            server.shutdown()
            thread.join()


def test_a_page_of_another_port_is_sent_no_cookie_and_opens_nothing(look, page):
    with WireS3() as s3:
        s3.put(KEY, jpeg(120))
        page = look(s3.endpoint, NOW)
        page.wait(lambda: page.shown_pictures(".device img") == 1, "the gallery")
        # The attack fails even with the secret path, which the page cannot know: the browser adds
        # the cookie to this request.
        socket = f"ws{page.base.removeprefix('http')}/{SOCKET}"
        with neighbour(_ATTACK.replace("ADDRESS", socket)) as (address, sent):
            for path in ("", "day", "static/player.js"):
                page.driver.get(address + path)
            page.wait(lambda: page.driver.title in ("open", "refused"), "the attack")
            assert page.driver.title == "refused"
        assert sent and any("mine=1" in cookies for cookies in sent), "the browser sends cookies"
        assert not [cookies for cookies in sent if "megacam_gallery" in cookies]
        page.open("/")
        page.wait(lambda: page.shown_pictures(".device img") == 1, "the gallery as before")


def test_all_that_a_page_leads_to_is_below_the_secret_path(look):
    with WireS3() as s3:
        for n in range(3):
            s3.put(key_of("cam1", NOW, n), jpeg(120))
        page = look(s3.endpoint, NOW)
        for path, ready in {
            "/": ".device img",
            "/month": ".day.photo",
            "/day?device=cam1&date=2026-05-05": "a.cell",
            f"/photo?key={KEY}": "figure img",
            f"/compare?a={KEY}&b={key_of('cam1', NOW, 2)}": "megacam-compare img",
            "/timelapse": ".form",
            "/photo?key=none": ".empty a",
        }.items():
            page.open(path)
            page.wait_for(ready)
            found = page.script(
                "return [...document.querySelectorAll('[href],[src]')]"
                ".map(e => String(e.href || e.src))"
            )
            assert len(found) > 8
            assert not [url for url in found if not url.startswith((page.base + "/", "data:"))]
            failed = "return performance.getEntries().filter(e => e.responseStatus >= 400)"
            assert page.script(f"{failed}.map(e => e.name)") == []
