"""What a start has to do about updates; loaded once for each."""

import os

from firmware.log import log


def clear():
    """Undo what a trial has left that is over: called before the Wi-Fi is joined.

    Returns whether this start is on trial.
    """
    from firmware.start import slot_state

    if slot_state.read()[0]:
        return True
    from firmware.credentials import read

    if read.has("wifi_old"):
        from firmware import credentials

        credentials.save("wifi", credentials.load("wifi_old"))
        credentials.erase("wifi_old")
        log("W wifi networks are the old ones again")
    return False


def add(app):
    """Add to app.tasks the trial of this slot, or the release whose download was interrupted."""
    from firmware.start import slot_state

    if slot_state.read()[0]:
        app.tasks["trial"] = 0
        return
    app.counters.pop("trial", None)
    there = os.listdir("/update") if "update" in os.listdir("/") else ()
    if "release" in there or "release.new" in there:
        app.tasks["update"] = 0
