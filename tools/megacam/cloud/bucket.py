"""Check that the bucket exists and is ours, and plan the steps that configure it.

The steps make it private and TLS-only and set its lifecycle. They add, change and remove only our
own lifecycle rules, CORS rules and policy statements, recognized by their ID or Sid; everybody
else's stay.
"""

import json
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import policies, retention
from megacam.cloud.plan import Step, step
from megacam.cloud.spec import GALLERY_ORIGINS, CloudSpec, updates_folder, user_path
from megacam.words import count

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_POLICY_BLOCKS = ("BlockPublicPolicy", "RestrictPublicBuckets")
# us-east-1 is the one region that must not be named when a bucket is created in it.
_UNNAMED_REGION = "us-east-1"
_NO_BLOCKS = ("NoSuchPublicAccessBlockConfiguration",)
_NO_OWNERSHIP = ("OwnershipControlsNotFoundError",)
_NO_ENCRYPTION = ("ServerSideEncryptionConfigurationNotFoundError",)
_NO_POLICY = ("NoSuchBucketPolicy",)
_NO_CORS = ("NoSuchCORSConfiguration",)


def arn(aws: Aws, bucket: str, below: str = "") -> str:
    """Return the ARN of the bucket, or of `below` in it ("cam1/*")."""
    return f"arn:{aws.partition}:s3:::{bucket}" + (f"/{below}" if below else "")


def exists(aws: Aws, bucket: str) -> bool:
    """Return True if the bucket exists, is ours, and is in the region in use.

    Raises AwsError if the name belongs to another account or the bucket is in another region.
    """
    owner = aws.identity["account"]
    try:
        answer = aws.call(
            "s3", "head_bucket", missing=("404",), Bucket=bucket, ExpectedBucketOwner=owner
        )
    except AwsError as error:
        if error.code != "403":
            raise
        raise AwsError(
            f"the bucket {bucket} belongs to another AWS account (names are unique world-wide), "
            "or your credentials may not see it; choose another name, for example "
            f"{bucket}-{owner[-4:]}",
            error.code,
        ) from error
    if answer is None:
        return False
    region = answer.get("BucketRegion", aws.region)
    if region != aws.region:
        raise AwsError(f"the bucket {bucket} is in {region}; add --region {region}", "301")
    return True


def steps(aws: Aws, spec: CloudSpec, there: bool) -> list[Step]:
    """Return the steps for the bucket; `there`: it exists, so read its configuration."""
    make = None if there else lambda: _create(aws, spec.bucket)
    found = [Step(f"create the bucket {spec.bucket} in {aws.region}", make)]
    parts = (
        _private,
        _ownership,
        _encryption,
        _policy,
        retention.versions_step,
        retention.lifecycle_step,
        _cors,
    )
    made = [part(aws, spec, there) for part in parts]
    return found + [one for one in made if one]


def warnings(aws: Aws, spec: CloudSpec, there: bool) -> list[str]:
    """Return warnings that the owner should read before anything is changed."""
    said = []
    if spec.public_read:
        said.append(public_warning(spec.device))
    if there and algorithm(aws, spec.bucket).startswith("aws:kms"):
        said.append(
            "the bucket encrypts with a KMS key of its own, which a put-only key may not use: "
            "uploads will be refused until the bucket's default is SSE-S3"
        )
    days = retention.wanted_version_days(aws, spec, there)
    if there and not days and retention.versioned(aws, spec.bucket):
        said.append(
            "the bucket keeps old versions: expired photos stay as old versions, which you pay "
            "for; --keep-versions DAYS deletes them in time"
        )
    if spec.keep_versions:
        said.append(
            f"you pay for overwritten, deleted and expired photos for {days} more days; objects "
            "outside the cameras' folders keep their old versions for ever"
        )
    return said


def public_warning(device: str) -> str:
    """Return the warning for an owner who makes a device's photos public."""
    return (
        f"everybody in the world will be able to open the photos of {device} whose names they "
        "know or guess (names are times), and you pay for every download"
    )


