"""One look at one camera: see it, decide, keep the state, send what is due.

    aim = Aim(bucket, senders, quiet)
    found = look(aim, "cam1", BucketBox(client, "my-photos", "cam1"), now)

The order keeps events safe: what is to be sent is saved in the state before it is sent, and
removed from it afterwards. So nothing is lost if the process ends in between, and of two watchers
one sends. hourly() is all of it for a Lambda.
"""

import dataclasses
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3

from megacam.alarms import outbox, rules, seen, senders, settings
from megacam.alarms.outbox import Quiet
from megacam.alarms.rules import Event, State
from megacam.alarms.seen import Seen
from megacam.alarms.senders import Message, Sender
from megacam.alarms.state import HOME_NAME, NAME, Box, BucketBox, ConflictError
from megacam.errors import MegacamError
from megacam.gallery import photos
from megacam.gallery.bucket import Bucket
from megacam.gallery.photos import Photo

# A photo from further ahead is one of a clock that is wrong: it would hide that no more arrive.
_AHEAD = timedelta(minutes=10)
_PAGE = 1000
# Sending ends after _SEND_S; a watcher that was killed meanwhile holds the outbox no longer.
_SEND_S = 60
_CLAIM_S = 180
_SETTLE_TRIES = 3
_TRIES = 2
_HOUR_S = 3600


@dataclasses.dataclass
class Aim:
    """Where to look, and to whom to tell it."""

    source: Bucket
    senders: Sequence[Sender] = ()
    quiet: Quiet | None = None
    link_hours: float = 24
    name: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def sender_names(self) -> list[str]:
        """The names of the senders."""
        return [sender.name for sender in self.senders]


@dataclasses.dataclass(frozen=True)
class Look:
    """What a look has found: `problems` {name: sentence}, and the `events` that are new.

    `faults` are sentences of senders that failed; their messages wait for the next look.
    """

    seen: Seen
    photo: Photo | None
    problems: dict[str, str]
    events: list[Event]
    faults: list[str]

    @property
    def is_known(self) -> bool:
        """Whether the camera has ever stored a photo or a report."""
        return bool(self.photo) or self.seen.reported is not None


def look(aim: Aim, device: str, box: Box, now: int) -> Look:
    """Look at one camera at `now`, UTC seconds since 1970, and tell what has changed.

    Without senders, give it a box that nobody shares: whoever saves an event first is the one that
    tells it. Raises BucketError or MegacamError if the bucket or the state cannot be read; then
    nothing is lost.
    """
    state, tag = box.load()
    photo = _newest(aim.source, device, photos.parse(state.get("photo") or ""), now)
    said = aim.source.status(device)
    facts = seen.see(device, said, int(photo.taken.timestamp()) if photo else None, now)
    events, new = rules.decide(facts, state, now)
    new = outbox.add(new, events, aim.sender_names, aim.quiet, now)
    if photo and new != state:
        new["photo"] = photo.key
    mine = _claim(new, aim, now)
    # A name that was mistyped must not become a folder of the bucket.
    is_known = bool(tag or photo) or facts.reported is not None
    if new != state and is_known:
        try:
            tag = box.save(new, tag)
        except ConflictError:
            return Look(facts, photo, rules.problems(facts, new, now), [], [])
    faults = _send(aim, box, new, tag, mine, link_to(aim, photo), now) if mine else []
    return Look(facts, photo, rules.problems(facts, new, now), events, faults)


def hourly(
    client: Any, name: str, devices: Sequence[str], text: str, now: int, version: str = ""
) -> list[Look]:
    """Look at `devices` of the bucket `name` with a boto3 S3 client, as a Lambda does each hour.

    `text` is that of an alarms.json; `version` is megacam's, for Home Assistant. Raises
    MegacamError if a look failed, but after all others.
    """
    found = settings.parse(text)
    source = Bucket(client, name, lambda: datetime.fromtimestamp(now, timezone.utc))

    def sns(region: str) -> Any:
        return boto3.client("sns", region_name=region, config=senders.SNS_CONFIG)

    aim = Aim(source, found.senders(sns), found.quiet, found.link_hours)
    kept = NAME if aim.senders else HOME_NAME
    looks: list[Look] = []
    failed: MegacamError | None = None
    for device in devices:
        try:
            looks.append(look(aim, device, BucketBox(client, name, device, kept), now))
        except MegacamError as error:
            failed = error
    if found.broker:
        # Only here: the module needs this one, and a package that others do not need.
        from megacam.alarms import mqtt

        fault = mqtt.tell(found.broker, aim, looks, version, now, _HOUR_S)
        faults = [fault] if fault else []
        looks = [dataclasses.replace(one, faults=one.faults + faults) for one in looks]
    if failed:
        raise failed
    return looks


