"""`megacam cloud site`: who may look at the private site, and what it shows."""

import dataclasses
import time
from datetime import datetime, timezone
from typing import Annotated

import typer

from megacam.aws import Aws
from megacam.cloud import bucket as bucket_parts
from megacam.cloud.site import find as finding
from megacam.cloud.site import report as reports
from megacam.cloud.site import store as stores
from megacam.commands import extras, options, times
from megacam.console import MisuseError, Terminal
from megacam.site import links
from megacam.words import count

_DAYS = 90
_PUBLISHED_DAYS = 31

NewLink = Annotated[bool, typer.Option("--link", help="Make a new link, and print it once")]
Name = Annotated[str, typer.Option(help="With --link: whom it is for, to tell links apart")]
Cameras = Annotated[
    list[str] | None,
    typer.Option(
        "--device", "-d", help="With --link: show only this camera (repeatable; default: all)"
    ),
]
Days = Annotated[
    int | None,
    typer.Option(help="With --link: days until it ends (90); with --publish: days to show (31)"),
]
Revoke = Annotated[
    str, typer.Option(help="Revoke a link by its id or name, or `all` of them", metavar="LINK")
]
Publish = Annotated[
    bool, typer.Option("--publish", help="Write the pages and the days without a digest anew")
]


def site_command(
    link: NewLink = False,
    name: Name = "",
    devices: Cameras = None,
    days: Days = None,
    revoke: Revoke = "",
    publish: Publish = False,
    zone: times.Zone = None,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Show, make and revoke links to the private site.

    With --publish, what it needs of days without a digest is stored.
    """
    if link + bool(revoke) + publish > 1:
        raise MisuseError("choose one of --link, --revoke and --publish")
    extras.load("megacam.site.publish", "site", "awscrt")
    place = options.place(bucket, None, region, config)
    aws, terminal = options.owner(place, profile), Terminal(as_json)
    where = place.need_bucket()
    if link:
        _link(terminal, aws, where, name, tuple(devices or ()), days or _DAYS)
    elif revoke:
        _revoke(terminal, aws, where, revoke)
    elif publish:
        _publish(terminal, aws, where, days or _PUBLISHED_DAYS, zone)
    else:
        _show(terminal, aws, where)


def _link(
    terminal: Terminal, aws: Aws, bucket: str, name: str, cameras: tuple[str, ...], days: int
) -> None:
    site = finding.need(aws, bucket)
    shown = finding.shown(bucket_parts.policy(aws, bucket))
    strange = [one for one in cameras if one not in shown]
    if strange:
        raise MisuseError(
            f"the site does not show {strange[0]}; it shows {', '.join(shown) or 'no camera'}: "
            f"`megacam cloud create --site --device {strange[0]}` adds it"
        )
    made = links.new(name, cameras, days, time.time())
    finding.store_of(aws, site).add(made)
    address = made.url(site.domain)
    terminal.data({"id": made.id, "url": address, "until": made.until})
    terminal.mark("done", f"a link to {', '.join(cameras or shown)} until {_date(made.until)}:")
    terminal.command(address)
    terminal.mark("warn", "whoever has this link sees the photos; it is not shown again")
    terminal.mark("next", f"revoke it: `megacam cloud site --revoke {made.id}`")


def _revoke(terminal: Terminal, aws: Aws, bucket: str, word: str) -> None:
    store = finding.store_of(aws, finding.need(aws, bucket))
    gone = stores.chosen(store.read(), word)
    store.revoke(gone)
    terminal.data([one.id for one in gone])
    names = ", ".join(f"{one.id} ({one.name})" if one.name else one.id for one in gone)
    terminal.mark("done", f"revoked {names}; CloudFront's servers refuse it within seconds")


def _publish(terminal: Terminal, aws: Aws, bucket: str, days: int, zone: str | None) -> None:
    publish = extras.load("megacam.site.publish", "site", "awscrt")
    local = extras.load("megacam.gallery.state", "site").zone_named(zone)
    finding.need(aws, bucket)
    shown = finding.shown(bucket_parts.policy(aws, bucket))
    start, end = publish.span(days, datetime.now(timezone.utc), local)
    with terminal.working("reading the photos' names"):
        made = publish.publish(aws, bucket, shown, start, end, local)
    terminal.data(dataclasses.asdict(made))
    terminal.mark("done", str(made))


def _show(terminal: Terminal, aws: Aws, bucket: str) -> None:
    finding.need(aws, bucket)
    with terminal.working("asking the site from outside"):
        found = reports.report(aws, bucket, bucket_parts.policy(aws, bucket))
    terminal.data(dataclasses.asdict(found) if found else None)
    if found:
        print_report(terminal, found)


def print_report(terminal: Terminal, found: reports.Report) -> None:
    """Print the site's address, the proof from outside, and its links."""
    terminal.heading(f"site {found.address}")
    if not found.deployed or not found.enabled:
        state = "is being rolled out to CloudFront's servers" if found.enabled else "is off"
        terminal.mark("warn", f"it {state}; look again in some minutes")
    width = max((len(one.text) for one in found.trials), default=0)
    for one in found.trials:
        terminal.mark("done" if one.right else "bad", one.text.ljust(width), one.found)
    if not found.private:
        terminal.mark("next", "the site is not as it must be: `megacam cloud create --site`")
    if not found.links:
        terminal.mark("next", "nobody has a link: `megacam cloud site --link --name NAME`")
        return
    rows = [
        (one.id, one.name or "-", ", ".join(one.cameras or found.cameras), _date(one.until))
        for one in found.links
    ]
    terminal.table(("link", "for", "shows", "until"), rows)
    if found.revoked:
        terminal.line(f"{count(found.revoked, 'link')} revoked", "dim")


def _date(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, timezone.utc):%Y-%m-%d}"
