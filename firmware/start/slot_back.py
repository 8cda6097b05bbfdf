"""Go back to the slot that has worked when this one restarts too often; loaded only then."""

from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RESTARTS = const(4)  # see slot_state.py


def back(counters):
    """Restart with the other slot if that has worked; else return True."""
    try:
        from firmware.start import slot_switch

        if not slot_switch.has_other():
            return True
        slot_switch.go_back(_RESTARTS)
    except OSError as e:
        log("E boot cannot go back", why=e)
        return True
    counters["quick"] = 0
    from firmware.start import restart

    restart.reset(counters, "update")
    return True
