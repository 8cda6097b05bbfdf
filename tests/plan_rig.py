"""Call firmware/shot/schedule.py and shot/day_plan.py on CPython and on MicroPython."""

import json
from pathlib import Path

from device import plan_cases

INTERPRETERS = ("CPython", "MicroPython")
_DEVICE = Path(__file__).parent / "device"


def asker(interpreter, micropython):
    """Return ask(questions) -> answers, both made of JSON types."""

    def ask(questions):
        text = json.dumps(questions)
        if interpreter == "CPython":
            return json.loads(json.dumps([plan_cases.answer(q) for q in json.loads(text)]))
        script = _DEVICE / "plan_cases.py"
        return json.loads(
            micropython(script, path=[_DEVICE], heap="64M", stdin=text + "\n", timeout_s=120)
        )

    return ask
