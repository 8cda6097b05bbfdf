"""`megacam cost`: what a camera costs a month at AWS."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from megacam import settings
from megacam.cloud import cost
from megacam.cloud.spec import ON_UPLOAD
from megacam.commands import options
from megacam.console import Terminal
from megacam.words import count

_SHARE_CELLS = 24
_INTERVAL_S = 30
_REGION = "us-east-1"
_COMPARED = ",".join(map(str, cost.COMPARED_S))

_ON_UPLOAD = ", ".join(ON_UPLOAD)

Interval = Annotated[
    float | None, typer.Option(help="Seconds between shots (default: config.json, or 30)")
]
Size = Annotated[
    float | None,
    typer.Option(help="KB per photo (default: from camera.resolution in config.json)"),
]
Hours = Annotated[float, typer.Option(help="Hours of shooting per day")]
Keep = Annotated[int, typer.Option(help="Days until photos are deleted; 0: never")]
Devices = Annotated[int, typer.Option(help="Number of cameras")]
Views = Annotated[int, typer.Option(help="Photos viewed per day")]
Visits = Annotated[float, typer.Option(help="Visits to the private site per day")]
StatusEvery = Annotated[float, typer.Option(help="Minutes between health reports; 0: none")]
SpoolFirst = Annotated[
    bool, typer.Option("--spool-first", help="Every photo goes to flash before it is sent")
]
CapRequests = Annotated[int | None, typer.Option(help="The device's daily cap on requests")]
CapMb = Annotated[float | None, typer.Option(help="The device's daily cap on megabytes")]
MotionDay = Annotated[
    float, typer.Option(help="With motion.mode gate: photos per day because something moved")
]
Updates = Annotated[bool, typer.Option("--updates", help="The cameras ask for updates")]
Digest = Annotated[bool, typer.Option("--digest", help="With a digest of every hour by Lambda")]
OnUpload = Annotated[
    str, typer.Option("--on-upload", help=f"The digest also takes each new photo: {_ON_UPLOAD}")
]
LabelCalls = Annotated[
    int, typer.Option("--label-calls", help="Calls of Rekognition a month for each camera")
]
LookEvery = Annotated[
    float,
    typer.Option(
        help="Minutes between looks for alarms: 5 with `megacam watch`, 60 in Lambda; 0: none"
    ),
]
Compare = Annotated[str, typer.Option(help="Intervals to compare: seconds, separated by commas")]
Prices = Annotated[Path | None, typer.Option(help="Your own price table (see prices.json)")]


def cost_command(
    interval: Interval = None,
    size: Size = None,
    hours: Hours = 24,
    keep: Keep = 30,
    devices: Devices = 1,
    views: Views = 0,
    site_visits: Visits = 0,
    status_every: StatusEvery = 0,
    spool_first: SpoolFirst = False,
    cap_requests: CapRequests = None,
    cap_mb: CapMb = None,
    motion_day: MotionDay = 100,
    updates: Updates = False,
    digest: Digest = False,
    on_upload: OnUpload = "off",
    label_calls: LabelCalls = 0,
    look_every: LookEvery = 0,
    compare: Compare = _COMPARED,
    region: options.Region = None,
    prices: Prices = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Estimate the AWS costs of a month and compare intervals."""
    where = options.place(None, None, region, config)
    usage = cost.Usage(
        where.interval_s or _INTERVAL_S if interval is None else interval,
        _size_kb(config) if size is None else size,
        hours,
        keep or None,
        devices,
        views,
        status_every * 60,
        spool_first,
        cap_requests,
        cap_mb,
        *_motion(config, motion_day),
        updates,
        site_visits,
        digest,
        _on_upload(on_upload),
        label_calls,
        look_every * 60,
    )
    _answer(Terminal(as_json), usage, where.region or _REGION, prices, _intervals(compare))


def _on_upload(word: str) -> str:
    if word not in ON_UPLOAD:
        raise typer.BadParameter(f"--on-upload is {word!r}; it must be one of: {_ON_UPLOAD}")
    return word


