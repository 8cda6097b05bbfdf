"""Log one line per event to the serial console: `level subsystem event key=value ...`.

I s3 stored key=cam1/2026/11/23/101500-000042.jpg bytes=81234 ms=2140
"""

from firmware import clock

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_RECENT = const(4)
_RECENT_CHARACTERS = const(90)

#: The last warnings and errors for the health report: (UTC seconds since 1970, line).
recent = []


def _word(value):
    if isinstance(value, OSError):
        # Most people do not know what an errno means.
        from https import words

        value = words.explain(value)
    text = str(value).replace("\n", " ")
    return '"' + text.replace('"', "'") + '"' if " " in text or not text else text


def log(event, **values):
    """Print one event: level, subsystem and what happened, as in "I wifi joined".

    Levels are D (details), I (fine), W (handled) and E (a photo is lost or late). The event is
    one string because MicroPython interns every short string and keeps it in RAM forever.
    """
    for name in values:
        event += f" {name}={_word(values[name])}"
    print(event)
    if event[0] in "WE":
        recent.append((clock.now(), event[:_RECENT_CHARACTERS]))
        del recent[:-_RECENT]
