"""The digest as an AWS Lambda function, started by a schedule and by uploads.

The environment names the camera: MEGACAM_BUCKET, MEGACAM_DEVICE, MEGACAM_TIMEZONE,
MEGACAM_MOTION_THRESHOLD, MEGACAM_FILM and MEGACAM_ON_UPLOAD; the model and its calls a month:
MEGACAM_LABELS, MEGACAM_LABEL_CALLS; and the parameter of SSM with the text of an alarms.json:
MEGACAM_ALARMS_PARAMETER. The schedule's event is {"days": how far to look back}; an upload's is
that of S3:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote_plus

import boto3

from megacam.alarms import look
from megacam.digest import models, run, upload, zones
from megacam.digest.day import Calendar
from megacam.digest.hour import Wishes
from megacam.digest.labels import Labeller
from megacam.digest.store import CONFIG, Store
from megacam.errors import MegacamError
from megacam.gallery import bucket


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Do what the event asks for; an error is raised, so that Lambda tries again."""
    now = datetime.now(timezone.utc)
    failed: MegacamError | None = None
    done: dict[str, Any] = {}
    try:
        done = _uploads(event, now, context) if "Records" in event else _hours(event, now, context)
    except MegacamError as error:
        failed = error
    # Whether a camera is late has nothing to do with whether its photos can be summed up.
    if os.environ.get("MEGACAM_ALARMS_PARAMETER") and (
        "Records" not in event or "made" in done.values()
    ):
        done = {**done, "alarms": _alarms(now)}
    print(json.dumps(done))
    if failed:
        raise failed
    return done


def _hours(event: Mapping[str, Any], now: datetime, context: Any) -> dict[str, Any]:
    words = os.environ.get("MEGACAM_TIMEZONE", "")
    uploads = os.environ.get("MEGACAM_ON_UPLOAD", "") in upload.MODES
    film = os.environ.get("MEGACAM_FILM", "1") == "1"
    result = run.run(
        _store(),
        os.environ["MEGACAM_DEVICE"],
        Calendar(zones.zone_of(words), words or "UTC"),
        run.window(now, int(event.get("days", run.DAYS_BACK))),
        now,
        Wishes(film, _threshold(), uploads, _labeller(now, context)),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return result.as_data()


def _uploads(event: Mapping[str, Any], now: datetime, context: Any) -> dict[str, Any]:
    mode = os.environ.get("MEGACAM_ON_UPLOAD", "all")
    device = os.environ["MEGACAM_DEVICE"]
    store, labeller = _store(), _labeller(now, context)
    found = {}
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        found[key] = upload.on_upload(store, device, key, mode, _threshold(), now, labeller)
    return found


def _store() -> Store:
    return Store(boto3.client("s3", config=CONFIG), os.environ["MEGACAM_BUCKET"])


def _threshold() -> int:
    return int(os.environ.get("MEGACAM_MOTION_THRESHOLD", Wishes.motion_threshold))


def _labeller(now: datetime, context: Any) -> Labeller | None:
    words = os.environ.get("MEGACAM_LABELS", "")
    if not words:
        return None
    model = models.of(words, client=lambda: boto3.client(models.REKOGNITION, config=models.CONFIG))
    calls = int(os.environ["MEGACAM_LABEL_CALLS"])
    return Labeller(model, calls, now, lambda: context.get_remaining_time_in_millis() / 1000)


def _alarms(now: datetime) -> dict[str, list[str]]:
    """Look at the camera and tell what is new; return the events and the senders' faults."""
    name = os.environ["MEGACAM_ALARMS_PARAMETER"]
    found = boto3.client("ssm", config=CONFIG).get_parameter(Name=name, WithDecryption=True)
    [seen] = look.hourly(
        boto3.client("s3", config=bucket.CONFIG),
        os.environ["MEGACAM_BUCKET"],
        [os.environ["MEGACAM_DEVICE"]],
        found["Parameter"]["Value"],
        int(now.timestamp()),
    )
    return {"events": [event.kind for event in seen.events], "faults": seen.faults}
