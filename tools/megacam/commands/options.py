"""Options that several commands share, and where their values come from.

Flag, then environment, then config.json, then default.
"""

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings
from megacam.aws import Aws
from megacam.console import MisuseError
from megacam.errors import MegacamError

Bucket = Annotated[
    str | None,
    typer.Option(
        "--bucket", "-b", envvar="MEGACAM_BUCKET", help="Bucket (config.json: s3.bucket)"
    ),
]
Device = Annotated[
    str | None,
    typer.Option("--device", "-d", envvar="MEGACAM_DEVICE", help="Camera (config.json: device)"),
]
Region = Annotated[
    str | None,
    typer.Option(
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        help="AWS region (config.json: s3.region)",
    ),
]
Profile = Annotated[str | None, typer.Option(envvar="AWS_PROFILE", help="AWS profile to use")]
Config = Annotated[Path, typer.Option(help="File with all other settings, if it exists")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation")]
Iot = Annotated[bool, typer.Option("--iot", help="Use a certificate instead of an access key")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change, but change nothing")
]
CONFIG = Path("config.json")
# What the board signs with where s3.region is not set; other stores care little.
_ANY_REGION = "us-east-1"


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the photos are; "" for what nobody named.

    `interval_s` and `path_style` are config.json's, or None; `endpoint` is in its normal form.
    `source` is that file's name, "" if there is none.
    """

    bucket: str
    device: str
    region: str
    endpoint: str
    interval_s: int | None
    path_style: bool | None = None
    source: str = dataclasses.field(default="", compare=False)

    @property
    def is_aws(self) -> bool:
        """True if the store is Amazon's, under whichever of its names."""
        return not self.endpoint or settings.is_aws(self.endpoint)

    def need_bucket(self) -> str:
        """Return the bucket; raises MisuseError if nobody named one."""
        if not self.bucket:
            raise MisuseError(f"which bucket? add --bucket NAME, or {self._set('s3.bucket')}")
        return self.bucket

    def need_device(self) -> str:
        """Return the device; raises MisuseError if nobody named one."""
        if not self.device:
            raise MisuseError(f"which camera? add --device NAME, or {self._set('device')}")
        return self.device

    def _set(self, name: str) -> str:
        return f"{name} to {self.source}" if self.source else f"--config FILE that has {name}"

    def aws(self, profile: str | None) -> Aws:
        """Return the owner's door to this place."""
        region = self.region or (_ANY_REGION if self.endpoint else None)
        return Aws(profile, region, self.endpoint or None, path_style=self.path_style)

    def read(self, key: str, profile: str | None) -> bytes:
        """Return a small object as the owner reads it; raises MegacamError."""
        return self.aws(profile).read(self.need_bucket(), key)


def place(bucket: str | None, device: str | None, region: str | None, config: Path) -> Place:
    """Return where the photos are, from flags (and environment) and then config.json.

    Raises MisuseError and SettingsError for what cannot be meant.
    """
    raw = settings.read(config) if config.exists() else {}
    store = raw["s3"] if isinstance(raw.get("s3"), dict) else {}
    found = Place(
        _word("--bucket", bucket) or _word(f"{config}: s3.bucket", store.get("bucket")),
        _word("--device", device) or _word(f"{config}: device", raw.get("device")),
        _word("--region", region) or _word(f"{config}: s3.region", store.get("region")),
        settings.value("s3.endpoint", store.get("endpoint", ""), {}),
        raw["interval_s"] if type(raw.get("interval_s")) is int else None,
        settings.value("s3.path_style", store.get("path_style"), {}),
        str(config) if config.exists() else "",
    )
    _check_region(found)
    return found


def _check_region(place: Place) -> None:
    # A stand-in for AWS may call its regions as it likes.
    is_shaped = settings.shape().is_region(place.region, place.is_aws)
    if place.region and not is_shaped and not os.environ.get("AWS_ENDPOINT_URL"):
        raise MisuseError(
            f"the region is {place.region!r}; it must be an AWS region name, for example "
            "eu-central-1 for Frankfurt (--region, AWS_REGION, or s3.region in config.json)"
        )


def _word(name: str, value: Any) -> str:
    """Return `value` without spaces around it, "" if not a string; MisuseError: spaces within."""
    table = settings.schema()
    text = table.strip(value) if isinstance(value, str) else ""
    if table.has_space(text):
        raise MisuseError(f"{name} is {text!r}; it must be a string without spaces")
    return text


def owner(place: Place, profile: str | None) -> Aws:
    """Return the door to the owner's AWS account; raises MegacamError for another store.

    A store is AWS, too, if AWS_ENDPOINT_URL names it: a local stand-in for all of AWS.
    """
    if is_other_store(place):
        raise MegacamError(
            f"{place.source} names the store {place.endpoint}, but these commands only set up "
            "AWS; create the bucket and the key with that store's own tools, or empty s3.endpoint"
        )
    # Not by s3.endpoint, which is S3's alone.
    region = place.region or (None if place.is_aws else _ANY_REGION)
    return Aws(profile, region, path_style=place.path_style)


def is_other_store(place: Place) -> bool:
    """Tell whether the photos go to a store whose keys are made with its own tools."""
    return not place.is_aws and place.endpoint != _stand_in()


def _stand_in() -> str:
    """Return AWS_ENDPOINT_URL in the form that settings have, "" if none can be meant by it."""
    try:
        return settings.shape().normal(os.environ.get("AWS_ENDPOINT_URL", "").strip())
    except ValueError:
        return ""
