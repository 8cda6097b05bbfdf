"""Home Assistant, for the commands that tell it of the cameras by MQTT."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings as board_settings
from megacam.alarms import settings
from megacam.alarms.look import Aim, Look, look
from megacam.alarms.settings import Broker, Settings
from megacam.alarms.state import HOME_NAME, BucketBox
from megacam.aws import Aws
from megacam.commands import extras
from megacam.errors import MegacamError
from megacam.gallery import bucket as photo_bucket
from megacam.gallery.bucket import Bucket

ALARMS = Path("alarms.json")
Mqtt = Annotated[
    str | None, typer.Option(help="MQTT broker of Home Assistant: HOST or mqtts://HOST")
]
#: Seconds from one run of cron to the next.
HOUR_S = 3600


def login(alarms: Path, mqtt: str | None) -> tuple[Settings, Broker | None]:
    """Return what alarms.json or MEGACAM_ALARMS says, and the broker: `mqtt`, or the one in it."""
    text = os.environ.get(settings.VARIABLE, "")
    found = Settings()
    if alarms.exists() or alarms != ALARMS:
        found = settings.read(alarms)
    elif text:
        found = settings.parse(text)
    if mqtt:
        return found, settings.broker(**{**found.chosen.get("mqtt", {}), "server": mqtt})
    return found, found.broker


@contextlib.contextmanager
def publisher(broker: Broker | None, bucket: str, say: Callable[[str], None]) -> Iterator[Any]:
    """Yield an mqtt.Publisher that stays, or None without a broker."""
    if not broker:
        yield None
        return
    version = board_settings.firmware_version()
    with _mqtt().Publisher(broker, bucket, version, say) as running:
        yield running


def tell(broker: Broker, aim: Aim, looks: Sequence[Look | None], every_s: float) -> str:
    """Tell Home Assistant what looks have found, which come every `every_s` seconds.

    Returns "" or a sentence why that failed.
    """
    version = board_settings.firmware_version()
    return _mqtt().tell(broker, aim, looks, version, int(time.time()), every_s)


def look_and_tell(
    aws: Aws, bucket: str, device: str, chosen: Settings, broker: Broker | None
) -> str:
    """Look at one camera and tell Home Assistant; return "" or a sentence why that failed."""
    assert broker
    _mqtt()  # before anything else, it may not be installed
    client = aws.client("s3", photo_bucket.CONFIG)
    aim = Aim(Bucket(client, bucket), link_hours=chosen.link_hours)
    try:
        found = look(aim, device, BucketBox(client, bucket, device, HOME_NAME), int(time.time()))
    except MegacamError as error:
        return f"Home Assistant was not told: {error}"
    return tell(broker, aim, [found], HOUR_S)


def _mqtt() -> Any:
    return extras.load("megacam.alarms.mqtt", "watch")
