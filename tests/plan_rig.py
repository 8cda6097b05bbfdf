"""Call firmware/shot/schedule.py and shot/day_plan.py on CPython and on MicroPython."""

import atexit
import functools
import json
import os
import subprocess
from pathlib import Path

from device import plan_cases
from megacam.sim import interpreter

INTERPRETERS = ("CPython", "MicroPython")
_DEVICE = Path(__file__).parent / "device"
_ROOT = _DEVICE.parents[1]


@functools.cache
def _micropython():
    """Start the interpreter that answers all questions of this run; it ends with its input."""
    path = [_DEVICE, _ROOT / "lib", _ROOT, ".frozen"]
    process = subprocess.Popen(
        interpreter.command(str(_DEVICE / "plan_cases.py"), heap="64M"),
        env={**os.environ, "MICROPYPATH": ":".join(map(str, path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    return process


def asker(name):
    """Return ask(questions) -> answers of the interpreter `name`, both made of JSON types."""

    def ask(questions):
        text = json.dumps(questions)
        if name == "CPython":
            return json.loads(json.dumps([plan_cases.answer(q) for q in json.loads(text)]))
        process = _micropython()
        process.stdin.write(text + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "MicroPython has ended; its traceback is on standard error"
        return json.loads(line)

    return ask
