"""Answer questions about the schedule on MicroPython: JSON lines in, JSON lines out."""

import json
import sys

from firmware.shot import day_plan
from firmware.shot.schedule import next_shot


def answer(question):
    """Return what `question` asks for: [name of a function, arguments...]."""
    name, *args = question
    try:
        if name == "next_shot":
            return next_shot(*args)
        return getattr(day_plan, name)(*args)
    except day_plan.PlanError as e:
        return str(e)


def main():
    for line in sys.stdin:
        print(json.dumps([answer(question) for question in json.loads(line)]))


if __name__ == "__main__":
    main()
