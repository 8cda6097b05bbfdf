"""The cost of S3 on a board: lines, modules in memory, and what mip has to install."""

import functools
import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from megacam.board.tree import compile_file
from megacam.sim import interpreter
from servers.running import LIB, authority, compiled, root_der, server, session

__all__ = ["authority", "compiled", "root_der", "server", "session"]

# The board uses micropython-lib's hmac; the simulator's stand-in is smaller.
HMAC_BYTES = 865
STAND_IN = Path(interpreter.__file__).parent / "port" / "hmac.py"
FRAMINGS = {
    "checksum": "s3/aws_chunked",
    "etag": "s3/unsigned_payload",
    "none": "s3/unsigned_payload",
}
REPLIES = {
    "put": b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n',
    "refused": b"HTTP/1.1 403 No\r\nContent-Length: 25\r\n\r\n<Code>AccessDenied</Code>",
    "refused for what might be corrected": (
        b"HTTP/1.1 400 Bad\r\nContent-Length: 25\r\n\r\n<Code>ExpiredToken</Code>"
    ),
}


PACKAGES = {path.stem for path in LIB.glob("*.py")} | {"s3", "https", "arducam_mega", "hmac"}


def _bytes(modules):
    return sum(len(compile_file(LIB / f"{name}.py")) for name in modules)


def test_the_four_modules_have_fewer_than_900_lines():
    names = ("sigv4", "s3/aws_chunked", "https/__init__", "s3/__init__")
    assert sum(len((LIB / f"{name}.py").read_text().splitlines()) for name in names) < 900


def _play(reply):
    def script(peer):
        peer.read_head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.read_body()
        peer.send(reply)

    return script


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("integrity", FRAMINGS)
def test_a_put_keeps_at_most_9_kb_of_bytecode(server, session, integrity, reply):
    """Presigning, listing, signed chunks and error texts are unloaded again or never loaded."""
    step = {"op": "put", "key": "cam1/a.jpg"}
    endpoint = f"https://localhost:{server.play(_play(reply))}"
    [result] = session([step], endpoint=endpoint, integrity=integrity)
    ours = {name for name in result["modules"] if name.partition(".")[0] in PACKAGES}
    assert ours == {"https", "overlay", "s3"}
    # The framing's class is in use, although its module is no longer in sys.modules, and sigv4
    # is loaded for each signature.
    needed = ["https/__init__", "s3/__init__", "sigv4", FRAMINGS[integrity]]
    assert _bytes(needed) + HMAC_BYTES <= 9 * 1024


@pytest.fixture
def package_index(tmp_path):
    """Serve lib/ from the repository and hmac as micropython.org does; yield the address."""
    site = tmp_path / "site"
    hmac = site / "package" / "py" / "hmac"
    hmac.mkdir(parents=True)
    (site / "lib").symlink_to(LIB)
    (hmac / "hmac.py").write_bytes(STAND_IN.read_bytes())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        address = f"http://127.0.0.1:{running.server_port}"
        (hmac / "3.4.4.json").write_text(json.dumps({"urls": [["hmac.py", "hmac.py"]]}))
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield address
        running.shutdown()


def _run(code, path):
    """Run `code` on MicroPython; it can import only from `path` and frozen modules."""
    done = subprocess.run(
        interpreter.command("-c", code, heap="400K"),
        env={**os.environ, "MICROPYPATH": f"{path}:.frozen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("manifest", sorted(LIB.glob("*.json")), ids=lambda path: path.stem)
def test_mip_installs_what_every_module_of_a_package_needs(manifest, package_index, tmp_path):
    target = tmp_path / "installed"
    target.mkdir()
    url = f"{package_index}/lib/{manifest.name}"
    _run(
        f"import mip; mip.install({url!r}, {package_index!r}, {str(target)!r}, mpy=False)", target
    )
    files = sorted(path.relative_to(target) for path in target.rglob("*.py"))
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    assert manifest.stem in names
    (target / "overlay.bin").touch()  # lib/overlay.py needs it; the build makes it
    _run("".join(f"import {name}\n" for name in names), target)
