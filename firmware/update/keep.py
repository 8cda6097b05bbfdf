"""Keep a slot that has proved itself; loaded only at the end of a trial, see trial.py."""

import os

from firmware import slot
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_PROVED = const(1 << 29)  # as in trial.py


def keep(app):
    """Keep the slot if it has proved itself and return True; a health report has been put."""
    if app.counters.get("trial") != (-_PROVED if slot == "/b" else _PROVED):
        return False
    _renew_keys(app, slot + "/release")
    _forget_wifi()
    from firmware.start import slot_state

    was_on_trial = slot_state.read()[0]
    slot_state = None
    from firmware.start import slot_confirm

    slot_confirm.confirm()
    app.counters.pop("trial")
    app.counters["quick"] = app.counters["crashed"] = 0  # of the files before
    app.tasks.pop("trial", None)
    log("I update kept", slot=slot)
    from firmware.settings import config

    if was_on_trial and not config.section("watchdog"):
        # Only a restart stops boot.py's, which nothing would feed after a soft reset.
        from firmware.start import restart

        restart.reset(app.counters, "update")
    return True


def _forget_wifi():
    from firmware.credentials import read

    if read.has("wifi_before"):
        read = None
        from firmware import credentials

        credentials.erase("wifi_before")


def _renew_keys(app, path):
    try:
        os.stat(path)
        from firmware.start import slot_state

        release = slot_state.read()[2]
        slot_state = None
        from firmware.update import judge

        found = judge.read(app, path)
        judge = None
    except (OSError, ValueError):
        return  # the slot was deployed by cable
    if found["counter"] == release and (found["signer"] or "next-key" in found):
        from firmware.update import renew

        renew.renew(found)
