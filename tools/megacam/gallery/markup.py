"""The HTML that the live gallery and the exported site share: grid, player, compare slider.

Pure functions. Device names, metadata and status lines are untrusted, so each of them is escaped
with `text()`.
"""

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from megacam.gallery import days
from megacam.gallery.days import Gap, Slot
from megacam.gallery.photos import Photo

GAP_WORDS = {
    days.OUTAGE: "no photos",
    days.PAUSE: "pause (the same hours were empty on the two days before)",
    days.THINNED: "thinned: fewer photos",
}

_KEYS = (
    ("← →", "previous, next photo; in a zoomed picture: move it"),
    ("space", "play, pause"),
    ("F", "full screen"),
    ("+ - 0", "zoom in, out, off; also the wheel, two fingers, a double click"),
    ("[ ]", "show more, less of the day on the time line"),
    ("M", "the next photo with motion"),
    ("S", "star, in the live gallery"),
    ("/", "search the labels, where there are some"),
    ("Page Up, Page Down", "on the time line: an hour back, forward; Home, End: to its ends"),
)

text = html.escape

STYLES = ("gallery.css", "player.css")
# In this order: each script uses the ones before it.
SCRIPTS = (
    "basics.js", "full.js", "zoom.js", "picture.js", "timeline.js", "favourites.js", "player.js",
)  # fmt: skip


@dataclass(frozen=True)
class Track:
    """A device's photos in the player.

    `source` + photo.name is the URL of a photo, `thumbs` + photo.name that of its thumbnail.
    `strips` are keograms for the background of the time line: (URL, start, end).
    """

    device: str
    source: str
    thumbs: str
    photos: Sequence[Photo]
    gaps: Sequence[Gap]
    moved: frozenset[str]
    starred: frozenset[str] = frozenset()
    strips: Sequence[tuple[str, datetime, datetime]] = ()


@dataclass(frozen=True)
class Span:
    """The span on show in UTC, and the time zone to show it in."""

    start: datetime
    end: datetime
    zone: tzinfo

    def clock(self, moment: datetime, form: str = "%H:%M:%S") -> str:
        """Return a moment as local time in the span's zone."""
        return moment.astimezone(self.zone).strftime(form)


def player(
    tracks: Sequence[Track],
    span: Span,
    at: datetime,
    links: Sequence[tuple[str, str]] = (),
    favourites: bool = False,
) -> str:
    """Return a <megacam-player>; `links` are (text, URL to which the photo's key is appended).

    `favourites`: show the star, for which a server must store favourites.
    """
    data = player_data(tracks, span, at, links, favourites)
    return f'<megacam-player data-photos="{_inert(data)}"></megacam-player>'


def player_data(
    tracks: Sequence[Track],
    span: Span,
    at: datetime,
    links: Sequence[tuple[str, str]] = (),
    favourites: bool = False,
) -> dict[str, object]:
    """Return what a player shows, as its script reads it from JSON; see player()."""
    steps = [days.interval_s(track.photos) for track in tracks if track.photos]
    return {
        "start": int(span.start.timestamp()),
        "end": int(span.end.timestamp()),
        "at": int(at.timestamp()),
        "step": max(1, round(max(steps, default=days.DEFAULT_INTERVAL_S))),
        "zone": days.offsets(span.start, span.end, span.zone),
        "links": list(links),
        "favourites": favourites,
        "tracks": [_track(track, span) for track in tracks],
    }


def every_photo(track: Track, span: Span, only_motion: bool) -> str:
    """Return a <megacam-photos>: every photo of a track, drawn only while in view."""
    data = {
        "zone": days.offsets(span.start, span.end, span.zone),
        "onlyMotion": only_motion,
        "track": _track(track, span),
    }
    return f'<megacam-photos data-photos="{_inert(data)}"></megacam-photos>'


def keys() -> str:
    """Return a collapsed list of the player's keys."""
    return f'<details class="keys"><summary>Keys</summary>{table(_KEYS)}</details>'


def grid(
    cells: Sequence[Slot],
    span: Span,
    thumb: Callable[[Photo], str],
    moved: frozenset[str],
    waits: bool = False,
) -> str:
    """Return the slots as one section per hour; hours that one gap fills become one line.

    Hours without photos or gaps are left out: those before the first photo and those to come.
    `waits`: a script loads the thumbnails that come near the screen.
    """
    hours: list[list[Slot]] = []
    for cell in cells:
        if not hours or (cell.start - hours[-1][0].start).total_seconds() >= 3600:
            hours.append([])
        hours[-1].append(cell)
    hours = [hour for hour in hours if any(cell.photos or cell.gap for cell in hour)]
    columns = max((len(hour) for hour in hours), default=1)
    parts: list[str] = []
    empty: list[Slot] = []
    for hour in [*hours, None]:
        if hour and _is_empty(hour) and (not empty or empty[-1].gap == hour[0].gap):
            empty += hour
            continue
        if empty:
            parts.append(_pause(empty, span))
        empty = hour if hour and _is_empty(hour) else []
        if hour and not empty:
            parts.append(_hour(hour, span, thumb, moved, waits))
    return (
        f'<megacam-hours class="hours" style="--columns:{columns}">{"".join(parts)}'
        "</megacam-hours>"
    )


