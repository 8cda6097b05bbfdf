"""Marks between which the host counts instructions; it answers each mark with a line."""

import json
import sys


def job():
    """Return the job that the host passes to the program."""
    return json.loads(sys.stdin.readline())


def mark(name):
    """Have the host count the instructions from here on under `name`."""
    print('{"mark": "' + name + '"}')
    sys.stdin.readline()


def begin():
    """Have the host measure the cost of a mark itself."""
    mark("nothing")
    mark("")
