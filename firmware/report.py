"""The health report that chore_status.py stores; docs/unattended.md explains each entry."""

import gc
import json
from binascii import hexlify
from hashlib import sha256

from firmware import __version__, clock, config, log

_REPORT = """{{
"time": {}, "device": "{}", "version": "{}", "config": "{}",
"interval_s": {}, "uptime_s": {}, "boots": {}, "reset_cause": "{}", "reboots": {},
"photos": {{
    "taken": {}, "stored": {}, "damaged": {}, "refused": {}, "thinned": {}, "missed": {},
    "lost": {}
}},
"spool": {{"photos": {}, "bytes": {}, "written_kb": {}}},
"today": {{"requests": {}, "sent_kb": {}}},
"rssi_dbm": {}, "heap_free_low": {}, "clock_error_ms": {},
"errors": {},
"log": {}
}}"""


def report(app):
    """Return the report as JSON; docs/unattended.md explains each entry."""
    tally = app.tally
    uploader = app.uploader
    lines = [line for _, line in log.recent]
    errors = [
        {"time": at if clock.is_credible(at) else None, "text": line}
        for at, line in log.recent
        if line[0] == "E"
    ]
    # One text: MicroPython would keep the name of each entry for ever.
    return _REPORT.format(
        clock.now(),
        uploader.device,
        __version__,
        _config_hash(),
        app.interval_s,
        clock.uptime_s(),
        tally["boots"],
        tally["cause"],
        json.dumps(tally["reboots"]),
        tally["taken"],
        tally["stored"],
        tally["damaged"],
        tally["refused"],
        tally["thinned"],
        tally["missed"],
        tally["lost"],
        uploader.waiting,
        uploader.waiting_kb << 10,
        tally["written_kb"],
        tally["requests"],
        tally["sent_kb"],
        json.dumps(app.signals),
        min(app.heap_free_low, gc.mem_free()),
        json.dumps(clock.error_ms()),
        json.dumps(errors),
        json.dumps(lines),
    )


def _config_hash():
    digest = sha256()
    with open(config.PATH, "rb") as f:
        while True:
            part = f.read(256)
            if not part:
                return hexlify(digest.digest()[:4]).decode()
            digest.update(part)