def message(one: dict[str, Any], link: str = "") -> Message:
    """Return the message of an entry of the outbox."""
    return Message(
        outbox.identity(one), one["device"], one["kind"], one["time"], outbox.title(one),
        one["text"], link,
    )  # fmt: skip


def link_to(aim: Aim, photo: Photo | None) -> str:
    """Return a presigned URL of `photo` that ends after `link_hours`, or ""."""
    return aim.source.share(photo, timedelta(hours=aim.link_hours)).url if photo else ""


def send(
    work: Sequence[tuple[Sender, list[Message]]], limit_s: float = _SEND_S, pause_s: float = 1
) -> dict[tuple[str, str], str]:
    """Send messages; return {(id, name of the sender): "" or a sentence why it failed}.

    The senders work at the same time, and those that have not finished after `limit_s` count as
    failed: so none of them keeps another one waiting.
    """
    done: dict[tuple[str, str], str] = {}
    threads = [
        threading.Thread(target=_send_all, args=(*one, done, pause_s), daemon=True) for one in work
    ]
    for thread in threads:
        thread.start()
    ends_s = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0, ends_s - time.monotonic()))
    told = dict(done)
    wanted = [(one.id, sender.name) for sender, messages in work for one in messages]
    return {key: told.get(key, f"{key[1]}: no answer in {limit_s:g} s") for key in wanted}


def _send_all(
    sender: Sender, messages: list[Message], done: dict[tuple[str, str], str], pause_s: float
) -> None:
    for one in messages:
        for attempt in range(_TRIES):
            try:
                sender.send(one)
                done[one.id, sender.name] = ""
                break
            except MegacamError as error:
                if attempt + 1 == _TRIES or getattr(error, "is_final", True):
                    done[one.id, sender.name] = str(error)
                    break
                time.sleep(pause_s)


def _newest(source: Bucket, device: str, known: Photo | None, now: int) -> Photo | None:
    limit = datetime.fromtimestamp(now, timezone.utc) + _AHEAD
    # That of an earlier look saves nine requests.
    if known and known.device == device and known.taken < limit:
        newer = source.newer(known)
        if len(newer) < _PAGE:
            return next((one for one in reversed(newer) if one.taken < limit), known)
    return source.newest(device, limit)


def _claim(state: State, aim: Aim, now: int) -> list[dict[str, Any]]:
    """Return the messages that this watcher sends, and note in `state` that it does."""
    claim = state.get("claim")
    if claim and claim["by"] != aim.name and now < claim["until"] <= now + _CLAIM_S:
        return []
    mine = outbox.ready(state, aim.sender_names, aim.quiet, now)
    state["claim"] = {"by": aim.name, "until": now + _CLAIM_S} if mine else None
    return mine


def _send(
    aim: Aim, box: Box, state: State, tag: str, mine: list[dict[str, Any]], link: str, now: int
) -> list[str]:
    """Send `mine`, take what was sent out of the outbox, and return the faults."""
    work = [
        (sender, [message(one, link) for one in mine if sender.name in one["to"]])
        for sender in aim.senders
    ]
    results = send([(sender, messages) for sender, messages in work if messages])
    sent = {key for key, fault in results.items() if not fault}
    faults = {fault for fault in results.values() if fault}
    try:
        _settle(box, state, tag, sent, set(results) - sent, now)
    except MegacamError as error:
        # These messages come twice, which is better than never.
        faults.add(str(error))
    return sorted(faults)


def _settle(
    box: Box,
    state: State,
    tag: str,
    sent: set[tuple[str, str]],
    failed: set[tuple[str, str]],
    now: int,
) -> None:
    for _ in range(_SETTLE_TRIES):
        try:
            box.save({**outbox.settle(state, sent, failed, now), "claim": None}, tag)
            return
        except ConflictError:
            state, tag = box.load()
