"""The member "update" of the health report; loaded only for that."""

import json

from firmware import slot

_WHY = (
    "",
    "three starts",
    "an hour without a stored photo",
    "it could not be started",
    "too many restarts",
    "no photo was due in eight days",
)
# One long string, because MicroPython keeps each short one for ever.
_TEXT = """
"update": {{
    "slot": "{}", "release": {}, "trial": {}, "back": {}, "refused": {}, "fetching": {}
}},"""


def text(app):
    """Return it as bytes of JSON; docs/unattended.md explains each entry."""
    from firmware.start import slot_state

    left, _, release, back = slot_state.read()
    slot_state = None
    from firmware.update import seen

    refused = seen.read()[2]
    seen = fetching = None
    if "update" in app.tasks:
        from firmware.update import turn

        fetching = turn.count() or None
    return _TEXT.format(
        slot[1:],
        release,
        json.dumps(left > 0),
        json.dumps(_WHY[back] or None),
        json.dumps(refused or None),
        json.dumps(fetching),
    ).encode()
