"""What updates may change in NVS besides the slot: the owner's keys and the Wi-Fi networks.

* The keys are the first two of the owner's, or after a release with a next key the second and the
  third.
* No network is there that nobody has provisioned or sealed to this camera. A sealed change that
  has not worked leaves nothing.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from swarm import releases
from swarm.ledger import BrokenError
from swarm.releases import KEYS, Release

if TYPE_CHECKING:
    from swarm.world import World

_NAMES = ("update_current", "update_next")


class Entries:
    """Watches the entries of a camera that takes updates."""

    def __init__(self, world: "World"):
        self._world = world

    def furnish(self) -> None:
        """Provision the owner's keys and the camera's seal."""
        chip = self._world.chip
        for name, key in zip(_NAMES, KEYS, strict=False):
            chip.provision(name, key.modulus)
        chip.provision("seal", releases.SEAL)

    def is_promoted(self) -> bool:
        """Return whether the camera has forgotten the owner's first key."""
        return self._keys() == (KEYS[1].modulus, KEYS[2].modulus)

    def _keys(self) -> tuple[bytes, ...]:
        return tuple(self._world.chip.content(name) for name in _NAMES)

    def _networks(self, name: str) -> set[str]:
        return {one["ssid"] for one in json.loads(self._world.chip.content(name) or b"[]")}

    def check(self, offers: Iterable[Release]) -> None:
        """Judge a commit; `offers` are the releases that the camera may take."""
        kinds = {release.kind for release in offers}
        first, second, third = (key.modulus for key in KEYS)
        allowed = {(first, second)}
        if "next-key" in kinds:  # one entry after the other
            allowed |= {(second, second), (second, third)}
        if self._keys() not in allowed:
            raise BrokenError("keys", "the board trusts other keys than its owner's")
        known = {one["ssid"] for one in self._world.setting.networks}
        known |= {one["ssid"] for kind in kinds for one in releases.SEALED.get(kind, ())}
        strange = self._networks("wifi") - known
        if strange:
            raise BrokenError("networks", f"nobody has given the board the networks {strange}")

    def check_kept(self, release: Release) -> None:
        """Judge the entries when a release has proved itself."""
        if release.kind == "next-key" and not self.is_promoted():
            raise BrokenError("keys", "the next key is not in use after its release was kept")
        if self._world.chip.content("wifi_before"):
            raise BrokenError("networks", "the old networks are kept for ever")
        for network in releases.SEALED.get(release.kind, ()):
            if network["ssid"] not in self._networks("wifi"):
                raise BrokenError("networks", f"{network['ssid']} is not in use after its release")

    def check_at_rest(self) -> None:
        """Judge the entries of a camera that is not on trial."""
        lost = {one["ssid"] for one in releases.SEALED["wifi-lost"]}
        if self._networks("wifi") & lost or self._world.chip.content("wifi_before"):
            raise BrokenError("networks", "the networks that did not work are still in use")
