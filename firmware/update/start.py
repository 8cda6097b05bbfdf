"""What a start has to do about updates; loaded once for each."""

import os


def clear():
    """Undo what a trial has left that is over: called before the Wi-Fi is joined.

    Returns whether this start is on trial.
    """
    from firmware.start import slot_state

    if slot_state.read()[0]:
        return True
    from firmware.credentials import read

    if read.has("wifi_before"):
        from firmware.update import seal

        seal.undo()
    return False


def add(app):
    """Add to app.tasks the trial of this slot, or the release whose download was interrupted.

    A slot that is not on trial and has not worked yet has to prove itself, too: otherwise nothing
    would ever go back to it.
    """
    from firmware.start import slot_state

    left, has_worked, _, _ = slot_state.read()
    if left or not has_worked:
        app.tasks["trial"] = 0
        return
    app.counters.pop("trial", None)
    app.counters.pop("trial_since", None)
    # As longer texts, because MicroPython keeps each short one for ever.
    for path in ("/update/release", "/update/release.new"):
        try:
            os.stat(path)
            app.tasks["update"] = 0
        except OSError:
            pass  # there is none
