"""`megacam demo --gallery` in its own process, for the tests and the screenshots.

with running(tmp_path) as link: ...
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Against a hang; a demo that ends is noticed at once.
_START_TIMEOUT_S = 600
_STOP_TIMEOUT_S = 300


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Run the demo with its photos in `folder`; yield the gallery's link, end it with Ctrl-C."""
    command = ["from megacam.__main__ import main; main()", "demo", "--gallery", "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-c", *command, "--folder", str(folder), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    link: Future[str] = Future()
    listener = threading.Thread(target=_listen, args=(process, said, link), daemon=True)
    listener.start()
    try:
        yield link.result(_START_TIMEOUT_S)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join()
    assert process.returncode == 0, "".join(said)


def _listen(process: "subprocess.Popen[str]", said: list[str], link: "Future[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+/\?open=\S+", line)
        if found and not link.done():
            link.set_result(found[0])
    if not link.done():
        link.set_exception(AssertionError("".join(said)))
