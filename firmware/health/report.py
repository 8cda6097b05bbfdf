"""The health report that tasks/status.py stores; docs/unattended.md explains each entry."""

import json

from firmware import __version__, clock, log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Nothing asks for more than 1 KB after the start: with less, the heap grows, and TLS has no RAM.
_FREE_LOW = const(4096)
_BLOCK_LOW = const(1024)

# In three pieces, because the heap may have no free block of 2 KB. The strings are long, because
# MicroPython interns each short string forever.
_COUNTS = """{{
"time": {}, "device": "{}", "version": "{}", "config": "{}",
"interval_s": {}, "uptime_s": {}, "boots": {}, "reset_cause": "{}", "reboots": {},
"photos": {{
    "taken": {}, "stored": {}, "damaged": {}, "refused": {}, "thinned": {}, "missed": {},
    "lost": {}
}},
"spool": {{"photos": {}, "bytes": {}, "written_kb": {}}},
"today": {{"requests": {}, "sent_kb": {}}},"""
_STATE = """
"rssi_dbm": {}, "heap_free_low": {}, "heap_largest": {}, "clock_error_ms": {},
"errors": {},"""
_LOG = """
"log": {}
}}"""


def report(app):
    """Return the report as a list of bytes objects, together one JSON document."""
    return [piece(app).encode() for piece in (_counts, _state, _log)]


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
        uploader.waiting,
        uploader.waiting_kb << 10,
        counters["written_kb"],
        counters["requests"],
        counters["sent_kb"],
    )


def _state(app):
    low, largest = _memory(app)
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


def _memory(app):
    """Return the lowest free memory and the largest free block in bytes; warn if it is little.

    The block is None if it is not known.
    """
    from firmware.health import report_heap

    low = min(app.heap_free_low, report_heap.mem_free())
    from firmware.health import report_block

    largest = report_block.size()
    is_low = low < _FREE_LOW or (largest is not None and largest < _BLOCK_LOW)
    # Once is enough: the report has room for only four lines.
    told = [line for _, line in log.recent if line.startswith("W app memory low")]
    if is_low and not told:
        log.log(f"W app memory low free={low} largest={largest}")
    return low, largest


def _log(app):
    return _LOG.format(json.dumps([line for _, line in log.recent]))
