"""Serve galleries, each in its own process: with process(endpoint, now, folder) as link: ...

GALLERY_NOW is the time at which its clock starts; the link is written to the file GALLERY_LINK.
"""

import atexit
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path

from gallery_wire import BUCKET, client

ROOT = Path(__file__).parent.parent
# The time for a process to import NiceGUI on a busy computer.
_START_S = 120


def main() -> None:
    from megacam.gallery import app

    start = datetime.fromisoformat(os.environ["GALLERY_NOW"])
    begun_s = time.monotonic()
    link = Path(os.environ["GALLERY_LINK"])

    def ready(text: str) -> None:
        link.with_suffix(".part").write_text(text)
        link.with_suffix(".part").replace(link)

    app.serve(
        client(os.environ["GALLERY_ENDPOINT"]),
        BUCKET,
        port=0,
        open_browser=False,
        timezone="UTC",
        cache=Path(os.environ["GALLERY_CACHE"]),
        ready=ready,
        now=lambda: start + timedelta(seconds=time.monotonic() - begun_s),
        poll_s=float(os.environ["GALLERY_POLL_S"]),
    )


class _Running:
    """One gallery, a child of the nursery's process, which also reaps it."""

    def __init__(self, pid: int):
        self.pid = pid

    def has_ended(self) -> bool:
        return not Path(f"/proc/{self.pid}").exists()

    def end(self) -> None:
        for number, patience_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            deadline_s = time.monotonic() + patience_s
            while time.monotonic() < deadline_s:
                if self.has_ended():
                    return
                time.sleep(0.02)


@functools.cache
def _nursery() -> "subprocess.Popen[str]":
    """Start the process that has imported the gallery and forks one for each order."""
    paths = [str(ROOT / "tests"), str(ROOT / "tools")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTEST_CURRENT_TEST", None)
    nursery = subprocess.Popen(
        [sys.executable, "-m", "gallery_server"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(nursery.wait)
    atexit.register(nursery.stdin.close)
    return nursery


@contextlib.contextmanager
def process(endpoint: str, now: datetime, folder: Path, poll_s: float = 1.0):
    """Run a gallery of the store at `endpoint` whose clock starts at `now`; yield its link.

    Its log and its thumbnails are in `folder`; its pages look for news every `poll_s` seconds.
    """
    link, log = folder / "link", folder / "log"
    settings = {
        "GALLERY_NOW": now.isoformat(), "GALLERY_ENDPOINT": endpoint,
        "GALLERY_LINK": str(link), "GALLERY_CACHE": str(folder / "thumbnails"),
        "GALLERY_POLL_S": str(poll_s),
    }  # fmt: skip
    nursery = _nursery()
    nursery.stdin.write(json.dumps([settings, str(log)]) + "\n")
    nursery.stdin.flush()
    running = _Running(int(nursery.stdout.readline()))
    try:
        deadline_s = time.monotonic() + _START_S
        while not link.exists():
            assert not running.has_ended() and time.monotonic() < deadline_s, log.read_text()
            time.sleep(0.01)
        yield link.read_text()
    finally:
        running.end()
    said = log.read_text(errors="replace")
    assert "Traceback" not in said, said


def nurse() -> None:
    """Fork a gallery for each line of standard input, [settings, log]; print its process id."""
    # NiceGUI takes more than a second to import and serves one gallery in a process.
    import megacam.gallery.app  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so nobody has to wait for them
    for line in sys.stdin:
        settings, log = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update(settings)
        os.chdir(Path(log).parent)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number in (1, 2):
            os.dup2(out, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            main()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)


if __name__ == "__main__":
    nurse()
