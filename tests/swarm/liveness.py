"""Liveness: whenever the world has been well for long enough, photos are stored again.

No hand may be needed. How long is enough follows from the documented bounds: a request that
needs a person is tried once an hour, safe mode and a low battery last an hour, and after that the
next photo that is due has to be stored.
"""

from typing import TYPE_CHECKING

from swarm.engine import SECOND
from swarm.ledger import BrokenError

if TYPE_CHECKING:
    from swarm.world import World

#: The pause after a refusal that needs a person, or safe mode, or the sleep of a low battery.
_HOUR_S = 3600
#: Joining, setting the clock, the first handshakes, live photos before waiting ones.
_SETTLING_S = 1200
_SETTLED_US = 600 * SECOND
_LAST_SHOTS = 8
_FEWEST_DUE = 3
_FIRST_LOOK_S = 240
_LONGEST_S = 6 * 86400


class Liveness:
    """Watches for the time since the world is well, and ends the history when all is done.

    `bound_s` is the longest time without a stored photo in a good world, `longest_s` the longest
    that was seen.
    """

    def __init__(self, world: "World"):
        self._world = world
        self.bound_s = 2 * _HOUR_S + _SETTLING_S + 3 * world.setting.shot_s
        self._trial_s = 0
        if world.history.world.get("updates"):
            # A trial lasts an hour, or three starts after an hour.
            self._trial_s = 2 * _HOUR_S
            self.bound_s += self._trial_s + 3 * world.setting.shot_s
        self._well_us: int | None = None
        self._changed_us = self._stored_us = 0
        self._deadline_us = 0
        self._is_watched = False
        self._last = _LAST_SHOTS
        self._waiting: set[str] = set()
        self.longest_s = 0.0
        self.is_over = False
        self.changed()

    def changed(self) -> None:
        """The world may have become well or ill: begin to count anew."""
        world, engine = self._world, self._world.engine
        self._well_us = engine.now_us if world.is_well() else None
        self._changed_us = engine.now_us
        self._deadline_us = engine.now_us + int(self.bound_s * SECOND)
        if engine.now_us < world.off_until_us:
            engine.at(world.off_until_us, self.changed)
        self._watch()

    def is_settled(self) -> bool:
        """Return whether the world is well, and photos have been stored for a while since."""
        return self._well_us is not None and self._stored_us > self._changed_us + _SETTLED_US

    def _watch(self) -> None:
        if not self._is_watched:
            self._is_watched = True
            self._world.engine.at(self._deadline_us, self._look, is_hard=True)

    def _look(self) -> None:
        now_us = self._world.engine.now_us
        self._is_watched = False
        if self.is_over or self._well_us is None:
            return
        if now_us >= self._deadline_us:
            if not self._is_excused():
                self._complain(now_us)
            if now_us > (self._world.history.span_s + _LONGEST_S) * SECOND:
                self._finish()
                return
            self._deadline_us = now_us + _HOUR_S * SECOND
        self._watch()

    def _complain(self, now_us: int) -> None:
        well_s = (now_us - (self._well_us or 0)) / SECOND
        raise BrokenError("liveness", f"nothing was stored for {well_s:.0f} s of a good world")

    def _is_excused(self) -> bool:
        world = self._world
        now_s = int(world.engine.utc())
        if world.is_capped():
            return True
        # There must have been photos to store in the last hours. A trial that began at night is
        # counted from the first photo of the day, and a camera oversleeps by its oscillator.
        since_s = now_s - int(self.bound_s) // 2
        until_s = now_s - self._trial_s - world.chip.most_overslept_s
        return world.setting.due_between(since_s, until_s) < _FEWEST_DUE

    def stored(self) -> None:
        """A photo was stored."""
        world, now_us = self._world, self._world.engine.now_us
        self._stored_us = now_us
        if self._well_us is not None:
            if not world.setting.has_schedule and "cap" not in world.history.config:
                self.longest_s = max(self.longest_s, (now_us - self._well_us) / SECOND)
            self._well_us = now_us
            self._deadline_us = now_us + int(self.bound_s * SECOND)
            self._watch()
        if world.engine.now_s > world.history.span_s and world.is_well():
            self._last -= 1
            if self._last == 0:
                self._waiting = world.waiting()
                self._watch_spool(_FIRST_LOOK_S)

    def _watch_spool(self, step_s: int) -> None:
        # Photos that wait have to leave the spool, within the same bound.
        waiting = self._waiting & self._world.waiting() if self._waiting else set()
        now_us = self._world.engine.now_us
        if len(waiting) < len(self._waiting) or not self._waiting or self._is_excused():
            self._finish()
        elif step_s > self.bound_s:
            raise BrokenError("drain", f"{len(waiting)} photos wait for ever in a good world")
        else:
            again = lambda: self._watch_spool(step_s * 2)  # noqa: E731
            self._world.engine.at(now_us + step_s * SECOND, again, is_hard=True)

    def _finish(self) -> None:
        self.is_over = True
        self._world.end("over")
