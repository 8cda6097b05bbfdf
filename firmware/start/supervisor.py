"""Count the firmware's starts and their causes, and detect a crash loop.

Restarts are in restart.py, the watchdog is in watchdog.py.
"""

import machine

from firmware import clock
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# The limit for the sum over quick starts in a row: 10 for each unintended start, 1 for a hard
# reset, which may be a panic, or one of the ten resets of a setup.
_CRASH_LOOP = const(50)
_CRASH = const(10)
# counts["crashed"] rises by this at each crash or hang, and boot.py compares it with the stored
# photos: firmware that crashes less often than once in so many photos is not given up. Crashes may
# come long after each start, at every tenth photo for example. A panic is a hard reset.
_PHOTOS = const(25)
# machine.reset_cause() of the ESP32 port. A brown-out counts as power-on there, a panic as hard.
_CAUSES = {1: "power-on", 2: "hard", 3: "watchdog", 4: "deepsleep", 5: "soft"}
# Intended starts do not count as a crash loop.
_WANTED = ("deepsleep", "soft", "config", "retry", "settings", "credentials", "usb", "update")
# Numbers that may have been used since the counters were saved: a photo is tried three times.
_FORGOTTEN = const(3)


def start():
    """Count this start and its cause; return the updated counters."""
    counts = _fresh()
    from firmware.health import counters

    kept = counters.read() or {}
    # Another version may have saved values that this one cannot use.
    kinds = {name: type(counts[name]) if name in counts else (int, str) for name in kept}
    counts.update({name: kept[name] for name in kept if isinstance(kept[name], kinds[name])})
    cause = counts.pop("why", None) or _CAUSES.get(machine.reset_cause(), "unknown")
    counts["cause"] = cause
    counts["boots"] += 1
    if counts["seq"]:
        counts["seq"] += _FORGOTTEN
    if cause not in ("deepsleep", "usb"):
        counts["reboots"][cause] = counts["reboots"].get(cause, 0) + 1
    _go_on(counts)
    weight = 1 if cause == "hard" else _CRASH
    if cause not in _WANTED:
        counts["quick"] += weight
    if cause in ("hard", "crash", "watchdog"):
        photos = weight * _PHOTOS // _CRASH
        counts["crashed"] = max(counts.get("crashed", 0), counts["stored"]) + photos
    from firmware.health import counters

    counters.keep(counts)
    if cause == "soft":
        from firmware.start import prompt

        prompt.feed_watchdog()
    return counts


def _fresh():
    """Return the counters of a new board."""
    # Not from a tuple of names: its texts, the keys for ever, would take 64 bytes each.
    return {
        "boots": 0,
        "cycle": 0,
        "known_cycle": 0,
        "cycle_s": 0,
        "powered_s": 0,
        "quick": 0,
        "seq": 0,
        "seq_end": 0,
        "due": 0,
        "day": 0,
        "requests": 0,
        "sent_kb": 0,
        "taken": 0,
        "stored": 0,
        "damaged": 0,
        "refused": 0,
        "thinned": 0,
        "missed": 0,
        "lost": 0,
        "written_kb": 0,
        "reboots": {},
    }


def _go_on(counts):
    """Continue the power cycle of the previous start, or begin a new one.

    A power cycle begins at power-on. Photos without a date have its number and the seconds since
    it began. If the clock went back, a new cycle has begun, whatever the reason. So it has if the
    previous start set the clock but ended before it could save that: such a clock says nothing
    about this power cycle.
    """
    powered_s = clock.now() - counts["cycle_s"]
    is_kept = clock.is_set() == clock.is_credible(counts["cycle_s"])
    if not counts["cycle"] or powered_s <= counts["powered_s"] or not is_kept:
        counts["cycle"] = counts["boots"]
        counts["cycle_s"] = clock.now()
        powered_s = 0
        _write(counts)
    counts["powered_s"] = powered_s


def _write(counts):
    # Two power cycles must never have the same number, even after a power cut erases RTC memory.
    try:
        from firmware.health import counters

        counters.write(counts)
    except OSError as e:
        log("E counters not kept", why=e)


def is_crash_loop(counts, more=0):
    """Return whether the firmware restarts so often and so soon that safe mode is better.

    With `more` crashes beyond that limit, safe mode itself is what crashes.
    """
    return counts["quick"] > _CRASH_LOOP + more * _CRASH


def retry(counts):
    """Let the next start try again; after one more crash the board is back in safe mode."""
    counts["quick"] = _CRASH_LOOP
    from firmware.health import counters

    counters.keep(counts)


def last_resort():
    """Return a function that restarts the board and needs no memory."""
    return machine.reset
