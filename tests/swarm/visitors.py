"""Visitors: somebody comes by, which a PIR sensor or the camera itself has to see."""

from typing import TYPE_CHECKING

from swarm.engine import SECOND
from swarm.history import Fault
from swarm.ledger import BrokenError

if TYPE_CHECKING:
    from swarm.world import World

#: How long a visitor stays who has to be seen: no wait of the loop is longer.
_SHORTEST_S = 12
#: From the trigger to the photo: a start, joining, and one request that is going on.
_AT_ONCE_S = 120
#: While the level stays, a sleeping board looks once a minute whether it has gone.
_HELD_S = 90
#: Several looks, and the photo that is going on.
_LOOKS = 6


class Visitors:
    """Watches whether those who come are photographed, as long as nothing else happens.

    `is_here` tells whether somebody is in the picture now.
    """

    def __init__(self, world: "World"):
        self._world = world
        config = world.history.config
        self._trigger: dict[str, int] = config.get("trigger", {})
        motion = config.get("motion", {"mode": "off"})
        self._look_s = motion["look_s"] if motion["mode"] == "gate" else 0
        self._interval_s = config["interval_s"]
        # A camera that fails has other worries.
        kinds = {fault.kind for fault in world.history.faults}
        self._is_judging = not ({"camera", "camera-dead"} & kinds or "schedule" in config)
        self.is_here = False
        self.exposed_us = 0
        self._gone_us = -_HELD_S * SECOND
        self._chip_level(False)

    def _chip_level(self, is_on: bool) -> None:
        if self._trigger:
            level = self._trigger["level"]
            self._world.chip.level = level if is_on else 1 - level

    def furnish(self) -> None:
        """Tell the board the level of its pin."""
        self._world.board.note_pin(self._world.chip.level)

    def exposed(self) -> None:
        """Note that a photo was exposed."""
        self.exposed_us = self._world.engine.now_us

    def come(self, fault: Fault) -> None:
        """Somebody comes, and stays until the fault's end."""
        is_new = not self.is_here and self._world.engine.now_us > self._gone_us + _HELD_S * SECOND
        self._show(True)
        if not is_new:
            return  # nothing changes at the sensor, or nobody looks at it yet
        stays_s = fault.end_s - fault.start_s
        if not (self._is_judging and self._world.is_untroubled() and stays_s > _SHORTEST_S):
            return
        if self._is_triggered():
            self._expect(self._trigger["pause_s"] + _AT_ONCE_S)
        elif self._look_s and stays_s > (at_s := self._interval_s + _LOOKS * self._look_s + 60):
            self._expect(at_s)

    def go(self) -> None:
        """Nobody is there any more."""
        self._gone_us = self._world.engine.now_us
        self._show(False)

    def _show(self, is_here: bool) -> None:
        self.is_here = is_here
        self._chip_level(is_here)
        self.furnish()

    def _is_triggered(self) -> bool:
        # Within a pause nothing happens. A sleeping board must be asleep, one that works awake.
        if not self._trigger:
            return False
        since_s = (self._world.engine.now_us - self.exposed_us) / SECOND
        is_asleep = self._world.history.config["power"]["deep_sleep"]
        return since_s > self._trigger["pause_s"] + 2 and self._world.is_awake() != is_asleep

    def _expect(self, within_s: float) -> None:
        world, came_us = self._world, self._world.engine.now_us
        troubles = world.troubles

        def _look() -> None:
            if self.exposed_us < came_us and world.troubles == troubles:
                raise BrokenError("visitor", f"no photo within {within_s} s of one who came")

        world.engine.after(int(within_s * SECOND), _look)
