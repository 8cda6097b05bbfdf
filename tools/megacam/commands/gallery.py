"""`megacam gallery` with `export` and `share`, `megacam timelapse`: parse and print, no more."""

import functools
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.commands import extras, options, times
from megacam.console import MisuseError, Terminal
from megacam.errors import MegacamError
from megacam.gallery import photos
from megacam.gallery.bucket import CONFIG, Bucket
from megacam.words import count

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Every = Annotated[float, typer.Option(min=0, help="Keep one photo in this many seconds (0: all)")]


def make_app() -> typer.Typer:
    """Return `gallery` with its subcommands `export` and `share`."""
    app = typer.Typer(help="View the photos in a browser; export them as a static site.")
    app.callback(invoke_without_command=True)(gallery_command)
    app.command("export")(export_command)
    app.command("share")(share_command)
    return app


def gallery_command(
    context: typer.Context,
    bucket: options.Bucket = None,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one")
    ] = 8080,
    browser: Annotated[bool, typer.Option(help="Open the browser")] = True,
    zone: times.Zone = None,
    cache_mb: Annotated[int, typer.Option(min=1, help="Disk space for thumbnails")] = 512,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
) -> None:
    """View the photos in the bucket in a browser, with your own AWS credentials."""
    if context.invoked_subcommand:
        return
    where = options.place(bucket, None, region, config)
    terminal = Terminal()
    app = _installed("app")

    def ready(link: str) -> None:
        terminal.mark("next", "the gallery is open here, for anyone with this link:")
        terminal.command(link)
        if host not in _LOOPBACK:
            terminal.mark(
                "warn", f"{host} is not only this computer: others on the network can listen in"
            )
        terminal.line("  press Ctrl-C to stop", "dim")

    try:
        app.serve(
            where.aws(profile).client("s3", CONFIG),
            where.need_bucket(),
            host=host,
            port=port,
            open_browser=browser,
            timezone=zone,
            cache_bytes=cache_mb << 20,
            ready=ready,
        )
    except OSError as error:
        raise MegacamError(str(error)) from error


