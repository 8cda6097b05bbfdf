"""The policy documents, the same for boto3 and for CloudFormation. Pure.

Wherever an ARN is wanted, a string or a CloudFormation intrinsic ({"Fn::Sub": ...}) will do.
"""

from typing import Any

Arn = str | dict[str, Any]
Document = dict[str, Any]

VERSION = "2012-10-17"
_OURS = "Megacam"
TLS_ONLY = _OURS + "TlsOnly"
PUBLIC_READ = _OURS + "PublicRead"
# What a camera puts anew under the same name: its report, and the try of `megacam doctor`.
REPORTS = ("status.json", "megacam-doctor")
CLOUDFRONT_READ = _OURS + "CloudFrontRead"
# The metadata that the board writes and a page may want to show; S3 knows no wildcard here.
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
    """Return True if we made this statement of a bucket's policy, False if somebody else did."""
    return str(statement.get("Sid", "")).startswith(_OURS)


def put_only(photos: Arn) -> Document:
    """Return what a device may do in a store that may not know Amazon's condition keys.

    Put objects under its own name, over old ones, too. Not read, list, delete.
    """
    return document({"Effect": "Allow", "Action": "s3:PutObject", "Resource": photos})


def put_new_only(photos: Arn, reports: list[Arn], account: Arn) -> Document:
    """Return what a device may do at Amazon: put photos over none, and replace its `reports`.

    It stands in the device's own policy: in the bucket's it would also stop the owner's copies.
    Nothing is allowed in a bucket of another account, which may have taken over the name.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    ours = {"StringEquals": {"aws:ResourceAccount": account}}
    put: Document = {"Effect": "Allow", "Action": "s3:PutObject"}
    # The null test is false where the request has the header; S3 takes no value of it but *.
    new = {"Null": {"s3:if-none-match": "false"}}
    return document(
        {"Sid": "NewPhotos", **put, "Resource": photos, "Condition": {**new, **ours}},
        {"Sid": "Reports", **put, "Resource": reports, "Condition": ours},
    )


def tls_only(bucket: Arn, objects: Arn) -> Document:
    """Return the statement that refuses every request that is not encrypted on its way."""
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, objects],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def public_read(device: str, photos: Arn) -> Document:
    """Return the statement that shows a device's photos (and nothing else) to everybody."""
    return {
        "Sid": public_read_sid(device),
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": photos,
    }


def public_read_sid(device: str) -> str:
    """Return the Sid of a device's public-read statement; a Sid has letters and digits only."""
    # "a-1" and "a1" must not share one; a device has no upper-case letters, so X is free.
    return PUBLIC_READ + device.replace("-", "X")


def cloudfront_read(photos: Arn, distribution: Arn) -> Document:
    """Return the statement that lets one CloudFront distribution read photos.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    return {
        "Sid": CLOUDFRONT_READ,
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": photos,
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
    }


def iot_trust() -> Document:
    """Return who may take the role of the photos: the IoT credentials provider alone."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "credentials.iot.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def iot_certificate(role_alias: Arn) -> Document:
    """Return what a device's certificate may do: take the role behind one alias."""
    return document(
        {"Effect": "Allow", "Action": "iot:AssumeRoleWithCertificate", "Resource": role_alias}
    )


def lifecycle_rule(
    device: str, keep_days: int | None, version_days: int | None = None
) -> Document:
    """Return the rule for one device's objects: expiry if wanted, and no half uploads kept.

    `version_days`: days until what was overwritten or deleted goes for good; None: not asked.
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
        # A deletion leaves a mark, and a number of days would take it away as well.
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if version_days:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": version_days}
    return rule


def lifecycle_id(device: str) -> str:
    """Return the ID that makes a lifecycle rule ours."""
    return f"megacam-{device}"


def is_our_rule(rule: Document) -> bool:
    """Return True if a lifecycle rule is the one of a device of ours."""
    return rule.get("ID") == lifecycle_id(device_of(rule))


def device_of(rule: Document) -> str:
    """Return the device of one of our lifecycle rules."""
    return str(rule.get("Filter", {}).get("Prefix", "")).removesuffix("/")


def cors_rule(origins: tuple[str, ...]) -> Document:
    """Return the rule that lets the gallery's page work on pixels that signed links brought.

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
