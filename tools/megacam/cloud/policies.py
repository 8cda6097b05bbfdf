"""The policy documents, for boto3 and for CloudFormation. Pure functions.

Every ARN can be a string or a CloudFormation intrinsic function ({"Fn::Sub": ...}).
"""

from typing import Any

Arn = str | dict[str, Any]
Document = dict[str, Any]

VERSION = "2012-10-17"
_OURS = "Megacam"
TLS_ONLY = _OURS + "TlsOnly"
PUBLIC_READ = _OURS + "PublicRead"
# Objects that a camera overwrites: its report, and the test object of `megacam doctor`.
REPORTS = ("status.json", "megacam-doctor")
#: Below DEVICE/: what the camera reads, and only the owner writes.
UPDATES = "_update"
#: Below DEVICE/: what only the owner's tools write: releases, digests, the state of alarms.
OWNERS = "_*"
_NOT_OWNERS = "NothingOfTheOwners"
UPDATES_BY_OWNER = _OURS + "UpdatesByOwner"
UPDATES_NOT_BY_CAMERA = _OURS + "UpdatesNotByCamera"
_MAY_UPDATE = "Updates"
_WRITES = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
CLOUDFRONT_READ = _OURS + "CloudFrontRead"
SITE_READ = _OURS + "SiteRead"
# The metadata that the board writes and a page may show; S3 allows no wildcard here.
_SHOWN_HEADERS = (
    "ETag",
    "Content-Length",
    "Last-Modified",
    *(
        f"x-amz-meta-{name}"
        for name in (
            "taken-at", "device", "version", "seq", "clock-error-ms", "location", "rssi-dbm",
            "heap-free", "uptime-s", "camera", "origin", "reading",
        )
    ),
)  # fmt: skip


def document(*statements: Document) -> Document:
    """Return a policy document of `statements`."""
    return {"Version": VERSION, "Statement": list(statements)}


def is_ours(statement: Document) -> bool:
    """Return True if this statement of a bucket's policy is one of ours."""
    return str(statement.get("Sid", "")).startswith(_OURS)


def put_only(photos: Arn, owners: Arn) -> Document:
    """Return a device's policy for a store that may not know Amazon's condition keys.

    The device may put objects under its own name, also over existing ones, but none of `owners`.
    It may not read, list or delete.
    """
    return document(_put(photos), _not_owners(owners))


def put_any(photos: Arn) -> Document:
    """Return a device's policy as the first versions of megacam made it."""
    return document(_put(photos))


def _put(photos: Arn) -> Document:
    return {"Effect": "Allow", "Action": "s3:PutObject", "Resource": photos}


def put_new_only(photos: Arn, reports: list[Arn], owners: Arn, account: Arn) -> Document:
    """Return a device's policy at Amazon: put new photos, and replace only its `reports`.

    `owners`: what lies below `photos` and only the owner's tools may write.

    The condition is in the device's policy because in the bucket's policy it would also block
    the owner's copies. The policy allows nothing in a bucket of another account, which may have
    taken over the name.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    ours = {"StringEquals": {"aws:ResourceAccount": account}}
    put: Document = {"Effect": "Allow", "Action": "s3:PutObject"}
    # The null test is false if the request has the header; S3 accepts only * as its value.
    new = {"Null": {"s3:if-none-match": "false"}}
    return document(
        {"Sid": "NewPhotos", **put, "Resource": photos, "Condition": {**new, **ours}},
        {"Sid": "Reports", **put, "Resource": reports, "Condition": ours},
        _not_owners(owners),
    )


def _not_owners(owners: Arn) -> Document:
    # Denied, so that another policy with too many rights cannot allow it.
    return {"Sid": _NOT_OWNERS, "Effect": "Deny", "Action": _WRITES, "Resource": owners}


def leaves_owners_open(found: Document, wanted: Document) -> bool:
    """Return whether a device's policy `found` is `wanted` as it was before it denied `owners`."""
    told = found.get("Statement", [])
    allowed = [one for one in wanted["Statement"] if one["Effect"] == "Allow"]
    return all(one in told for one in allowed) and not any(
        one.get("Sid") == _NOT_OWNERS for one in told
    )


def updates(objects: Arn, account: Arn | None = None) -> Document:
    """Return the statement of a device that takes updates: it may read them.

    `account`: whose bucket it must be; None for a store that does not know the condition.
    """
    ours = {"Condition": {"StringEquals": {"aws:ResourceAccount": account}}} if account else {}
    read: Document = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects}
    return {"Sid": _MAY_UPDATE, **read, **ours}


def takes_updates(policy: Document | None) -> bool:
    """Return whether a device's policy lets it read updates."""
    return any(one.get("Sid") == _MAY_UPDATE for one in (policy or {}).get("Statement", ()))


