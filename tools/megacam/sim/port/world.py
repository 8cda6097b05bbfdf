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
    _pipe.write(json.dumps([name, time.monotonic_us(), args]) + "\n")
    answer = json.loads(_pipe.readline())
    if answer[0]:
        raise (RuntimeError if "Unknown" in str(answer[1]) else OSError)(*answer[1])
    return answer[1]