def compare(first: tuple[str, str], second: tuple[str, str]) -> str:
    """Return a <megacam-compare> of two pictures, each (URL, description), the older one first."""
    (left, left_words), (right, right_words) = first, second
    return (
        "<megacam-compare>"
        f'<img class="below" src="{text(right)}" alt="{text(right_words)}" draggable="false">'
        f'<img class="above" src="{text(left)}" alt="{text(left_words)}" draggable="false">'
        f'<span class="tag left">{text(left_words)}</span>'
        f'<span class="tag right">{text(right_words)}</span>'
        '<span class="grip" aria-hidden="true">◂ ▸</span>'
        '<input type="range" min="0" max="100" value="50" '
        'aria-label="Where the older photo ends and the newer one begins, in percent">'
        "</megacam-compare>"
    )


def legend(tracks: Sequence[Track]) -> str:
    """Return the legend of the colors that the timeline of `tracks` uses."""
    kinds = {gap.kind for track in tracks for gap in track.gaps}
    names = {"": "photos", days.OUTAGE: "no photos", days.PAUSE: "pause", days.THINNED: "thinned"}
    shown = {kind: words for kind, words in names.items() if not kind or kind in kinds}
    shown |= {"motion": "motion"} if any(track.moved for track in tracks) else {}
    shown |= (
        {"star": "favourites"}
        if any(p.key in track.starred for track in tracks for p in track.photos)
        else {}
    )
    items = "".join(f'<span class="{kind}"><i></i>{words}</span>' for kind, words in shown.items())
    return f'<div class="legend">{items}</div>'


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and values as a table."""
    lines = (
        f"<tr><th scope=row>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in rows
    )
    return f'<table class="facts">{"".join(lines)}</table>'


def sparkline(values: Sequence[float], words: str) -> str:
    """Return a small line chart of `values`."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    scale = 22 / ((high - low) or 1)
    step = 120 / (len(values) - 1)
    points = " ".join(f"{i * step:.1f},{25 - (v - low) * scale:.1f}" for i, v in enumerate(values))
    return (
        f'<svg class="spark" viewBox="0 0 120 28" role="img" aria-label="{text(words)}">'
        f'<polyline points="{points}"/></svg>'
    )


def _inert(data: object) -> str:
    """Return `data` as JSON, escaped for an HTML attribute."""
    return text(json.dumps(data, separators=(",", ":")))


def _track(track: Track, span: Span) -> dict[str, object]:
    return {
        "device": track.device,
        "source": track.source,
        "thumbs": track.thumbs,
        "frames": [
            [
                int(photo.taken.timestamp()),
                photo.name,
                int(photo.key in track.moved),
                int(photo.key in track.starred),
            ]
            for photo in track.photos
        ],
        "gaps": [
            [int(gap.start.timestamp()), int(gap.end.timestamp()), gap.kind, _gap_words(gap, span)]
            for gap in track.gaps
        ],
        "strips": [
            [source, int(start.timestamp()), int(end.timestamp())]
            for source, start, end in track.strips
        ],
    }


def _is_empty(hour: Sequence[Slot]) -> bool:
    gap = hour[0].gap
    return gap is not None and all(cell.gap == gap for cell in hour)


def _hour(
    hour: Sequence[Slot],
    span: Span,
    thumb: Callable[[Photo], str],
    moved: frozenset[str],
    waits: bool,
) -> str:
    cells = "".join(
        _cell(cell.photos, span, thumb, moved, waits) if cell.photos else _hole(cell, span)
        for cell in hour
    )
    seen = any(photo.key in moved for cell in hour for photo in cell.photos)
    return (
        f'<section class="hour{"" if seen else " calm"}">'
        f'<h3>{span.clock(hour[0].start, "%H:%M")}</h3><div class="cells">{cells}</div></section>'
    )


def _cell(
    photos: Sequence[Photo],
    span: Span,
    thumb: Callable[[Photo], str],
    moved: frozenset[str],
    waits: bool,
) -> str:
    seen = [photo for photo in photos if photo.key in moved]
    photo = (seen or photos)[0]
    words = f"{photo.device} at {span.clock(photo.taken)}{', motion' if seen else ''}"
    source = text(thumb(photo))
    now = "" if waits else f'loading="lazy" src="{source}" '
    count = f'<span class="count">{len(photos)}</span>' if len(photos) > 1 else ""
    return (
        f'<a class="cell{" moved" if seen else ""}" href="#at-{int(photo.taken.timestamp())}" '
        f'title="{text(words)}"><img decoding="async" {now}data-retry="{source}" '
        f'alt="{text(words)}">'
        f'<span class="time">{span.clock(photo.taken, "%H:%M")}</span>{count}</a>'
    )


def _hole(cell: Slot, span: Span) -> str:
    kind = cell.gap.kind if cell.gap else "none"
    words = GAP_WORDS.get(kind, "no photo in these minutes")
    title = f"{span.clock(cell.start, '%H:%M')}: {words}"
    return (
        f'<span class="cell hole {kind}" role="img" aria-label="{title}" title="{title}"></span>'
    )


def _pause(cells: Sequence[Slot], span: Span) -> str:
    gap = cells[0].gap
    assert gap is not None
    whole = Gap(cells[0].start, cells[-1].end, gap.kind)
    return f'<section class="hour calm">{_gap_line(whole, span)}</section>'


def _gap_words(gap: Gap, span: Span) -> str:
    times = f"{span.clock(gap.start, '%H:%M')} to {span.clock(gap.end, '%H:%M')}"
    return f"{times}: {GAP_WORDS[gap.kind]} ({days.words(gap.seconds)})"


def _gap_line(gap: Gap, span: Span) -> str:
    return f'<p class="gap-line {gap.kind}">{text(_gap_words(gap, span))}</p>'