def _size_kb(config: Path) -> float:
    """Return the KB of a photo with the camera that config.json describes."""
    raw = settings.read(config) if config.exists() else {}
    camera = raw.get("camera")
    camera = camera if isinstance(camera, dict) else {}
    resolution = camera.get("resolution")
    if resolution is None:
        return cost.Usage.photo_kb
    quality = camera.get("quality", settings.default("camera.quality"))
    return cost.typical_kb(
        settings.value("camera.resolution", resolution, {}),
        settings.value("camera.quality", quality, {}),
    )


def _motion(config: Path, motion_day: float) -> tuple[str, float, float]:
    """Return motion.mode, the photos a day because of motion, and the seconds of keepalive_min."""
    raw = settings.read(config) if config.exists() else {}
    section = raw.get("motion")
    section = section if isinstance(section, dict) else {}
    mode, minutes = (
        settings.value(name, section.get(name.partition(".")[2], settings.default(name)), {})
        for name in ("motion.mode", "motion.keepalive_min")
    )
    return mode, motion_day, minutes * 60


def _answer(
    terminal: Terminal,
    usage: cost.Usage,
    region: str,
    prices: Path | None,
    intervals: tuple[float, ...],
) -> None:
    table = cost.load_prices(prices)
    month = cost.estimate(usage, table, region)
    others = cost.compare(usage, table, region, intervals)
    terminal.data({**month.as_data(), "compared": [one.as_data() for one in others]})
    _print(terminal, month, others, table["regions"][region].get("name", region))


def _intervals(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(",") if word.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a list of seconds; write for example 10,30,300"
        ) from None


def _print(
    terminal: Terminal, month: cost.Estimate, others: list[cost.Estimate], name: str
) -> None:
    usage = month.usage
    cameras = count(usage.devices, "camera")
    when = f"every {_every(usage.interval_s)}"
    if usage.motion == "gate":
        when = (
            f"when something moves ({usage.motion_day:g} a day) and every "
            f"{_every(usage.keepalive_s)}"
        )
    terminal.heading(
        f"{cameras}, a photo of {usage.photo_kb:g} KB {when}, {usage.hours_day:g} h a day"
    )
    terminal.line(f"{month.region} ({name}), prices of {month.prices_date}, US dollars", "dim")
    rows: list[tuple[str | Text, ...]] = [
        (line.what, line.amount, money(line.usd)) for line in month.lines
    ]
    total = (Text("total", "bold"), "", Text(money(month.total_usd), "bold"))
    terminal.table(("a month", "how much", "$"), [*rows, total], right=("$",))
    terminal.table(
        ("interval", "photos", "stored", "$ a month", ""),
        [_row(one, month, others) for one in others],
        right=("photos", "stored", "$ a month"),
        title="By interval",
    )
    for warning in month.warnings:
        terminal.mark("warn", warning)


def _row(
    one: cost.Estimate, month: cost.Estimate, others: list[cost.Estimate]
) -> tuple[Text, ...]:
    highest = max(other.total_usd for other in others) or 1
    bar = "━" * max(1, round(_SHARE_CELLS * one.total_usd / highest))
    style = "bold green" if one.usage.interval_s == month.usage.interval_s else ""
    cells = (
        _every(one.usage.interval_s),
        f"{one.photos:,}",
        f"{one.stored_gb:,.1f} GB",
        money(one.total_usd),
        bar,
    )
    return tuple(Text(cell, style) for cell in cells)


def _every(seconds: float) -> str:
    for unit_s, word in ((3600, "h"), (60, "min")):
        if seconds >= unit_s and seconds % unit_s == 0:
            return f"{seconds / unit_s:g} {word}"
    return f"{seconds:g} s"


def money(usd: float) -> str:
    """Return an amount in dollars without the sign; what rounds to nothing is not nothing."""
    if not usd:
        return "free"
    return "< 0.01" if 0 < usd < 0.005 else f"{usd:,.2f}"
