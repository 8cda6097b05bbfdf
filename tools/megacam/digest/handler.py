"""The digest as an AWS Lambda function, started by a schedule and by uploads.

The environment names the camera: MEGACAM_BUCKET, MEGACAM_DEVICE, MEGACAM_TIMEZONE,
MEGACAM_MOTION_THRESHOLD, MEGACAM_FILM and MEGACAM_ON_UPLOAD; the model and its calls a month:
MEGACAM_LABELS, MEGACAM_LABEL_CALLS; and the parameters of SSM with the model's token and with the
text of an alarms.json: MEGACAM_LABELS_PARAMETER, MEGACAM_ALARMS_PARAMETER. The schedule's event is
{"days": how far to look back}; an upload's is that of S3:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import BotoCoreError, ClientError

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
    film = os.environ.get("MEGACAM_FILM", "1") == "1"
    result = run.run(
        _store(),
        os.environ["MEGACAM_DEVICE"],
        Calendar(zones.zone_of(words), words or "UTC"),
        run.window(now, int(event.get("days", run.DAYS_BACK))),
        now,
        Wishes(film, _threshold(), _labeller(now, context)),
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
    calls = int(os.environ["MEGACAM_LABEL_CALLS"])
    return Labeller(
        _Model(words), calls, now, lambda: context.get_remaining_time_in_millis() / 1000
    )


class _Model:
    """The model, for which nothing is asked before its first photo: most uploads need none."""

    def __init__(self, words: str):
        self._words = words
        self._model: models.Model | None = None

    def label(self, jpeg: bytes) -> models.Labels:
        """See models.Model."""
        if self._model is None:
            self._model = models.of(self._words, self._token(), self._client)
        return self._model.label(jpeg)

    def _token(self) -> str:
        try:
            return _secret("MEGACAM_LABELS_PARAMETER")
        except (BotoCoreError, ClientError) as error:
            raise models.ModelError(f"the model's token cannot be read: {error}") from error

    def _client(self) -> Any:
        return boto3.client(models.REKOGNITION, config=models.CONFIG)


def _alarms(now: datetime) -> dict[str, list[str]]:
    """Look at the camera and tell what is new; return the events and the senders' faults."""
    [seen] = look.hourly(
        boto3.client("s3", config=bucket.CONFIG),
        os.environ["MEGACAM_BUCKET"],
        [os.environ["MEGACAM_DEVICE"]],
        _secret("MEGACAM_ALARMS_PARAMETER"),
        int(now.timestamp()),
        os.environ.get("MEGACAM_BUILD", ""),
    )
    return {"events": [event.kind for event in seen.events], "faults": seen.faults}


def _secret(variable: str) -> str:
    """Return the text of the parameter of SSM that a variable names, "" if it names none."""
    name = os.environ.get(variable, "")
    if not name:
        return ""
    found = boto3.client("ssm", config=CONFIG).get_parameter(Name=name, WithDecryption=True)
    return found["Parameter"]["Value"]
