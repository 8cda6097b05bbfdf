"""MicroPython's `os` for a run of the swarm: its entropy comes from the seed."""

from uos import *  # noqa: F403

import chip


def urandom(count):
    chip.ask(85, count)
    return chip.payload
