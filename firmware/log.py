"""One line an event: `level subsystem event key=value ...`, on the serial console.

I s3 stored key=cam1/2026/11/23/101500-000042.jpg bytes=81234 ms=2140
"""


def _word(value):
    text = str(value)
    return '"' + text.replace('"', "'") + '"' if " " in text or not text else text


def log(level, subsystem, event, **values):
    """Print one event. `level` is I (fine), W (handled) or E (a photo is lost or late)."""
    line = f"{level} {subsystem} {event}"
    for name, value in values.items():
        line += f" {name}={_word(value)}"
    print(line)
