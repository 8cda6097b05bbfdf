"""Everything of the board that is not on a photo's way is asked of the simulator, as JSON.

The stand-ins share the firmware's small heap, so they only ask; megacam.sim.world answers.
"""

import json
import sys

import time

_EXITS = {"reset": 75, "soft_reset": 76, "deepsleep": 77}


def ask(name, *args):
    """Return the simulator's answer to `name`(*args); raises what the port raises."""
    if name in _EXITS:
        sys.exit(_EXITS[name])  # the simulator starts the board again
    now_us = time.monotonic_us()
    _pipe.write(json.dumps([name, now_us, args]) + "\n")
    while True:
        # A Ctrl-C may have left an answer, or half of one, that nobody waits for any more.
        try:
            asked_us, failed, answer = json.loads(_pipe.readline())
        except ValueError:
            continue
        if asked_us == now_us:
            break
    if failed:
        raise (RuntimeError if "Unknown" in str(answer) else OSError)(*answer)
    return answer
