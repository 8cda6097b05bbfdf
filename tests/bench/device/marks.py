"""Points between which the host counts instructions; it answers each with a line."""

import json
import sys


def job():
    """Return what the host wants done."""
    return json.loads(sys.stdin.readline())


def mark(name):
    """Let what follows be counted under `name`."""
    print('{"mark": "' + name + '"}')
    sys.stdin.readline()


def begin():
    """Let the host learn what a mark itself costs."""
    mark("nothing")
    mark("")
