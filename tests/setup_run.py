"""Run and watch `megacam` as a user runs it, with a simulated board and a local AWS."""

import contextlib
import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import command
from usb_board import WIFI


class Spy:
    """Collects the command line of every process that runs during a `with` block."""

    def __init__(self):
        self.seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        # An interpreter needs longer than this to start.
        while not self._stop.wait(0.1):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(path.read_bytes())


def write_config(folder, account, bucket, ntp, device="cam1"):
    """Write the config.json of a camera whose servers all run on this computer."""
    config = {
        "device": device,
        "interval_s": 5,
        "s3": {
            "bucket": bucket,
            "region": account.aws.region,
            "endpoint": account.store.endpoint,
            "path_style": True,
        },
        "camera": {"resolution": "320x240"},
        "clock": {"servers": [f"127.0.0.1:{ntp.port}"], "http_urls": []},
    }
    (folder / "config.json").write_text(json.dumps(config))


def megacam(folder, *args, **environment):
    """Run the command with the Wi-Fi settings in its environment."""
    wifi = {"MEGACAM_WIFI_SSID": WIFI["ssid"], "MEGACAM_WIFI_PASSWORD": WIFI["password"]}
    return command.megacam(*args, cwd=folder, **{**wifi, **environment})


def typed(folder, args, *answers, first="", **environment):
    """Run the command on a terminal; type the answer of each (question, answer) when asked.

    `first` is code that its process runs before it. Return (exit code, all output).
    """
    ours, theirs = pty.openpty()
    code = f"{first}\nfrom megacam.__main__ import main\nmain()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=folder, env={**os.environ, **environment},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown, answered = b"", 0
    try:
        for question, answer in answers:
            while (at := shown.find(question.encode(), answered)) < 0:
                shown += os.read(ours, 1000)
            answered = at + len(question)
            os.write(ours, answer.encode() + b"\n")
        with contextlib.suppress(OSError):  # EIO: the command has ended
            while data := os.read(ours, 1000):
                shown += data
        return running.wait(20), shown.decode()
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def stored(hardware):
    """Return the content of NVS after each commit: {entry: bytes} without the checksums."""
    commits = [json.loads(line) for line in (hardware / "nvs.jsonl").read_text().splitlines()]
    return [
        {
            name: bytes.fromhex(blob)[5:]
            for name, (kind, blob) in commit["megacam"].items()
            if kind == "blob"
        }
        for commit in commits
    ]


def check_secrets(folder, secrets, spy, *runs):
    """Raise if one of `secrets` (bytes) is in the output, in a file or in a command line."""
    said = "".join(run.stdout + run.stderr for run in runs)
    texts = [said.encode(), *spy.seen]
    # NVS is the place for secrets; the flash image next to it must not have any.
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "nvs.jsonl":
            texts.append(path.read_bytes())
    for secret in secrets:
        assert secret
        assert not [text for text in texts if secret in text or secret.hex().encode() in text]
