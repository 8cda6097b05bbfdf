"""`megacam watch`: tell by ntfy, Telegram, webhook, e-mail or Home Assistant what goes wrong."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings as board_settings
from megacam.alarms import look, senders, settings
from megacam.alarms.outbox import title
from megacam.alarms.rules import Event
from megacam.alarms.senders import Message
from megacam.alarms.settings import Broker, Settings
from megacam.alarms.state import Box, BucketBox, FileBox, MemoryBox
from megacam.alarms.watch import Watch
from megacam.aws import Aws
from megacam.commands import extras, options
from megacam.console import MisuseError, Terminal
from megacam.gallery import bucket as photo_bucket
from megacam.gallery.bucket import Bucket

_ALARMS = Path("alarms.json")


def watch_command(
    bucket: options.Bucket = None,
    device: Annotated[
        list[str] | None, typer.Option("--device", "-d", help="Only this camera (repeatable)")
    ] = None,
    alarms: Annotated[
        Path, typer.Option(help="File with the places to send to; $MEGACAM_ALARMS is its text")
    ] = _ALARMS,
    every: Annotated[float, typer.Option(min=0.1, help="Minutes from one look to the next")] = 5,
    once: Annotated[bool, typer.Option("--once", help="Look once, for cron")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message everywhere")] = False,
    state: Annotated[
        Path | None, typer.Option(help="Folder for the state, if you may not write to the bucket")
    ] = None,
    mqtt: Annotated[
        str | None, typer.Option(help="MQTT broker of Home Assistant: HOST or mqtts://HOST")
    ] = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
) -> None:
    """Watch the cameras, and tell what goes wrong.

    Each event is told once, and also when all is well again.
    """
    if once and mqtt:
        raise MisuseError("--mqtt needs a watch that keeps running: leave out --once")
    where = options.place(bucket, None, region, config)
    found, broker = _settings(alarms, mqtt)
    name, aws = where.need_bucket(), where.aws(profile)
    terminal = Terminal()
    source = Bucket(aws.client("s3", photo_bucket.CONFIG), name)
    aim = look.Aim(source, found.senders(_sns(aws)), found.quiet, found.link_hours)
    with _publisher(None if once else broker, name, terminal) as publisher:
        if test:
            _test(terminal, aim, tuple(device or ()), publisher)
            return
        box = _boxes(aws, name, state, bool(aim.senders))
        watch = Watch(aim, box, _say(terminal), tuple(device or ()), every * 60, publisher)
        if once:
            _once(watch)
            return
        if not aim.senders and not publisher:
            terminal.mark("warn", f"no sender in {alarms}: events are only printed here")
        terminal.mark("next", f"watching {name} every {every:g} min; Ctrl-C ends it")
        with _stopped() as stop:
            watch.run(stop)


def _settings(alarms: Path, mqtt: str | None) -> tuple[Settings, Broker | None]:
    text = os.environ.get(settings.VARIABLE, "")
    found = Settings()
    if alarms.exists() or alarms != _ALARMS:
        found = settings.read(alarms)
    elif text:
        found = settings.parse(text)
    if mqtt:
        login = {**found.chosen.get("mqtt", {}), "server": mqtt}
        return found, settings.broker(**login)
    return found, found.broker


def _sns(aws: Aws) -> Callable[[str], Any]:
    # SNS is Amazon's, wherever the photos are.
    return lambda region: Aws(aws.profile, region).client("sns", senders.SNS_CONFIG)


def _boxes(aws: Aws, bucket: str, folder: Path | None, is_telling: bool) -> Callable[[str], Box]:
    client = aws.client("s3", photo_bucket.CONFIG)

    def box(device: str) -> Box:
        if folder:
            return FileBox(folder, device)
        return BucketBox(client, bucket, device) if is_telling else MemoryBox()

    return box


@contextlib.contextmanager
def _publisher(broker: Broker | None, bucket: str, terminal: Terminal) -> Iterator[Any]:
    if not broker:
        yield None
        return
    mqtt = extras.load("megacam.alarms.mqtt", "watch")
    version = board_settings.firmware_version()

    def say(sentence: str) -> None:
        _say(terminal)("fault", sentence)

    with mqtt.Publisher(broker, bucket, version, say) as publisher:
        yield publisher


def _say(terminal: Terminal) -> Callable[[str, str], None]:
    def say(kind: str, text: str) -> None:
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        target = terminal.err if kind == "fault" else terminal.out
        # A summary of the quiet hours has several lines, an event in the log only one.
        target.print(f"{at} {' '.join(text.split())}", soft_wrap=True)

    return say


def _once(watch: Watch) -> None:
    found = list(watch.once())
    if any(one is None or one.faults for one in found):
        raise typer.Exit(1)


def _test(terminal: Terminal, aim: look.Aim, devices: tuple[str, ...], publisher: Any) -> None:
    if not aim.senders and not publisher:
        raise MisuseError(
            "nobody to send to: alarms.json names no sender; docs/alarms.md has an example"
        )
    names = devices or tuple(aim.source.devices()[:1])
    photo = aim.source.newest(names[0]) if names else None
    device = names[0] if names else "megacam"
    event = Event(device, "test", int(time.time()), "this is a test: alarms will come here")
    entry = {"device": device, "kind": event.kind, "time": event.time}
    message = Message(
        f"test-{event.time}", device, "test", event.time, title(entry), event.text,
        look.link_to(aim, photo),
    )  # fmt: skip
    results = look.send([(sender, [message]) for sender in aim.senders])
    for (_, name), fault in results.items():
        terminal.mark("bad" if fault else "done", fault or f"{name}: sent")
    if publisher:
        publisher.wait()
        terminal.mark("done", "mqtt: connected")
    if any(results.values()):
        raise typer.Exit(1)


@contextlib.contextmanager
def _stopped() -> Iterator[threading.Event]:
    """Yield a flag that Ctrl-C and SIGTERM set, so that the watch ends between two steps."""
    stop = threading.Event()

    def end(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt  # again: do not wait for the store or a sender
        stop.set()

    usual = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # If the shell has disabled Ctrl-C, it stays disabled.
        if signal.getsignal(number) is not signal.SIG_IGN:
            usual[number] = signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
