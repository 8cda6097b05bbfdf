"""Serves a gallery in a process of its own: python -m gallery_server, settings in its environment.

GALLERY_NOW is the moment at which its clock starts; the link goes to the file GALLERY_LINK.
"""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from gallery_wire import BUCKET, client
from megacam.gallery import app


def main() -> None:
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


if __name__ == "__main__":
    main()