def algorithm(aws: Aws, bucket: str) -> str:
    """Return the default encryption of objects: "AES256", "aws:kms", or "" if not set."""
    found = aws.call("s3", "get_bucket_encryption", missing=_NO_ENCRYPTION, Bucket=bucket)
    rules = found["ServerSideEncryptionConfiguration"]["Rules"] if found else []
    named = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    return next((rule["SSEAlgorithm"] for rule in named if rule), "")


def public_access(aws: Aws, bucket: str) -> dict[str, bool]:
    """Return the four public access blocks and whether each is on."""
    found = aws.call("s3", "get_public_access_block", missing=_NO_BLOCKS, Bucket=bucket)
    on = found["PublicAccessBlockConfiguration"] if found else {}
    return {name: bool(on.get(name)) for name in BLOCKS}


def ownership(aws: Aws, bucket: str) -> str:
    """Return the object ownership setting; "BucketOwnerEnforced" disables access lists."""
    found = aws.call("s3", "get_bucket_ownership_controls", missing=_NO_OWNERSHIP, Bucket=bucket)
    return found["OwnershipControls"]["Rules"][0]["ObjectOwnership"] if found else ""


def policy(aws: Aws, bucket: str) -> dict[str, Any]:
    """Return the bucket's policy document, or one without statements if it has none."""
    found = aws.call("s3", "get_bucket_policy", missing=_NO_POLICY, Bucket=bucket)
    return json.loads(found["Policy"]) if found else policies.document()


def cors(aws: Aws, bucket: str) -> list[dict[str, Any]]:
    """Return the bucket's CORS rules."""
    found = aws.call("s3", "get_bucket_cors", missing=_NO_CORS, Bucket=bucket)
    return found["CORSRules"] if found else []


def without_device(aws: Aws, bucket: str, device: str) -> list[Step]:
    """Return the steps that end public access to a device's photos, for `destroy`.

    The lifecycle rule stays, so photos left in the bucket still expire as configured.
    """
    now = policy(aws, bucket)
    sid = policies.public_read_sid(device)
    kept = [one for one in now["Statement"] if one.get("Sid") != sid]
    if len(kept) == len(now["Statement"]):
        return []
    wanted = {**now, "Statement": kept}
    return [
        Step(
            f"stop showing the photos of {device} to everybody",
            lambda: put_policy(aws, bucket, wanted),
            "remove",
        )
    ]


def _create(aws: Aws, bucket: str) -> None:
    place: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    aws.call(
        "s3",
        "create_bucket",
        Bucket=bucket,
        **({} if aws.region == _UNNAMED_REGION else place),
    )
    aws.wait("s3", "bucket_exists", Bucket=bucket)


