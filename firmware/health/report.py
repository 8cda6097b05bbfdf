"""The health report that tasks/status.py stores; docs/unattended.md explains each entry."""

import json

from firmware import __version__, clock, log

# In pieces, because the heap may have no free block of 2 KB. The strings are long, because
# MicroPython interns each short string forever.
_COUNTS = """{{
"time": {}, "device": "{}", "version": "{}", "config": "{}",
"interval_s": {}, "keepalive_s": {}, "uptime_s": {},
"boots": {}, "reset_cause": "{}", "reboots": {},
"photos": {{
    "taken": {}, "stored": {}, "damaged": {}, "refused": {}, "thinned": {}, "missed": {},
    "lost": {}, "gated": {}, "triggered": {}
}},
"spool": {{"photos": {}, "bytes": {}, "written_kb": {}}},
"today": {{"requests": {}, "sent_kb": {}}},"""
_STATE = """
"rssi_dbm": {}, "heap_free_low": {}, "heap_largest": {}, "clock_error_ms": {},
"errors": {},"""
_LOG = """
"log": {}
}}"""


def report(app, plan):
    """Return the report as a list of bytes objects, together one JSON document.

    `plan` is what report_plan.text() and update/report.py return, together.
    """
    return [_counts(app).encode(), plan, _state(app).encode(), _log(app).encode()]


def _counts(app):
    counters = app.counters
    uploader = app.uploader
    from firmware.health import report_hash

    return _COUNTS.format(
        clock.now(),
        uploader.device,
        __version__,
        report_hash.digest(),
        app.interval_s,
        app.early.keepalive_s if app.early else 0,
        clock.uptime_s(),
        counters["boots"],
        counters["cause"],
        json.dumps(counters["reboots"]),
        counters["taken"],
        counters["stored"],
        counters["damaged"],
        counters["refused"],
        counters["thinned"],
        counters["missed"],
        counters["lost"],
        counters.get("gated", 0),
        counters.get("triggered", 0),
        uploader.waiting,
        uploader.waiting_kb << 10,
        counters["written_kb"],
        counters["requests"],
        counters["sent_kb"],
    )


def _state(app):
    from firmware.health import report_block

    low, largest = report_block.report(app)
    errors = [
        {"time": at if clock.is_credible(at) else None, "text": line}
        for at, line in log.recent
        if line[0] == "E"
    ]
    return _STATE.format(
        json.dumps(app.signals),
        low,
        json.dumps(largest),
        json.dumps(clock.error_ms()),
        json.dumps(errors),
    )


def _log(app):
    return _LOG.format(json.dumps([line for _, line in log.recent]))
