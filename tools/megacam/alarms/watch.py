"""Watch the cameras of a bucket: look at all of them every few minutes, until told to stop.

An outage of the network or the store is one line, and no alarm: what cannot be seen is not late.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Protocol

from megacam.alarms.look import Aim, Look, link_to, look
from megacam.alarms.state import Box
from megacam.errors import MegacamError
from megacam.gallery.photos import Photo


class Publisher(Protocol):
    """Something that is told of each look, such as mqtt.Publisher."""

    def publish(self, found: Look, link: str, now: int, expire_s: int) -> None:
        """Take what a look has found."""
        ...


@dataclasses.dataclass
class Watch:
    """Watches `devices`, or all of the bucket if that is empty, every `every_s` seconds.

    `box` returns where a camera's state is kept. `say` is called with each line to print: kind
    ("event", "fault" or "note") and text.
    """

    aim: Aim
    box: Callable[[str], Box]
    say: Callable[[str, str], None]
    devices: tuple[str, ...] = ()
    every_s: float = 300
    publisher: Publisher | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._boxes: dict[str, Box] = {}
        self._links: dict[str, tuple[str, str, datetime]] = {}
        self._fault = ""
        self._missing: set[str] = set()

    def run(self, stop: Flag) -> None:
        """Look again and again until `stop` is set."""
        while not stop.is_set():
            for _ in self.once():
                if stop.is_set():
                    return
            stop.wait(self.every_s)

    def once(self) -> Iterator[Look | None]:
        """Look at each camera once; yield what it finds, or None if the look failed."""
        try:
            devices = self.devices or tuple(self._all())
        except MegacamError as error:
            self._complain(str(error))
            yield None
            return
        for device in devices:
            yield self._look(device)

    def _all(self) -> list[str]:
        return [name for name in self.aim.source.devices() if not name.startswith("_")]

    def _look(self, device: str) -> Look | None:
        now = int(self.clock())
        box = self._boxes.setdefault(device, self.box(device))
        try:
            found = look(self.aim, device, box, now)
        except MegacamError as error:
            self._complain(str(error))
            return None
        if self._fault:
            self._fault = ""
            self.say("note", "the store answers again")
        if not found.is_known:
            self._warn(device)
        for event in found.events:
            self.say("event", f"{event.device} {event.text}")
        for fault in found.faults:
            self.say("fault", fault)
        if self.publisher and found.is_known:
            self.publisher.publish(found, self._link(found.photo), now, round(3 * self.every_s))
        return found

    def _link(self, photo: Photo | None) -> str:
        """Return a link to `photo`, the same until half of its time is over."""
        if not photo:
            return ""
        key, link, until = self._links.get(photo.device, ("", "", self.aim.source.now()))
        if key != photo.key or self.aim.source.now() >= until:
            link = link_to(self.aim, photo)
            until = self.aim.source.now() + timedelta(hours=self.aim.link_hours) / 2
            self._links[photo.device] = (photo.key, link, until)
        return link

    def _warn(self, device: str) -> None:
        """Say once that a camera which was named has stored nothing; it may start later."""
        if device not in self.devices or device in self._missing:
            return
        sentence = self.aim.source.missing(device)
        if sentence:
            self._missing.add(device)
            self.say("fault", sentence)

    def _complain(self, sentence: str) -> None:
        if sentence != self._fault:
            self._fault = sentence
            self.say("fault", sentence)