def _private(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    now = public_access(aws, spec.bucket) if there else {}
    shared = _shown(_wanted_policy(aws, spec, there))
    wanted = {name: not (shared and name in _POLICY_BLOCKS) for name in BLOCKS}
    text = "block public access lists, allow a public policy" if shared else "block public access"
    off = [name for name, on in now.items() if not on]
    return step(
        text,
        now,
        wanted,
        lambda: aws.call(
            "s3",
            "put_public_access_block",
            Bucket=spec.bucket,
            PublicAccessBlockConfiguration=wanted,
        ),
        f"now off: {', '.join(off)}" if off and there else "",
    )


def _shown(document: dict[str, Any]) -> list[str]:
    sids = [str(one.get("Sid", "")) for one in document["Statement"]]
    return [sid for sid in sids if sid.startswith(policies.PUBLIC_READ)]


def _ownership(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    now = ownership(aws, spec.bucket) if there else ""
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    return step(
        "own every object, disable access lists",
        now,
        "BucketOwnerEnforced",
        lambda: aws.call(
            "s3", "put_bucket_ownership_controls", Bucket=spec.bucket, OwnershipControls=rules
        ),
        f"was {now}" if now else "",
    )


def _encryption(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    now = algorithm(aws, spec.bucket) if there else ""
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return step(
        f"encrypt at rest ({now or 'AES256'})",
        now,
        now or "AES256",
        lambda: aws.call(
            "s3",
            "put_bucket_encryption",
            Bucket=spec.bucket,
            ServerSideEncryptionConfiguration={"Rules": [default]},
        ),
    )


def _policy(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    now = policy(aws, spec.bucket) if there else policies.document()
    wanted = _wanted_policy(aws, spec, there)
    text = "refuse everything that is not sent over TLS"
    if updates_are_the_owners(wanted):
        text += ", let only you write updates"
    if policies.public_read_sid(spec.device) in _shown(wanted):
        text += f", show {spec.device}/*.jpg to everybody"
    elif len(_shown(now)) > len(_shown(wanted)):
        text += f", stop showing {spec.device}/*.jpg to everybody"
    others = [one for one in now["Statement"] if not policies.is_ours(one)]
    return step(
        text,
        _as_set(now),
        _as_set(wanted),
        lambda: put_policy(aws, spec.bucket, wanted),
        f"{count(len(others), 'other statement')} kept" if others else "",
    )


def _as_set(document: dict[str, Any]) -> set[str]:
    # The order of the statements and of their fields has no meaning.
    return {json.dumps(one, sort_keys=True) for one in document["Statement"]}


def _wanted_policy(aws: Aws, spec: CloudSpec, there: bool) -> dict[str, Any]:
    now = policy(aws, spec.bucket) if there else policies.document()
    sid = policies.public_read_sid(spec.device)
    ours = [policies.tls_only(arn(aws, spec.bucket), arn(aws, spec.bucket, "*"))]
    if spec.public_read:
        photos = arn(aws, spec.bucket, f"{spec.device}/*.jpg")
        ours.append(policies.public_read(spec.device, photos))
    if spec.updates or updates_are_the_owners(now):
        ours += _updates_policy(aws, spec.bucket)
    gone = [
        *(policies.TLS_ONLY, policies.UPDATES_BY_OWNER, policies.UPDATES_NOT_BY_CAMERA),
        *([] if spec.public_read is None else [sid]),
    ]
    others = [one for one in now["Statement"] if one.get("Sid") not in gone]
    return {**now, "Statement": others + ours}


def _updates_policy(aws: Aws, name: str) -> list[dict[str, Any]]:
    account = aws.identity["account"]
    kinds = ("user", "role")
    cameras: list[policies.Arn] = [
        f"arn:{aws.partition}:iam::{account}:{kind}{user_path(name)}*" for kind in kinds
    ]
    return policies.updates_by_owner(arn(aws, name, f"{updates_folder('*')}/*"), account, cameras)


def updates_are_the_owners(document: dict[str, Any]) -> bool:
    """Return whether a bucket's policy lets only the owner write updates."""
    wanted = {policies.UPDATES_BY_OWNER, policies.UPDATES_NOT_BY_CAMERA}
    return wanted <= {one.get("Sid") for one in document["Statement"]}


def put_policy(aws: Aws, bucket: str, wanted: dict[str, Any]) -> None:
    """Replace the bucket's policy by `wanted`, or remove it if it has no statement."""
    if wanted["Statement"]:
        aws.call("s3", "put_bucket_policy", Bucket=bucket, Policy=json.dumps(wanted))
    else:
        aws.call("s3", "delete_bucket_policy", Bucket=bucket)


def _cors(aws: Aws, spec: CloudSpec, there: bool) -> Step:
    rules = cors(aws, spec.bucket) if there else []
    ident = policies.cors_rule(())["ID"]
    now = [rule for rule in rules if rule.get("ID") == ident]
    others = [rule for rule in rules if rule.get("ID") != ident]
    origins = spec.origins
    if origins is None:
        origins = tuple(now[0]["AllowedOrigins"]) if now else GALLERY_ORIGINS
    wanted = policies.cors_rule(origins)
    return step(
        f"let the gallery at {', '.join(origins)} read photos",
        _sorted_lists(now),
        _sorted_lists([wanted]),
        lambda: aws.call(
            "s3",
            "put_bucket_cors",
            Bucket=spec.bucket,
            CORSConfiguration={"CORSRules": [*others, wanted]},
        ),
    )


def _sorted_lists(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: sorted(value) if isinstance(value, list) else value for name, value in one.items()}
        for one in rules
    ]
