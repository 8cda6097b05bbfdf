"""What a camera that looks for motion between photos remembers; made at the start, if at all.

tasks/look.py works with it. Which photos go, and when:

* mark: all that are due. The highest score since the one before goes with each.
* gate: one at once when something moves, if that is an interval or more after the last one for
  this reason. Of those that are due, only the first after keepalive_min minutes without a photo,
  and all while the camera cannot see whether something moves, or after a photo failed. The score
  of the last look goes with each.
"""

from motion import Motion


class Lookout:
    """Times are uptimes in seconds; `at_s` is when tasks/look.py is next to be called.

    `score` goes with the next photo, and `told` went with the last one. `photo_s` is when that
    was, `moved_s` when the last one was taken at once, and `seen_s` when a frame last showed
    something.
    """

    score = told = at_s = 0
    is_looking = False  # the camera takes frames, not photos
    is_moved = False  # a photo is to be taken at once

    def __init__(self, section):
        self.motion = Motion(section["mask"], section["threshold"])
        self.is_gate = section["mode"] == "gate"
        self.look_s = section["look_s"]
        self.keepalive_s = section["keepalive_min"] * 60
        self.settle_ms = section["settle_ms"]
        self.discard = section["discard"]
        self.is_debug = section["debug"]
        self.photo_s = self.moved_s = self.seen_s = -self.keepalive_s
