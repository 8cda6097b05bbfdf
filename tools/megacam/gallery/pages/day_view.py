"""What the page of a day shows, as its URL says, and the links to other days and views."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from megacam.gallery.markup import text
from megacam.gallery.state import page_url

DETAIL = ((1800, "every 30 min"), (300, "every 5 min"), (0, "every photo"))
# Four pictures side by side fill a wide screen; with five, they would be too small.
DEVICES_SHOWN = 4


@dataclass(frozen=True)
class View:
    """What the page shows, from the parameters of its URL; `label` is what it searches for."""

    devices: tuple[str, ...]
    day: date
    slot_s: int | None
    only_motion: bool = False
    label: str = ""

    def url(self, **changed: object) -> str:
        """Return the URL of this view with some parameters changed."""
        values: dict[str, object] = {
            "device": list(self.devices),
            "date": self.day,
            "slot": self.slot_s,
            "motion": "only" if self.only_motion else None,
            "label": self.label or None,
        }
        return page_url("day", **(values | changed))


def title(view: View, today: date) -> str:
    """Return the date between links to the days before and after; the player follows."""
    before = _link(view.url(date=view.day - timedelta(days=1)), "◀", "The day before")
    after = _link(view.url(date=view.day + timedelta(days=1)), "▶", "The day after")
    shown = after if view.day < today else ""
    return f'<div class="title">{before}<h1>{view.day:%A, %d %B %Y}</h1>{shown}</div>'


def _link(href: str, words: str, label: str) -> str:
    return f'<a class="tool" href="{text(href)}" aria-label="{label}" title="{label}">{words}</a>'


def device_links(view: View, known: Sequence[str]) -> str:
    """Return a link to each camera, and links that add or remove another one beside it."""
    chosen = view.devices
    alone = "".join(
        f'<a class="tool"{" aria-current=true" if chosen == (device,) else ""} '
        f'href="{text(view.url(device=[device]))}">{text(device)}</a>'
        for device in known
    )
    links = f'<nav class="choice" aria-label="Camera">{alone}</nav>'
    if len(known) < 2:
        return links
    beside = "".join(_beside(view, device) for device in known if device != chosen[0])
    return (
        f'{links}<nav class="choice beside" aria-label="Beside it"><span>beside it</span>{beside}'
        "</nav>"
    )


def _beside(view: View, device: str) -> str:
    shown = device in view.devices
    others = [other for other in view.devices if other != device]
    wanted = others if shown else [*others[: DEVICES_SHOWN - 1], device]
    label = text(f"remove {device}" if shown else f"show {device} beside it")
    sign = "&times;" if shown else "+"
    return (
        f'<a class="tool"{" aria-current=true" if shown else ""} '
        f'href="{text(view.url(device=wanted))}" title="{label}" aria-label="{label}">'
        f"{sign} {text(device)}</a>"
    )


def detail_links(view: View) -> str:
    """Return a link to each choice of how many photos the grid has."""
    links = "".join(
        f'<a class="tool"{" aria-current=true" if slot == view.slot_s else ""} '
        f'href="{text(view.url(slot=slot))}">{words}</a>'
        for slot, words in DETAIL
    )
    return f'<nav class="choice" aria-label="Photos in the grid">{links}</nav>'
