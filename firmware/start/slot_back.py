"""Go back to the slot that has worked when this one crashes too often; loaded only then."""

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RESTARTS = const(4)  # see slot_state.py


def back(counters):
    """Restart with the other slot if that has worked and this one is not on trial.

    boot.py counts the starts of a trial, and earlier crashes are not those of its files.
    """
    try:
        from firmware.start import slot_switch

        if not slot_switch.has_other():
            return
        slot_switch.go_back(_RESTARTS)
    except OSError as e:
        log("E boot cannot go back", why=e)
        return
    counters["quick"] = counters["crashed"] = 0
    from firmware.start import restart

    restart.reset(counters, "update")
