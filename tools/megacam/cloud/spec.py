"""What the owner wants in the cloud: options and names, checked before any call to AWS."""

import dataclasses
import hashlib
import re

from megacam.cloud import policies
from megacam.digest import models
from megacam.errors import MegacamError

# S3 supports patterns such as `http://localhost:*`; the gallery may listen on any free port.
GALLERY_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, without dots: a
# dot in the name breaks the wildcard certificate of BUCKET.s3.REGION.amazonaws.com.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|--x-s3|--table-s3)")
_DEVICE = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# What a header and a parameter of SSM take.
_TOKEN = re.compile(r"[!-~]{0,4096}")
OFF = "off"
ON_UPLOAD = ("motion", "all", OFF)
# The most that S3 accepts:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
_DAYS_HIGHEST = 36_500


@dataclasses.dataclass(frozen=True)
class CloudSpec:
    """What `cloud create` sets up for one device in one bucket.

    None leaves a setting of an existing bucket as it is.
    `keep_days`: days until photos are deleted; 0, and None in a new bucket: never.
    `keep_versions`: days for which overwritten and deleted objects can be restored; 0, and None
    in a new bucket: not at all.
    `origins`: web origins whose pages may read photos; None in a new bucket: GALLERY_ORIGINS.
    `public_read`: whether everybody may read this device's photos; None in a new bucket: no.
    `updates`: whether it may read releases under DEVICE/_update/; None for a new device: no.
    `site`: make a private web site, or show the device on the one that is there.
    `digest`: whether a Lambda function sums up each hour; `film`: whether it makes films;
    `on_upload`: "motion", "all" or "off", what it does with single photos. `timezone` and `motion`
    are the camera's schedule.timezone and motion.threshold. `labels`: the model that it asks,
    "rekognition" or an address, or "off", at most `label_calls` times a month; `labels_token` is
    the token that the address asks for. `alarms`: the text of an alarms.json that it sends by, or
    "off".
    `budget_usd`: a monthly limit, with alarms to `budget_email`; None: no alarm.
    Raises MegacamError for a name or number that AWS or the board would refuse.
    """

    bucket: str
    device: str
    keep_days: int | None = None
    origins: tuple[str, ...] | None = None
    iot: bool = False
    public_read: bool | None = None
    budget_usd: float | None = None
    budget_email: str = ""
    keep_versions: int | None = None
    updates: bool | None = None
    site: bool = False
    digest: bool | None = None
    on_upload: str | None = None
    film: bool | None = None
    timezone: str = ""
    motion: int = 46
    labels: str | None = None
    label_calls: int | None = None
    alarms: str | None = dataclasses.field(default=None, repr=False)
    labels_token: str = dataclasses.field(default="", repr=False)

    def __post_init__(self) -> None:
        check_bucket(self.bucket)
        check_device(self.device)
        if self.keep_days is not None and not 0 <= self.keep_days <= _DAYS_HIGHEST:
            raise MegacamError(
                f"photos cannot be kept {self.keep_days} days; choose 1 to {_DAYS_HIGHEST}, or 0 "
                "to keep them for ever"
            )
        if self.keep_versions is not None and not 0 <= self.keep_versions <= _DAYS_HIGHEST:
            raise MegacamError(
                f"old versions cannot be kept {self.keep_versions} days; choose 1 to "
                f"{_DAYS_HIGHEST}, or 0 to keep none from now on"
            )
        for origin in self.origins or ():
            if not re.fullmatch(r"https?://[^/\s]+", origin) or origin.count("*") > 1:
                raise MegacamError(
                    f"{origin!r} is not a web origin; write http://HOST[:PORT] or https://HOST, "
                    "with at most one *"
                )
        if self.on_upload not in (None, *ON_UPLOAD):
            raise MegacamError(
                f"--on-upload is {self.on_upload!r}; it must be one of: {', '.join(ON_UPLOAD)}"
            )
        if self.labels not in (None, OFF):
            models.check(self.labels, near=False)
        if not _TOKEN.fullmatch(self.labels_token):
            raise MegacamError(
                f"{models.TOKEN} must have up to 4096 visible characters, without spaces"
            )
        if self.budget_usd is not None:
            _check_budget(self.budget_usd, self.budget_email)


def _check_budget(amount: float, email: str) -> None:
    if not 0 < amount <= 1_000_000:
        raise MegacamError(f"a budget of ${amount:g} a month makes no sense; give 1 or more")
    if not _EMAIL.fullmatch(email):
        raise MegacamError("a budget alarm needs an address to write to: --email NAME@HOST")


def check_bucket(name: str) -> str:
    """Return `name` if it is a valid bucket name; raises MegacamError with the rule it breaks."""
    rule = ""
    if not 3 <= len(name) <= 63:
        rule = "3 to 63 characters"
    elif "." in name:
        rule = "no dots, which break the verification of S3's certificate"
    elif not _BUCKET.fullmatch(name):
        rule = "lower-case letters, digits and inner hyphens only"
    elif _RESERVED.fullmatch(name):
        rule = "none of the prefixes and suffixes that AWS reserves"
    if rule:
        raise MegacamError(f"{name!r} cannot be the name of a bucket: it must have {rule}")
    return name


def check_device(name: str) -> str:
    """Return `name` if it is a valid device name, by the board's rule; raises MegacamError."""
    if not _DEVICE.fullmatch(name):
        raise MegacamError(
            f"{name!r} cannot be the name of a device: it must be 1 to 32 lower-case letters, "
            "digits and inner hyphens, for example garden-2"
        )
    return name


def user_path(bucket: str, device: str = "") -> str:
    """Return the IAM path of a device's user, or of all users of a bucket.

    The path identifies the user, not the name: CloudFormation chooses the name of a user that its
    template creates.
    """
    return f"/megacam/{bucket}/" + (f"{device}/" if device else "")


def user_name(bucket: str, device: str) -> str:
    """Return the name of a device's IAM user: at most 64 characters and unique in the account."""
    digest = hashlib.sha256(f"{bucket}/{device}".encode()).hexdigest()[:8]
    return f"megacam-{device}-{digest}"


def shared_name(bucket: str) -> str:
    """Return the name of the role alias, IoT policy and budget that a bucket's devices share."""
    return f"megacam-{bucket}"


def updates_folder(device: str) -> str:
    """Return the folder of a device's updates."""
    return f"{device}/{policies.UPDATES}"


def role_name(bucket: str) -> str:
    """Return the name of the role behind the role alias: at most 64 characters."""
    digest = hashlib.sha256(bucket.encode()).hexdigest()[:8]
    return f"megacam-photos-{digest}"


def public_name(bucket: str) -> str:
    """Return the name of a template's public origin access control: at most 64 characters."""
    digest = hashlib.sha256(bucket.encode()).hexdigest()[:8]
    return f"megacam-public-{digest}"


def site_name(bucket: str) -> str:
    """Return the name of all that the site has at CloudFront: at most 64 characters."""
    digest = hashlib.sha256(bucket.encode()).hexdigest()[:8]
    return f"megacam-site-{digest}"