def updates_by_owner(objects: Arn, account: Arn, cameras: list[Arn]) -> list[Document]:
    """Return the statements by which only the owner writes updates in a bucket.

    `cameras`: patterns of the ARNs of users and roles of cameras, which are of the same account.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    deny: Document = {"Effect": "Deny", "Principal": "*", "Action": _WRITES, "Resource": objects}
    # Nobody without an account has this key either, and then StringNotEquals is true.
    others = {"StringNotEquals": {"aws:PrincipalAccount": account}}
    return [
        {"Sid": UPDATES_BY_OWNER, **deny, "Condition": others},
        {
            "Sid": UPDATES_NOT_BY_CAMERA,
            **deny,
            "Condition": {"ArnLike": {"aws:PrincipalArn": cameras}},
        },
    ]


def tls_only(bucket: Arn, objects: Arn) -> Document:
    """Return the statement that denies every request without TLS."""
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, objects],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def public_read(device: str, photos: Arn) -> Document:
    """Return the statement that lets everybody read a device's photos and nothing else."""
    return {
        "Sid": public_read_sid(device),
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": photos,
    }


def public_read_sid(device: str) -> str:
    """Return the Sid of a device's public-read statement; a Sid has letters and digits only."""
    # "a-1" and "a1" need different Sids; device names have no upper-case letters, so X is free.
    return PUBLIC_READ + device.replace("-", "X")


def cloudfront_read(
    photos: Arn | list[Arn], distribution: Arn, sid: str = CLOUDFRONT_READ
) -> Document:
    """Return the statement that lets one CloudFront distribution read photos.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": photos,
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
    }


def iot_trust() -> Document:
    """Return the trust policy of the devices' role: only the IoT credentials provider."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "credentials.iot.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def iot_certificate(role_alias: Arn) -> Document:
    """Return the IoT policy of a device's certificate: assume the role of one alias."""
    return document(
        {"Effect": "Allow", "Action": "iot:AssumeRoleWithCertificate", "Resource": role_alias}
    )


def lifecycle_rule(
    device: str, keep_days: int | None, version_days: int | None = None
) -> Document:
    """Return the lifecycle rule of one device; it also deletes incomplete uploads after a day.

    `keep_days`: days until a photo expires; None: never. `version_days`: days until old versions
    are deleted for good; None: the rule says nothing about them.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
    """
    rule: Document = {
        "ID": lifecycle_id(device),
        "Status": "Enabled",
        "Filter": {"Prefix": f"{device}/"},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    if keep_days:
        rule["Expiration"] = {"Days": keep_days}
    elif version_days:
        # This removes the delete markers that deletions leave; `Days` removes them as well.
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if version_days:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": version_days}
    return rule


def lifecycle_id(device: str) -> str:
    """Return the ID of our lifecycle rule for a device."""
    return f"megacam-{device}"


def is_our_rule(rule: Document) -> bool:
    """Return True if a lifecycle rule is our rule for a device."""
    return rule.get("ID") == lifecycle_id(device_of(rule))


def device_of(rule: Document) -> str:
    """Return the device of one of our lifecycle rules."""
    return str(rule.get("Filter", {}).get("Prefix", "")).removesuffix("/")


def cors_rule(origins: tuple[str, ...]) -> Document:
    """Return the CORS rule that lets the gallery's pages read pixels of photos from signed URLs.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
    """
    return {
        "ID": "megacam-gallery",
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedOrigins": list(origins),
        "AllowedHeaders": ["*"],
        "ExposeHeaders": list(_SHOWN_HEADERS),
        "MaxAgeSeconds": 3600,
    }


def lambda_trust() -> Document:
    """Return the trust policy of the digest's role: only Lambda."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def digest_role(
    bucket: Arn, device: str, photos: Arn, digest: Arn, account: Arn, log: Arn, queue: Arn
) -> Document:
    """Return the policy of one camera's digest.

    It may read and list below DEVICE/, write and delete only below DEVICE/_digest/, and write its
    own log and its queue. It may do nothing in a bucket of another account.
    """
    ours = {"StringEquals": {"aws:ResourceAccount": account}}
    below = {**ours, "StringLike": {"s3:prefix": f"{device}/*"}}
    allow = {"Effect": "Allow"}
    change = ["s3:PutObject", "s3:DeleteObject"]
    write_log = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return document(
        {**allow, "Action": "s3:GetObject", "Resource": photos, "Condition": ours},
        {**allow, "Action": "s3:ListBucket", "Resource": bucket, "Condition": below},
        {**allow, "Action": change, "Resource": digest, "Condition": ours},
        {**allow, "Action": write_log, "Resource": log},
        {**allow, "Action": "sqs:SendMessage", "Resource": queue},
    )