def export_command(
    folder: Annotated[Path, typer.Argument(help="Where to write the site")],
    device: Annotated[
        list[str] | None,
        typer.Option("--device", "-d", help="Camera (repeatable; default: device in config.json)"),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every camera in the bucket")] = False,
    favourites: Annotated[
        bool,
        typer.Option("--favourites", help="One page with the photos you starred in the gallery"),
    ] = False,
    start: times.From = None,
    end: times.To = None,
    width: Annotated[
        int | None, typer.Option(min=160, max=2592, help="Shrink photos to this width")
    ] = None,
    every: Every = 0,
    zone: times.Zone = None,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Export photos as a web site that needs no server."""
    terminal = Terminal(as_json)
    export = _installed("export")
    where = options.place(bucket, None, region, config)
    local = _installed("state").zone_named(zone)
    begin, finish = times.span(start, end, local, datetime.now(timezone.utc))
    shown = _bucket(where, profile)
    if favourites:
        starred = _starred(shown, device or (), start and begin, end and finish)
        write = functools.partial(export.export_favourites, shown, folder, starred)
    else:
        wanted = [] if everyone else device or _usual_cameras(shown, config)
        write = functools.partial(
            export.export, shown, folder, begin, finish, devices=wanted, every_s=every
        )
    with terminal.progress("photos") as advance:
        made = write(zone=local, width=width, progress=_counter(advance))
    terminal.data(
        {
            "folder": str(made.folder),
            "photos": made.photos,
            "skipped": made.skipped,
            "bytes": made.size_bytes,
        }
    )
    _skipped(terminal, made.skipped)
    size = f"{made.size_bytes / 1e6:,.1f} MB"
    terminal.mark("done", f"{count(made.photos, 'photo')}, {size}: {made.folder / 'index.html'}")


def share_command(
    key: Annotated[str, typer.Argument(help="The photo: CAMERA/2026/11/23/120000-000042.jpg")],
    hours: Annotated[float, typer.Option(min=0.1, max=168, help="How long the link lasts")] = 24,
    zone: times.Zone = None,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Print a link to one photo, valid for up to 7 days."""
    terminal = Terminal(as_json)
    local = _installed("state").zone_named(zone)
    photo = photos.parse(key)
    if photo is None:
        raise MisuseError(
            f"{key!r} is not the key of a photo; copy it from the photo's page, for "
            "example cam1/2026/11/23/120000-000042.jpg"
        )
    shown = _bucket(options.place(bucket, None, region, config), profile)
    shown.metadata(key)
    link = shown.share(photo, timedelta(hours=hours))
    terminal.data({"url": link.url, "ends": link.ends.isoformat()})
    terminal.mark("done", link.words(link.ends.astimezone(local)))
    terminal.command(link.url)


def timelapse_command(
    out: Annotated[
        Path | None, typer.Argument(help="File to write, .mp4 or .webp (default: CAMERA-DATE.mp4)")
    ] = None,
    device: options.Device = None,
    start: times.From = None,
    end: times.To = None,
    fps: Annotated[int, typer.Option(min=1, max=60, help="Photos per second")] = 24,
    width: Annotated[int, typer.Option(min=160, max=2592, help="Width in pixels")] = 1280,
    every: Every = 0,
    stamp: Annotated[bool, typer.Option(help="Print the time on every photo")] = True,
    zone: times.Zone = None,
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Make a time-lapse film from photos."""
    terminal = Terminal(as_json)
    timelapse = _installed("timelapse")
    where = options.place(bucket, device, region, config)
    name = where.need_device()
    local = _installed("state").zone_named(zone)
    begin, finish = times.span(start, end, local, datetime.now(timezone.utc))
    with terminal.progress("frames") as advance:
        made = timelapse.make(
            _bucket(where, profile),
            name,
            begin,
            finish,
            out or Path(timelapse.default_name(name, begin)),
            fps=fps,
            width=width,
            every_s=every,
            stamp=local if stamp else None,
            progress=_counter(advance),
        )
    _print_film(terminal, made)


def _print_film(terminal: Terminal, made: Any) -> None:
    terminal.data(
        {
            "path": str(made.path),
            "frames": made.frames,
            "skipped": made.skipped,
            "bytes": made.size_bytes,
        }
    )
    _skipped(terminal, made.skipped)
    size = f"{made.size_bytes / 1e6:,.1f} MB"
    terminal.mark(
        "done", f"{count(made.frames, 'photo')} in {made.seconds:.0f} s, {size}: {made.path}"
    )


def _installed(name: str) -> Any:
    return extras.load(f"megacam.gallery.{name}", "gallery")


def _bucket(where: options.Place, profile: str | None) -> Bucket:
    return Bucket(where.aws(profile).client("s3", CONFIG), where.need_bucket())


def _starred(
    bucket: Bucket, devices: Sequence[str], begin: Any, finish: Any
) -> list[photos.Photo]:
    """Return the favourites, of some devices and of a span where these are given."""
    folder = _installed("thumbnails").cache_folder()
    kept = _installed("favourites").Favourites(folder, bucket.endpoint, bucket.name).photos()
    return [
        photo
        for photo in kept
        if (not devices or photo.device in devices)
        and (not begin or photo.taken >= begin)
        and (not finish or photo.taken < finish)
    ]


def _usual_cameras(bucket: Bucket, config: Path) -> list[str]:
    """Return the camera of config.json, else the only one of the bucket; raises MisuseError."""
    named = options.place(None, os.environ.get("MEGACAM_DEVICE"), None, config).device
    found = [named] if named else bucket.devices()
    if len(found) > 1:
        raise MisuseError(
            f"which cameras? the bucket has {', '.join(found)}: add --device NAME (repeatable), "
            "or --all"
        )
    return found


def _counter(advance: Callable[..., None]) -> Callable[[int, int], None]:
    return lambda done, total: advance(1, total)


def _skipped(terminal: Terminal, count: int) -> None:
    if count:
        words = "1 photo was" if count == 1 else f"{count:,} photos were"
        terminal.mark("warn", f"{words} left out: damaged, deleted or archived (Glacier)")
