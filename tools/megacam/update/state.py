"""What becomes of a camera's update, in words: from its report and from what is offered to it."""

import dataclasses

from megacam.update.manifest import is_chosen
from megacam.update.store import Offer
from megacam.update.watch import Sample


@dataclasses.dataclass(frozen=True)
class State:
    """One camera: `kind` is done, same (it waits) or bad; `offered` is a counter, or None."""

    device: str
    kind: str
    text: str
    version: str
    slot: str
    release: int | None
    offered: int | None


def of(device: str, now: Sample, offer: Offer | None, at: int) -> State:
    """Return the state of a camera at `at`, UTC seconds since 1970."""
    counter = offer.manifest.counter if offer and offer.manifest else None
    # A refusal outlives its release: nothing is offered any more, or what runs has expired since.
    is_over = not offer or (counter is not None and counter == now.release)
    reported = _reported(dataclasses.replace(now, refused="") if is_over else now)
    kind, text = reported or _offered(device, now, offer, at)
    return State(device, kind, text, now.version, now.slot, now.release, counter)


def _reported(now: Sample) -> tuple[str, str] | None:
    if now.back:
        return "bad", f"went back: {now.back}"
    if now.refused:
        return "bad", f"refused: {now.refused}"
    if now.trial:
        return "same", "on trial"
    if len(now.fetching) == 2:
        done, total = now.fetching
        return "same", f"fetching, {done} of {total} files are there"
    return None


def _offered(device: str, now: Sample, offer: Offer | None, at: int) -> tuple[str, str]:
    if now.release is None:
        return "same", "reports nothing about updates"
    if not offer and now.refused:
        return "done", f"nothing is offered any more; it refused the last: {now.refused}"
    if not offer:
        return "done", "nothing is offered"
    if not offer.manifest:
        return "bad", "what is offered was not signed by a key of yours"
    found = offer.manifest
    if found.counter < now.release:
        return "bad", f"is offered release {found.counter}, which is older: who put it there?"
    if found.counter == now.release:
        expired = "; its release has expired: push it anew before another board takes it"
        return "done", "up to date" + (expired if at >= found.expires else "")
    if at >= found.expires:
        return "bad", "did not take the release before it expired"
    if not is_chosen(device, found.counter, found.percent):
        return "same", f"waits: not among the first {found.percent} %"
    return "same", "has not looked yet"
