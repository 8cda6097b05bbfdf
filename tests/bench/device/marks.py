"""Points between which the host counts instructions; it answers each with a line."""

import sys


def mark(name):
    """Let what follows be counted under `name`."""
    print('{"mark": "' + name + '"}')
    sys.stdin.readline()


def begin():
    """Let the host learn what a mark itself costs."""
    mark("nothing")
    mark("")
