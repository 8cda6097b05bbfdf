"""`megacam digest`: sheets of thumbnails, keograms, films and an index of each hour and day."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings
from megacam.aws import Aws
from megacam.commands import extras, home, options, times
from megacam.console import MisuseError, Terminal
from megacam.gallery import bucket as photo_bucket
from megacam.gallery.bucket import Bucket
from megacam.words import count

Days = Annotated[
    int,
    typer.Option(min=1, max=366, help="How many days back to look for new and late photos"),
]
Zone = Annotated[
    str | None,
    typer.Option("--timezone", help="Time zone of the days (config.json: schedule.timezone)"),
]
Labels = Annotated[
    str | None,
    typer.Option("--labels", help="Label photos with motion: rekognition, or a model's address"),
]
LabelCalls = Annotated[
    int,
    typer.Option("--label-calls", min=1, max=1_000_000, help="Calls of the model a month at most"),
]
CALLS = 1000
Film = Annotated[bool, typer.Option("--film/--no-film", help="Make films (needs PyAV)")]


def digest_command(
    bucket: options.Bucket = None,
    device: options.Device = None,
    days: Days = 2,
    start: times.From = None,
    end: times.To = None,
    zone: Zone = None,
    film: Film = True,
    labels: Labels = None,
    label_calls: LabelCalls = CALLS,
    mqtt: Annotated[
        str | None,
        typer.Option(help="Also tell Home Assistant by its MQTT broker: HOST or mqtts://HOST"),
    ] = None,
    alarms: Annotated[
        Path, typer.Option(help="With the broker's user and password, or $MEGACAM_ALARMS")
    ] = home.ALARMS,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Sum up each hour of photos in the bucket. Run it every hour; what is done stays.

    With --mqtt, the camera is a device in Home Assistant, up to date as of each run.
    """
    terminal = Terminal(as_json)
    where = options.place(bucket, device, region, config)
    name = where.need_device()
    words, threshold = of_camera(config, zone)
    run, store = _installed("run"), _installed("store")
    calendar = _installed("day").Calendar(_installed("zones").zone_of(words), words or "UTC")
    now = datetime.now(timezone.utc)
    span = _span(run, start, end, calendar, now, days)
    aws = where.aws(profile)
    shelf = store.Store(aws.client("s3", store.CONFIG), where.need_bucket())
    labeller = _labeller(aws, labels, label_calls, now) if labels else None
    # First: whether a camera is late has nothing to do with whether its photos can be summed up.
    told = _told(terminal, aws, where.need_bucket(), name, mqtt, alarms) if mqtt else {}
    with terminal.working(f"reading {name}"):
        result = run.run(
            shelf,
            name,
            calendar,
            span,
            now,
            _installed("hour").Wishes(film, threshold, labeller=labeller),
            progress=lambda hour: terminal.now(f"{name} {hour:%Y-%m-%d %H:%M} UTC …"),
        )
    terminal.data({**result.as_data(), **told})
    missing = "" if result.hours_seen else _missing(aws, where.need_bucket(), name)
    _print(terminal, result, film and not _installed("hour").films_here(), missing)
    if told and told["mqtt"]["fault"]:
        raise typer.Exit(1)


def _told(
    terminal: Terminal, aws: Aws, bucket: str, device: str, mqtt: str, alarms: Path
) -> dict[str, Any]:
    """Tell Home Assistant of the camera; return what --json says of it."""
    fault = home.look_and_tell(aws, bucket, device, *home.login(alarms, mqtt))
    if fault:
        terminal.mark("warn", fault)
    return {"mqtt": {"fault": fault}}


def _missing(aws: Aws, bucket: str, device: str) -> str:
    return Bucket(aws.client("s3", photo_bucket.CONFIG), bucket).missing(device)


def _labeller(aws: Aws, words: str, calls: int, now: datetime) -> Any:
    models = _installed("models")
    model = models.of(
        models.check(words),
        os.environ.get(models.TOKEN, ""),
        lambda: aws.client(models.REKOGNITION, models.CONFIG),
    )
    return _installed("labels").Labeller(model, calls, now)


def of_camera(config: Path, zone: str | None) -> tuple[str, int]:
    """Return the time zone of the camera's days and the score from which something moved."""
    raw = settings.read(config) if config.exists() else {}
    found = []
    for name in ("schedule.timezone", "motion.threshold"):
        section, _, field = name.partition(".")
        part = raw.get(section)
        given = part.get(field) if isinstance(part, dict) else None
        found.append(settings.default(name) if given is None else settings.value(name, given, {}))
    return (found[0] if zone is None else zone), found[1]


def _span(
    run: Any, start: str | None, end: str | None, calendar: Any, now: datetime, days: int
) -> tuple[datetime, datetime]:
    first, last = run.window(now, days)
    if start or end:
        begin, finish = times.span(start, end, calendar.zone, now)
        whole = begin.replace(minute=0, second=0, microsecond=0)
        first, last = whole, min(last, finish + timedelta(minutes=59, seconds=59))
        last = last.replace(minute=0, second=0, microsecond=0)
    if first >= last:
        raise MisuseError(f"no whole hour has passed since --from {start}")
    return first, last


def _print(terminal: Terminal, result: Any, lacks_films: bool, missing: str) -> None:
    asked = sum(result.requests.values())
    cost = f"{count(asked, 'request')}, {result.read_bytes / 1e6:,.1f} MB read"
    if not result.hours_made and not result.days_written:
        nothing = f"nothing new in {count(result.hours_seen, 'hour')} ({cost})"
        terminal.mark("warn" if missing else "done", missing or nothing)
        return
    terminal.mark(
        "done",
        f"{count(result.hours_made, 'hour')} with {count(result.photos, 'photo')}, "
        f"{count(result.days_written, 'day')} joined ({cost})",
    )
    if result.refused:
        terminal.mark(
            "warn", f"{count(result.refused, 'photo')} could not be read; the index says why"
        )
    if result.label_calls:
        terminal.mark(
            "done",
            f"{count(result.labelled, 'photo')} with labels, "
            f"{count(result.label_calls, 'call')} of the model",
        )
    if result.label_note:
        terminal.mark("warn", f"labels: {result.label_note}")
    if lacks_films:
        terminal.mark("next", "for films: pip install 'megacam[digest]'")


def _installed(name: str) -> Any:
    return extras.load(f"megacam.digest.{name}", "digest")
