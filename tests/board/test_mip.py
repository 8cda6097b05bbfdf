"""micropython-lib's hmac: fetched over https only, and accepted only with the pinned hash."""

import contextlib
import hashlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from megacam.board import mip, tree
from megacam.board.mip import PackageError, Pin
from megacam.sim.rom import PORT

SOURCE = (PORT / "hmac.py").read_bytes()
PIN = Pin("1.0", hashlib.sha256(SOURCE).hexdigest())
PLACE = f"/file/{PIN.sha256[:2]}/{PIN.sha256[:8]}"
MPY_MAGIC = b"M\x06"


@pytest.fixture
def trust(monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return authority


@contextlib.contextmanager
def serving(files, authority=None):
    """Serve {path: content or (status, Location)}; yield (address, the requested paths)."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            found = files.get(self.path, (404, ""))
            status, place = found if isinstance(found, tuple) else (200, "")
            body = b"" if isinstance(found, tuple) else found
            self.send_response(status)
            if place:
                self.send_header("Location", place)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if authority:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http{'s' if authority else ''}://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_what_the_pin_says_is_fetched_once_and_compiled_here(trust):
    with serving({PLACE: SOURCE}, trust) as (address, asked):
        files = mip.fetch("hmac", address + "/", PIN)
    assert asked == [PLACE]
    assert files == {"lib/hmac.mpy": tree.compile_file(PORT / "hmac.py")}


@pytest.mark.parametrize("body", [SOURCE + b"\n", SOURCE[:-1], b"", b"M\x06\x00\x1f"])
def test_anything_else_is_refused_with_what_came_from_where_and_the_remedy(trust, body):
    with serving({PLACE: body}, trust) as (address, _), pytest.raises(PackageError) as refused:
        mip.fetch("hmac", address, PIN)
    said = str(refused.value)
    assert f"{address}{PLACE} is not hmac 1.0" in said and f"{len(body)} bytes" in said
    assert hashlib.sha256(body).hexdigest()[:16] in said
    assert "nothing was installed" in said and "--hmac FOLDER" in said


def test_an_index_of_a_folder_is_pinned_too(tmp_path):
    path = tmp_path / PLACE[1:]
    path.parent.mkdir(parents=True)
    path.write_bytes(SOURCE)
    assert mip.fetch("hmac", str(tmp_path), PIN)["lib/hmac.mpy"].startswith(MPY_MAGIC)
    path.write_bytes(b"import os")
    with pytest.raises(PackageError, match=r"is not hmac 1\.0"):
        mip.fetch("hmac", str(tmp_path), PIN)
    with pytest.raises(PackageError, match=r"No such file or directory\); go online, or name"):
        mip.fetch("hmac", str(tmp_path / "nowhere"), PIN)


def test_plain_http_is_not_even_asked():
    with serving({PLACE: SOURCE}) as (address, asked):
        for index in (address, address.replace("http", "HTTP"), "ftp://127.0.0.1", "file:///tmp"):
            with pytest.raises(PackageError, match=r"by https only, not from .*--hmac FOLDER"):
                mip.fetch("hmac", index, PIN)
    assert asked == []


def test_a_redirect_to_plain_http_is_not_followed(trust):
    with serving({PLACE: SOURCE}) as (plain, asked):
        moved = {PLACE: (302, plain + PLACE)}
        with (
            serving(moved, trust) as (address, _),
            pytest.raises(PackageError, match=r"it leads to http://.*, which is not https"),
        ):
            mip.fetch("hmac", address, PIN)
    assert asked == []


def test_a_certificate_that_does_not_verify_is_said(trust):
    with (
        serving({PLACE: SOURCE}, trustme.CA()) as (address, asked),
        pytest.raises(PackageError, match=r"fetched from https://.*(self.signed|unable to get)"),
    ):
        mip.fetch("hmac", address, PIN)
    assert asked == []


def test_more_than_a_package_is_not_read_to_its_end(trust):
    body = SOURCE + b"#" * 5_000_000
    with (
        serving({PLACE: body}, trust) as (address, _),
        pytest.raises(PackageError, match="more than 64 KB"),
    ):
        mip.fetch("hmac", address, PIN)


def test_what_is_missing_or_away_is_one_sentence(trust):
    with (
        serving({}, trust) as (address, _),
        pytest.raises(PackageError, match=r"status 404\); go online, or name a folder"),
    ):
        mip.fetch("hmac", address)
    with pytest.raises(PackageError, match=r"Connection refused\)") as refused:
        mip.fetch("hmac", address)
    assert "[Errno" not in str(refused.value) and "\n" not in str(refused.value)
