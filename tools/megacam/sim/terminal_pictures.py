"""Make the pictures of `megacam setup` and `megacam doctor` for the documentation.

`python -m megacam.sim.terminal_pictures` runs both commands against a simulated board and a local
AWS and saves what their terminal shows, as SVG, in docs/images. Nothing in them is drawn by hand.
"""

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from megacam.board import tree
from megacam.sim.ntp_server import NTPServer
from megacam.sim.pty_board import PtyBoard
from megacam.sim.store import Store

_WIFI = {"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}
_COLUMNS = 100
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
# Lines of a spinner or progress bar are redrawn; only those that end with a newline stay.
_REDRAWN = re.compile(r"\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh]|[^\n]*\r(?!\n)")


def main() -> None:
    """Write docs/images/setup.svg and docs/images/doctor.svg."""
    folder = tree.root() / "docs" / "images"
    with _stage() as (run, port):
        setup = run("setup", "--port", port, "--roots", "ca.pem", "--yes")
        doctor = run("doctor", "--port", port, "--roots", "ca.pem")
    _draw(folder / "setup.svg", "megacam setup", setup)
    _draw(folder / "doctor.svg", "megacam doctor", doctor)


@contextlib.contextmanager
def _stage() -> Iterator[tuple[Callable[..., str], str]]:
    services = ("s3", "iam", "sts")
    with (
        tempfile.TemporaryDirectory(prefix="megacam-pictures-") as name,
        Store(services=services) as store,
        NTPServer() as ntp,
    ):
        folder = Path(name)
        (folder / "ca.pem").write_bytes(store.ca_pem.read_bytes())
        config = {
            "device": "cam1",
            "interval_s": 5,
            "s3": {
                "bucket": "garden-photos",
                "region": store.region,
                "endpoint": store.endpoint,
                "path_style": True,
            },
            "clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []},
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "tty").symlink_to("board/tty")
        board = PtyBoard(folder / "board", {}, networks=[_WIFI], camera=["--scene"])
        with board:
            board.plug_in()
            yield (lambda *args: _run(folder, store, args)), "tty"


def _run(folder: Path, store: Store, args: tuple[str, ...]) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": store.endpoint,
        "AWS_CA_BUNDLE": str(store.ca_pem),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "MEGACAM_WIFI_SSID": _WIFI["ssid"],
        "MEGACAM_WIFI_PASSWORD": _WIFI["password"],
        "TERM": "xterm-256color",
        "COLUMNS": str(_COLUMNS),
    }
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "megacam", *args],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # EIO: it has ended
            while data := os.read(ours, 4096):
                said += data
        os.close(ours)
    return said.decode()


def _draw(path: Path, title: str, said: str) -> None:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    text = Text.from_ansi(_REDRAWN.sub("", said.replace("\r\n", "\n")))
    console.print(Text(f"$ {title}", style="bold"))
    console.print(_shortened(text))
    # Drop the font that rich would load from the web; the reader's own is good enough.
    path.write_text(_FONT_FACE.sub("", console.export_svg(title=title)), encoding="utf-8")


def _shortened(text: Text) -> Text:
    """Return the text without the middle of a long list and of a presigned link."""
    lines = text.split("\n", allow_blank=True)
    copied = [line for line in lines if re.match(r"\+ (firmware|lib|roots)/", line.plain)]
    kept = [line for line in lines if line not in copied[3:]]
    if len(copied) > 3:
        at = kept.index(copied[2]) + 1
        kept.insert(at, Text(f"  ... {len(copied) - 3} more files", style="dim"))
    return Text("\n").join(kept)


if __name__ == "__main__":
    main()
