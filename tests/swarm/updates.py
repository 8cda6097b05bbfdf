"""The owner of a camera that takes updates: releases in the bucket, and what must come of them.

* The slot that the board's NVS names is always whole: one firmware, settings that can be read, the
  roots of one deploy.
* No release that has to be refused is ever switched to.
* A good release is taken and kept if nothing disturbs the camera, and only after a photo that it
  took is stored; a broken one goes away by itself, which liveness shows.
* NVS has what belongs there: entries.py.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from megacam.board import tree
from megacam.board.slots import Slots

from swarm import mutations, releases
from swarm.engine import SECOND
from swarm.entries import Entries
from swarm.ledger import BrokenError
from swarm.releases import Release

if TYPE_CHECKING:
    from swarm.world import World

_FIRST_COUNTER = 11
_TRIAL_BITS, _WORKED_BITS, _COUNTER_BIT = 14, 48, 6
_ALL_STARTS = 8  # of a trial that begins; boot.py begins one too, and then no slot has worked
_WRITES = 6000
_STARTS_OF_BROKEN = ("Traceback", "  File ", "ValueError: a broken release", "E boot cannot start")


class Updates:
    """Offers releases, and watches the board's entry `slot`, see firmware/start/slot_state.py."""

    def __init__(self, world: "World"):
        self._world = world
        self._counter = _FIRST_COUNTER
        self._offers: dict[int, Release] = {}
        self._whole: set[str] = set()
        #: The entry `slot` of NVS as it was last seen; `troubles` of the world at the last switch.
        self._state = 0
        self._switched_troubles = -1
        self._switched_us = 0
        #: The owner's present key in releases.KEYS, and the last release of theirs.
        self._signer = 0
        self._last: Release | None = None
        self._entries = Entries(world)
        self.is_wanted = bool(world.history.world.get("updates"))

    def furnish(self) -> None:
        """Provision the owner's keys."""
        if self.is_wanted:
            self._entries.furnish()
            self._world.chip.on_slot = self._committed
            self._whole.add(_firmware_of(self._world.setting.slot_files()))

    # The owner

    def offer(self, kind: str) -> None:
        """Put a release of `kind` into the bucket in the place of the one before."""
        world = self._world
        if kind == "next-key" and self._signer:
            kind = "good"  # the owner has no more keys
        counter = self._counter_of(kind)
        if not counter:
            return
        self._signer |= kind == "next-key"
        release = self._last = self._made(kind, counter)
        if not release.is_to_be_refused:
            self._offers[counter] = release
        prefix = f"{world.history.config['device']}/_update/"
        store = world.setting.store
        store.offered = {prefix + name: one for name, one in release.objects.items()}
        store.endless = {prefix + release.own: kind} if kind in releases.ENDLESS else {}
        if kind == "wifi":
            world.setting.add_network(releases.SEALED[kind][0])
        if kind in releases.BROKEN:
            world.liveness.changed()
        if release.is_good:
            self._expect(release)

    def _counter_of(self, kind: str) -> int:
        """Return the counter of the next release, 0 if the owner cannot make this kind now."""
        if kind == "older":
            held = self._state >> _COUNTER_BIT
            return held and max(held - 1, 1)
        if kind == "old-key" and not self._entries.is_promoted():
            return 0
        if kind == "widened" and self._last and self._last.kind == "not-yet":
            return self._last.counter
        self._counter += 1
        return self._counter - 1

    def _made(self, kind: str, counter: int) -> Release:
        world = self._world
        files: dict[str, bytes] = {}
        if kind in releases.SETTINGS:
            files = releases.settings_files(kind, world.setting.config)
        elif kind not in releases.SEALED:
            which = kind if kind in releases.FIRMWARE else "good"
            files = releases.firmware_files(mutations.firmware(world.mutation, which), counter)
            self._whole.add(_firmware_of(files))
        device = world.history.config["device"]
        now_s = int(world.engine.utc())
        return releases.release(kind, counter, device, now_s, files, self._signer)

    def _expect(self, release: Release) -> None:
        """Look later whether a good release has been taken, if nothing disturbs the camera."""
        world = self._world
        if "cap" in world.history.config or world.setting.has_schedule:
            return  # it may have to wait for days
        troubles, counter = world.troubles, self._counter
        report_s = world.setting.config["status_min"] * 60
        wait_s = world.liveness.bound_s + 10 * world.setting.shot_s + 3 * report_s

        def _look() -> None:
            is_calm = (world.troubles, self._counter) == (troubles, counter)
            is_kept = self._state >> _COUNTER_BIT == release.counter
            is_kept = is_kept and not self._state & _TRIAL_BITS
            if is_calm and world.is_untroubled() and not is_kept:
                raise BrokenError(
                    "not taken", f"release {release.counter} is good: slot {self._state:#x}"
                )

        if world.is_untroubled():
            world.engine.at(world.engine.now_us + int(wait_s * SECOND), _look, is_hard=True)

    # The board

    def may_hang(self) -> bool:
        """Return whether the watchdog may bite: a release on the board hangs."""
        return self._has("hangs")

    def is_excused(self, line: str) -> bool:
        """Return whether a line of the console is that of a broken release."""
        return line.startswith(_STARTS_OF_BROKEN) and any(
            self._has(kind) for kind in ("crash-import", "crash-photos")
        )

    def _has(self, kind: str) -> bool:
        return any(release.kind == kind for release in self._offers.values())

    @property
    def writes(self) -> int:
        """How many writes to the flash the releases may have cost."""
        return _WRITES * self._world.ledger.events["I update begins"]

    def _committed(self, state: int) -> None:
        """The board has committed entries of NVS; `state` is the number `slot`."""
        self._entries.check(self._offers.values())
        if state != self._state:
            self._moved(state)

    def _moved(self, state: int) -> None:
        before, self._state = self._state, state
        world = self._world
        world.note(f"slot: {before:#x} to {state:#x}")
        counter = state >> _COUNTER_BIT
        if counter != before >> _COUNTER_BIT:
            if counter not in self._offers or counter < before >> _COUNTER_BIT:
                raise BrokenError("refused release", f"the board has switched to {counter}")
            self._switched_troubles = world.troubles
            self._switched_us = world.engine.now_us
            world.liveness.changed()
        elif (state ^ before) & 1:
            # switch() takes new files for untried ones, go_back() those that have worked once.
            has_worked = state & 16 << (state & 1)
            if state & _TRIAL_BITS == _ALL_STARTS and state & _WORKED_BITS and not has_worked:
                raise BrokenError("refused release", f"again a trial, and still release {counter}")
            self._went_back(counter)
        elif not state & _TRIAL_BITS and before & _TRIAL_BITS | state & ~before & _WORKED_BITS:
            self._was_kept(counter)
        self.check_slot(world.board.read_flash())

    def _was_kept(self, counter: int) -> None:
        photos = self._world.ledger.photos.values()
        if not any(photo.key and photo.exposed_us > self._switched_us for photo in photos):
            raise BrokenError("kept", f"release {counter} is kept and has stored no photo")
        if counter in self._offers:
            self._entries.check_kept(self._offers[counter])

    def _went_back(self, counter: int) -> None:
        world = self._world
        self._switched_us = world.engine.now_us
        release = self._offers.get(counter)
        is_calm = world.troubles == self._switched_troubles and world.is_well()
        if release and release.is_good and is_calm:
            raise BrokenError("good release", f"the board went back from release {counter}")
        world.liveness.changed()

    def check_slot(self, files: Mapping[str, bytes]) -> None:
        """Check that the slot that runs at the next start is whole."""
        if not self.is_wanted:
            return
        slot = "ab"[self._state & 1] + "/"
        inside = {path[2:]: one for path, one in files.items() if path.startswith(slot)}
        if _firmware_of(inside) not in self._whole:
            names = sorted(path for path in inside if path.startswith(("firmware/", "lib/")))
            raise BrokenError("whole slot", f"/{slot} has no firmware that anybody made: {names}")
        try:
            json.loads(inside["config.json"])
        except (KeyError, ValueError) as e:
            raise BrokenError("whole slot", f"the settings of /{slot}: {e!r}") from None
        if "roots/swarm1.der" not in inside:
            raise BrokenError("whole slot", f"/{slot} has no roots")

    def settle(self, files: Mapping[str, bytes]) -> None:
        """Judge what is left at the end; `files` is the flash."""
        self.check_slot(files)
        if self.is_wanted and not self._state & _TRIAL_BITS:
            self._entries.check_at_rest()

    # The cable

    def placed(
        self, there: Mapping[str, bytes], files: Mapping[str, bytes], more: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """Return the flash after `megacam deploy` and `megacam deploy --keep` of `files`.

        `there` is the flash before. The files go into the slot that does not run, `more` beside
        the slots.
        """
        state = self._state
        worked = frozenset(letter for i, letter in enumerate("ab") if state & 16 << i)
        found = Slots("ab"[state & 1], state >> 1 & 7, worked, 0, state >> _COUNTER_BIT)
        slots = found.given_up().switched().kept()
        self._whole.add(_firmware_of(files))
        rest = {path: one for path, one in there.items() if path[:2] != slots.slot + "/"}
        self._state = slots.number
        self._switched_us = self._world.engine.now_us
        self._world.chip.write_slot(slots.number)
        return {**rest, **tree.placed(files, slots.slot), **more}


def _firmware_of(files: Mapping[str, bytes]) -> str:
    """Return a hash of all that is firmware in the files of a slot."""
    hashed = hashlib.sha256()
    for path, one in sorted(files.items()):
        if path.startswith(("firmware/", "lib/")):
            hashed.update(f"{path} {len(one)}\n".encode() + one)
    return hashed.hexdigest()
