"""Sign releases and offer them: a push, its widening, its halt.

rollout = Rollout(updates, folder, now)
entry = rollout.push({"cam1": content}, samples, sign, Order(percent=10))
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from megacam.cloud import retention
from megacam.errors import MegacamError
from megacam.update import pending, seal, verify
from megacam.update.content import Content
from megacam.update.keys import KeyFolder
from megacam.update.ledger import Entry, Ledger
from megacam.update.manifest import Manifest, is_chosen
from megacam.update.signers import Sign
from megacam.update.store import Offer, Updates
from megacam.update.verify import Board
from megacam.update.watch import Sample

_DAY_S = 86_400
#: So many days a release is offered; the bucket deletes its files after DAYS_MOST.
DAYS, DAYS_MOST = 30, retention.UPDATES_DAYS
# The owner's clock may be ahead of the cameras'.
_BEFORE_S = 3600
_COUNTERS = 1000


@dataclasses.dataclass(frozen=True)
class Order:
    """How a release goes out. `days`: {camera: how long it is offered}, DAYS for all others.

    `next_key`: the modulus that becomes the cameras' next key, b"" for no change. `networks`: the
    NVS entry "wifi" to seal, or None. `whole`: settings say all, and are not a camera's own with
    changes. `replace`: also what a camera has not taken yet.
    """

    percent: int = 100
    days: Mapping[str, int] = dataclasses.field(default_factory=dict)
    counter_least: int = 1
    next_key: bytes = b""
    networks: list[dict[str, Any]] | None = dataclasses.field(default=None, repr=False)
    whole: bool = True
    replace: bool = False


class Rollout:
    """The releases of one owner in one bucket at `now`, UTC seconds since 1970.

    `say` gets a line for each camera. Methods raise MegacamError.
    """

    def __init__(
        self,
        updates: Updates,
        folder: KeyFolder,
        now: int,
        say: Callable[[str], None] = lambda text: None,
    ):
        self._updates = updates
        self._folder = folder
        self._ledger = Ledger(folder)
        self._now = now
        self._say = say

    def push(
        self,
        contents: Mapping[str, Content],
        samples: Mapping[str, Sample],
        sign: Sign,
        order: Order,
    ) -> Entry:
        """Offer each camera its content under one new counter; return what the ledger has of it.

        Nothing is stored before all of it is signed and checked as the cameras would. Raises
        MegacamError if a camera would lose what it has not taken yet, unless it is to be replaced.
        """
        offers = {device: self._updates.offer(device) for device in contents}
        if not order.replace:
            self._check_pending(offers, contents, samples, order)
        least = max(order.counter_least, 1 + _highest(offers), 1 + self._ledger.highest())
        counter = self._ledger.take(_first(least, contents, order.percent))
        releases: dict[str, bytes] = {}
        for device, content in contents.items():
            manifest = self._manifest(content, device, counter, order)
            verify.check_files(manifest, content.objects.get)
            releases[device] = self._signed(manifest, device, sign)
        bucket, now = self._updates.bucket, self._now
        entry = Entry(counter, bucket, now, order.percent, dict(samples), widened=now)
        self._ledger.save(entry)
        for device, release in releases.items():
            self._say(f"storing release {counter} for {device} …")
            self._updates.put_files(device, contents[device].objects)
            self._updates.put_release(device, release, offers[device])
        return entry

    def _check_pending(
        self,
        offers: Mapping[str, Offer | None],
        contents: Mapping[str, Content],
        samples: Mapping[str, Sample],
        order: Order,
    ) -> None:
        losses: dict[str, tuple[int, list[str]]] = {}
        for device, new in contents.items():
            offer = offers[device]
            found = offer.manifest if offer else None
            if not found:
                continue
            entry = self._ledger.find(found.counter)
            before = entry.devices.get(device) if entry else None
            words = pending.lost(found, new, order.networks, order.next_key, order.whole)
            if words and pending.waits(found, samples[device], before, self._now):
                losses[device] = found.counter, words
        if losses:
            raise MegacamError(pending.sentence(losses))

    def _manifest(self, content: Content, device: str, counter: int, order: Order) -> Manifest:
        sealed = ""
        if order.networks is not None:
            sealed = seal.seal(order.networks, self._seal(device), device, counter)
        return content.manifest(
            counter=counter,
            devices=(device,),
            percent=order.percent,
            not_before=self._now - _BEFORE_S,
            expires=self._now + order.days.get(device, DAYS) * _DAY_S,
            next_key=order.next_key.hex(),
            wifi=sealed,
        )

    def _seal(self, device: str) -> bytes:
        found = self._folder.seal(device)
        if not found:
            raise MegacamError(
                f"{self._folder.path} has no seal of {device}, so nothing can be sealed to it; "
                "`megacam update key --provision` gives it one over the cable"
            )
        return found

    def _signed(self, manifest: Manifest, device: str, sign: Sign) -> bytes:
        """Return the release, checked as the camera would check it."""
        text = manifest.text()
        release = sign(text) + text
        board = Board(
            device,
            self._folder.moduli(),
            self._now,
            manifest.counter - 1,
            manifest.board,
            manifest.mpy,
            self._folder.seal(device),
        )
        with contextlib.suppress(verify.NotYetError):  # it is another camera's turn
            verify.check(release, board)
        return release

    def widen(self, entry: Entry, percent: int, sign: Sign) -> None:
        """Offer a release that is out to more cameras, under the same counter."""
        for device in entry.devices:
            offer = self._updates.offer(device)
            found = offer.manifest if offer else None
            if not found or found.counter != entry.counter:
                self._say(f"{device} is offered something else by now, which stays")
                continue
            wider = dataclasses.replace(found, percent=percent)
            self._updates.put_release(device, self._signed(wider, device, sign), offer)
        self._ledger.save(dataclasses.replace(entry, percent=percent, widened=self._now))

    def halt(self, entry: Entry) -> list[str]:
        """Offer a release to nobody any more; return the cameras from which it was withdrawn."""
        gone: list[str] = []
        for device in entry.devices:
            offer = self._updates.offer(device)
            # What none of our keys signed is nothing that a camera takes, and nothing to keep.
            if offer and (not offer.manifest or offer.manifest.counter == entry.counter):
                self._updates.withdraw(device)
                gone.append(device)
        self._ledger.save(dataclasses.replace(entry, halted=True))
        return gone


def _highest(offers: Mapping[str, Offer | None]) -> int:
    # Only what our keys signed counts: a thief of the bucket's key may write any number.
    signed = (offer.manifest for offer in offers.values() if offer)
    return max((manifest.counter for manifest in signed if manifest), default=0)


def _first(least: int, devices: Iterable[str], percent: int) -> int:
    """Return the first counter from `least` on that chooses somebody: of few, 10 % may be none."""
    names = list(devices)
    counters = range(least, least + _COUNTERS)
    return next((n for n in counters if any(is_chosen(one, n, percent) for one in names)), least)


def chosen(entry: Entry) -> list[str]:
    """Return the cameras of a release that are to take it at its present percentage."""
    return [name for name in entry.devices if is_chosen(name, entry.counter, entry.percent)]
