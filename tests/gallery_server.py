"""Serve a gallery in its own process: python -m gallery_server, settings in the environment.

GALLERY_NOW is the time at which its clock starts; the link is written to the file GALLERY_LINK.
"""

import contextlib
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from gallery_wire import BUCKET, client

ROOT = Path(__file__).parent.parent


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
        poll_s=1.0,
    )


@contextlib.contextmanager
def process(settings: dict[str, str], log: Path):
    """Run a gallery with `settings` in its environment; see main()."""
    paths = [str(ROOT / "tests"), str(ROOT / "tools")]
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTEST_CURRENT_TEST", None)
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "gallery_server"],
            env=environment, cwd=log.parent, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
    said = log.read_text(errors="replace")
    assert "Traceback" not in said, said


if __name__ == "__main__":
    main()
