"""The digest as an AWS Lambda function, started by a schedule and by uploads.

The environment names the camera: MEGACAM_BUCKET, MEGACAM_DEVICE, MEGACAM_TIMEZONE,
MEGACAM_MOTION_THRESHOLD, MEGACAM_FILM and MEGACAM_ON_UPLOAD. The schedule's event is
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

from megacam.digest import run, upload, zones
from megacam.digest.day import Calendar
from megacam.digest.hour import Wishes
from megacam.digest.store import CONFIG, Store


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Do what the event asks for; an error is raised, so that Lambda tries again."""
    told = os.environ
    store = Store(boto3.client("s3", config=CONFIG), told["MEGACAM_BUCKET"])
    now = datetime.now(timezone.utc)
    threshold = int(told.get("MEGACAM_MOTION_THRESHOLD", Wishes.motion_threshold))
    if "Records" in event:
        done = _uploads(store, event, threshold, now)
    else:
        done = _hours(store, event, threshold, now, context)
    print(json.dumps(done))
    return done


def _hours(
    store: Store, event: Mapping[str, Any], threshold: int, now: datetime, context: Any
) -> dict[str, Any]:
    words = os.environ.get("MEGACAM_TIMEZONE", "")
    uploads = os.environ.get("MEGACAM_ON_UPLOAD", "") in upload.MODES
    wishes = Wishes(os.environ.get("MEGACAM_FILM", "1") == "1", threshold, uploads)
    result = run.run(
        store,
        os.environ["MEGACAM_DEVICE"],
        Calendar(zones.zone_of(words), words or "UTC"),
        run.window(now, int(event.get("days", run.DAYS_BACK))),
        now,
        wishes,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return result.as_data()


def _uploads(
    store: Store, event: Mapping[str, Any], threshold: int, now: datetime
) -> dict[str, Any]:
    mode = os.environ.get("MEGACAM_ON_UPLOAD", "all")
    device = os.environ["MEGACAM_DEVICE"]
    found = {}
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        found[key] = upload.on_upload(store, device, key, mode, threshold, now)
    return found
