"""Task: find out whether a slot on trial has proved itself, see update/trial.py."""


def do(app):
    """Return the seconds until this task is due again."""
    from firmware.update import trial

    return trial.look(app)
