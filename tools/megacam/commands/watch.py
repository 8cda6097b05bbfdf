"""`megacam watch`: tell by ntfy, Telegram, webhook, e-mail or Home Assistant what goes wrong."""

import contextlib
import functools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam.alarms import look, senders
from megacam.alarms.outbox import title
from megacam.alarms.rules import Event
from megacam.alarms.senders import Message
from megacam.alarms.settings import Broker
from megacam.alarms.state import HOME_NAME, NAME, Box, BucketBox, FileBox, MemoryBox
from megacam.alarms.watch import Watch
from megacam.aws import Aws
from megacam.commands import home, options
from megacam.console import MisuseError, Terminal
from megacam.gallery import bucket as photo_bucket
from megacam.gallery.bucket import Bucket

_EVERY_MIN = 5


def watch_command(
    bucket: options.Bucket = None,
    device: Annotated[
        list[str] | None, typer.Option("--device", "-d", help="Only this camera (repeatable)")
    ] = None,
    alarms: Annotated[
        Path, typer.Option(help="File with the places to send to; $MEGACAM_ALARMS is its text")
    ] = home.ALARMS,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Minutes from one look to the next (default: 5; 60 with --once)"
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, for cron")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message everywhere")] = False,
    state: Annotated[
        Path | None, typer.Option(help="Folder for the state, if you may not write to the bucket")
    ] = None,
    mqtt: home.Mqtt = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
) -> None:
    """Watch the cameras, and tell what goes wrong.

    Each event is told once, and also when all is well again.
    """
    where = options.place(bucket, None, region, config)
    found, broker = home.login(alarms, mqtt)
    name, aws = where.need_bucket(), where.aws(profile)
    terminal = Terminal()
    source = Bucket(aws.client("s3", photo_bucket.CONFIG), name)
    aim = look.Aim(source, found.senders(_sns(aws)), found.quiet, found.link_hours)
    every_s = every * 60 if every else home.HOUR_S if once else _EVERY_MIN * 60
    with home.publisher(None if once else broker, name, _fault(terminal)) as publisher:
        if test:
            _test(terminal, aim, tuple(device or ()), publisher)
            return
        kept = NAME if aim.senders else HOME_NAME if once and broker else ""
        box = _boxes(aws, name, state, kept)
        watch = Watch(aim, box, _say(terminal), tuple(device or ()), every_s, publisher)
        if once:
            _once(watch, broker, every_s, terminal)
            return
        if not aim.senders and not publisher:
            terminal.mark("warn", f"no sender in {alarms}: events are only printed here")
        terminal.mark("next", f"watching {name} every {every_s / 60:g} min; Ctrl-C ends it")
        with _stopped() as stop:
            watch.run(stop)


def _sns(aws: Aws) -> Callable[[str], Any]:
    # SNS is Amazon's, wherever the photos are.
    return lambda region: Aws(aws.profile, region).client("sns", senders.SNS_CONFIG)


def _boxes(aws: Aws, bucket: str, folder: Path | None, kept: str) -> Callable[[str], Box]:
    """Return where the state is: in `folder`, in the bucket under the name `kept`, or nowhere."""
    client = aws.client("s3", photo_bucket.CONFIG)

    def box(device: str) -> Box:
        if folder:
            return FileBox(folder, device)
        return BucketBox(client, bucket, device, kept) if kept else MemoryBox()

    return box


def _say(terminal: Terminal) -> Callable[[str, str], None]:
    def say(kind: str, text: str) -> None:
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        target = terminal.err if kind == "fault" else terminal.out
        # A summary of the quiet hours has several lines, an event in the log only one.
        target.print(f"{at} {' '.join(text.split())}", soft_wrap=True)

    return say


def _fault(terminal: Terminal) -> Callable[[str], None]:
    return functools.partial(_say(terminal), "fault")


def _once(watch: Watch, broker: Broker | None, every_s: float, terminal: Terminal) -> None:
    found = list(watch.once())
    fault = home.tell(broker, watch.aim, found, every_s) if broker else ""
    if fault:
        _fault(terminal)(fault)
    if fault or any(one is None or one.faults for one in found):
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
