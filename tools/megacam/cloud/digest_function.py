"""The digest's Lambda function with its role, its log and the queue of its failed runs."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import bucket, function_zip, policies, spec
from megacam.cloud.plan import Step, step
from megacam.digest import models

MEMORY_MB = 1024
TIMEOUT_S = 900
LOG_DAYS = 14
#: Where Lambda writes the logs of its functions.
LOGS = "/aws/lambda/"
QUEUE_S = 14 * 86_400
POLICY = "megacam-digest"
LABEL_CALLS = 1000
_GONE = ("ResourceNotFoundException", "NoSuchEntity")
_THERE = ("ResourceAlreadyExistsException",)
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
# IAM takes seconds until Lambda may assume a new role.
_ROLE_TRIES = 12
_ROLE_WAIT_S = 5


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the function of one camera is to be; `on_upload` is "", "motion" or "all".

    `labels` is the model that it asks, "" for none. `alarms`: it sends alarms, also to the SNS
    topic with the ARN `topic`, if there is one. `token`: the model takes a token.
    """

    bucket: str
    device: str
    zone: str = ""
    motion_threshold: int = 46
    film: bool = True
    on_upload: str = ""
    labels: str = ""
    label_calls: int = LABEL_CALLS
    alarms: bool = False
    topic: str = ""
    token: bool = False

    @property
    def name(self) -> str:
        """The name of the function, its role, queue and rules: at most 64 characters."""
        return name_of(self.bucket, self.device)

    @property
    def log(self) -> str:
        """The name of the function's log group."""
        return f"{LOGS}{self.name}"

    @property
    def parameter(self) -> str:
        """The name of the parameter of SSM that holds the camera's alarms.json."""
        return parameter_name(self.bucket, self.device)

    @property
    def token_parameter(self) -> str:
        """The name of the parameter of SSM that holds the token of the camera's model."""
        return token_name(self.bucket, self.device)

    def environment(self) -> dict[str, str]:
        """Return the function's environment; there is no secret in it."""
        return {
            "MEGACAM_BUCKET": self.bucket,
            "MEGACAM_DEVICE": self.device,
            "MEGACAM_TIMEZONE": self.zone,
            "MEGACAM_MOTION_THRESHOLD": str(self.motion_threshold),
            "MEGACAM_FILM": str(int(self.film)),
            "MEGACAM_ON_UPLOAD": self.on_upload,
            "MEGACAM_LABELS": self.labels,
            "MEGACAM_LABEL_CALLS": str(self.label_calls),
            "MEGACAM_LABELS_PARAMETER": self.token_parameter if self.token else "",
            "MEGACAM_ALARMS_PARAMETER": self.parameter if self.alarms else "",
            "MEGACAM_ALARMS_TOPIC": self.topic,
        }

    def more_rights(
        self,
        photos: policies.Arn,
        account: policies.Arn,
        parameters: Sequence[policies.Arn],
    ) -> list[dict[str, Any]]:
        """Return the statements that labels and alarms add to the role's policy.

        `parameters` are those of alarms.json and of the model's token.
        """
        allow = {"Effect": "Allow"}
        found: list[dict[str, Any]] = []
        if self.labels:
            ours = {"StringEquals": {"aws:ResourceAccount": account}}
            note = {"Action": "s3:PutObjectAnnotation", "Resource": photos, "Condition": ours}
            found.append({**allow, **note})
        if self.labels == models.REKOGNITION:
            # DetectLabels gets the photo in the request, so there is no resource to name.
            found.append({**allow, "Action": "rekognition:DetectLabels", "Resource": "*"})
        for is_on, parameter in zip((self.alarms, self.token), parameters, strict=True):
            if is_on:
                found.append({**allow, "Action": "ssm:GetParameter", "Resource": parameter})
        if self.alarms and self.topic:
            found.append({**allow, "Action": "sns:Publish", "Resource": self.topic})
        return found


def name_of(bucket_name: str, device: str) -> str:
    """Return the name of a camera's function."""
    digest = hashlib.sha256(f"{bucket_name}/{device}".encode()).hexdigest()[:8]
    return f"megacam-digest-{device}-{digest}"


def parameter_name(bucket_name: str, device: str) -> str:
    """Return the name of the parameter of SSM that holds a camera's alarms.json."""
    return f"/megacam/{bucket_name}/{device}/alarms"


def token_name(bucket_name: str, device: str) -> str:
    """Return the name of the parameter of SSM that holds the token of a camera's model."""
    return f"/megacam/{bucket_name}/{device}/labels-token"


def arn(aws: Aws, service: str, what: str) -> str:
    """Return an ARN in the account and region in use."""
    return f"arn:{aws.partition}:{service}:{aws.region}:{aws.identity['account']}:{what}"


def function_arn(aws: Aws, wanted: Wanted) -> str:
    """Return the ARN of the function."""
    return arn(aws, "lambda", f"function:{wanted.name}")


def is_out_of_reach(error: AwsError) -> bool:
    """Return True if these credentials, or a stand-in for AWS, have nothing to do with Lambda."""
    return error.denied or error.no_service


def read(aws: Aws, bucket_name: str, device: str) -> dict[str, str] | None:
    """Return the environment of a camera's function, or None if there is none.

    Without the permission to ask there is none either, as for owners who use S3 alone.
    """
    try:
        found = _configuration(aws, name_of(bucket_name, device))
    except AwsError as error:
        if is_out_of_reach(error):
            return None
        raise
    return found.get("Environment", {}).get("Variables", {}) if found else None


def steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the steps for queue, log, role and function."""
    return [
        _queue_step(aws, wanted),
        _log_step(aws, wanted),
        _role_step(aws, wanted),
        _function_step(aws, wanted),
    ]


def destroy_steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the steps that remove what is there of them."""
    name, url = wanted.name, _queue_url(aws, wanted)

    def call(service: str, operation: str, **what: Any) -> Callable[[], Any]:
        return lambda: aws.call(service, operation, missing=(*_GONE, *_NO_QUEUE), **what)

    role = aws.call("iam", "get_role", missing=_GONE, RoleName=name)
    found = [
        (
            _configuration(aws, name),
            "function",
            call("lambda", "delete_function", FunctionName=name),
        ),
        (role, "role", lambda: _delete_role(aws, name)),
        (
            _log_days(aws, wanted) is not None,
            "log",
            call("logs", "delete_log_group", logGroupName=wanted.log),
        ),
        (url, "queue", call("sqs", "delete_queue", QueueUrl=url)),
    ]
    return [
        Step(f"delete the digest's {what} {name}", make, "remove")
        for there, what, make in found
        if there
    ]


def failed_runs(aws: Aws, wanted: Wanted) -> int:
    """Return how many runs failed three times and are in the queue."""
    url = _queue_url(aws, wanted)
    if not url:
        return 0
    name = "ApproximateNumberOfMessages"
    found = aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=[name])
    return int(found.get("Attributes", {}).get(name, 0))


def policy(aws: Aws, wanted: Wanted) -> dict[str, Any]:
    """Return the policy of the function's role."""
    found = policies.digest_role(
        bucket.arn(aws, wanted.bucket),
        wanted.device,
        bucket.arn(aws, wanted.bucket, f"{wanted.device}/*"),
        bucket.arn(aws, wanted.bucket, f"{wanted.device}/_digest/*"),
        aws.identity["account"],
        arn(aws, "logs", f"log-group:{wanted.log}:*"),
        arn(aws, "sqs", wanted.name),
    )
    found["Statement"] += wanted.more_rights(
        bucket.arn(aws, wanted.bucket, f"{wanted.device}/2*"),
        aws.identity["account"],
        (
            arn(aws, "ssm", f"parameter{wanted.parameter}"),
            arn(aws, "ssm", f"parameter{wanted.token_parameter}"),
        ),
    )
    return found


def _queue_url(aws: Aws, wanted: Wanted) -> str:
    found = aws.call("sqs", "get_queue_url", missing=_NO_QUEUE, QueueName=wanted.name)
    return found["QueueUrl"] if found else ""


def _queue_step(aws: Aws, wanted: Wanted) -> Step:
    attributes = {"MessageRetentionPeriod": str(QUEUE_S), "SqsManagedSseEnabled": "true"}
    url = _queue_url(aws, wanted)
    found = None
    if url:
        names = list(attributes)
        found = aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names)

    def make() -> None:
        if url:
            aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes=attributes)
        else:
            aws.call("sqs", "create_queue", QueueName=wanted.name, Attributes=attributes)

    return step(
        f"keep failed runs of the digest for 14 days in the queue {wanted.name}",
        found and found.get("Attributes", {}),
        attributes,
        make,
    )


def _log_days(aws: Aws, wanted: Wanted) -> int | None:
    """Return after how many days the log expires, 0 for never, None if there is no log."""
    found = aws.call("logs", "describe_log_groups", logGroupNamePrefix=wanted.log)
    groups = [one for one in found["logGroups"] if one["logGroupName"] == wanted.log]
    return groups[0].get("retentionInDays", 0) if groups else None


def _log_step(aws: Aws, wanted: Wanted) -> Step:
    def make() -> None:
        aws.call("logs", "create_log_group", missing=_THERE, logGroupName=wanted.log)
        days: dict[str, Any] = {"logGroupName": wanted.log, "retentionInDays": LOG_DAYS}
        aws.call("logs", "put_retention_policy", **days)

    return step(
        f"keep its log for {LOG_DAYS} days in {wanted.log}",
        _log_days(aws, wanted),
        LOG_DAYS,
        make,
    )


def _role_step(aws: Aws, wanted: Wanted) -> Step:
    name = wanted.name
    own, trust = policy(aws, wanted), policies.lambda_trust()
    there = aws.call("iam", "get_role", missing=_GONE, RoleName=name)
    found = None
    if there:
        found = aws.call("iam", "get_role_policy", missing=_GONE, RoleName=name, PolicyName=POLICY)
    now = found and (found["PolicyDocument"], there["Role"]["AssumeRolePolicyDocument"])

    def make() -> None:
        role: dict[str, Any] = {"RoleName": name}
        may = json.dumps(trust)
        if there:
            aws.call("iam", "update_assume_role_policy", **role, PolicyDocument=may)
        else:
            path = spec.user_path(wanted.bucket, wanted.device)
            aws.call("iam", "create_role", **role, Path=path, AssumeRolePolicyDocument=may)
        rights: dict[str, Any] = {"PolicyName": POLICY, "PolicyDocument": json.dumps(own)}
        aws.call("iam", "put_role_policy", **role, **rights)

    return step(
        f"let the role {name} read below {wanted.device}/ and write below "
        f"{wanted.device}/_digest/, nothing else",
        now,
        (own, trust),
        make,
        "the present policies are not those that megacam makes" if found else "",
    )


def _delete_role(aws: Aws, name: str) -> None:
    aws.call("iam", "delete_role_policy", missing=_GONE, RoleName=name, PolicyName=POLICY)
    aws.call("iam", "delete_role", missing=_GONE, RoleName=name)


def _configuration(aws: Aws, name: str) -> dict[str, Any] | None:
    return aws.call("lambda", "get_function_configuration", missing=_GONE, FunctionName=name)


def _function_step(aws: Aws, wanted: Wanted) -> Step:
    now = _configuration(aws, wanted.name)

    def make() -> None:
        code = function_zip.build(wanted.film)
        put = _create if now is None else _update
        # Again, as the role may not have been there.
        put(aws, _settings(aws, wanted), code)

    return step(
        f"run the digest of {wanted.device} as the function {wanted.name}"
        + ("" if wanted.film else ", without films"),
        now and _has(now, _settings(aws, wanted)),
        True,
        make,
        "other code or settings" if now else "",
    )


def _settings(aws: Aws, wanted: Wanted) -> dict[str, Any]:
    """Return what is to be set of the function, with "" for a role that is not there yet."""
    role = aws.call("iam", "get_role", missing=_GONE, RoleName=wanted.name)
    build = function_zip.identity(wanted.film)
    return {
        "FunctionName": wanted.name,
        "Runtime": f"python{function_zip.PYTHON}",
        "Architectures": [function_zip.ARCHITECTURE],
        "Handler": function_zip.HANDLER,
        "Role": role["Role"]["Arn"] if role else "",
        "MemorySize": MEMORY_MB,
        "Timeout": TIMEOUT_S,
        "Environment": {"Variables": {**wanted.environment(), "MEGACAM_BUILD": build}},
        "DeadLetterConfig": {"TargetArn": arn(aws, "sqs", wanted.name)},
    }


def _has(now: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Return whether a function has the settings; it may have more, also more variables."""
    variables = now.get("Environment", {}).get("Variables", {})
    ours = settings["Environment"]["Variables"]
    found: dict[str, Any] = {name: now.get(name) for name in settings}
    found["Environment"] = {"Variables": {name: variables.get(name) for name in ours}}
    return found == settings


def _create(aws: Aws, settings: dict[str, Any], code: bytes) -> None:
    tags = {"megacam:bucket": settings["Environment"]["Variables"]["MEGACAM_BUCKET"]}
    _with_role(aws, "create_function", **settings, Code={"ZipFile": code}, Tags=tags)
    aws.wait("lambda", "function_active_v2", FunctionName=settings["FunctionName"])


def _update(aws: Aws, settings: dict[str, Any], code: bytes) -> None:
    name = {"FunctionName": settings["FunctionName"]}
    chips = {"Architectures": settings["Architectures"]}
    others = {name: value for name, value in settings.items() if name not in chips}
    # The code first: until then, the old build is named, and the same command goes on from here.
    aws.call("lambda", "update_function_code", **name, **chips, ZipFile=code)
    aws.wait("lambda", "function_updated_v2", **name)
    _with_role(aws, "update_function_configuration", **others)
    aws.wait("lambda", "function_updated_v2", **name)


def _with_role(aws: Aws, operation: str, **what: Any) -> None:
    """Call an operation of Lambda, again and again until Lambda may assume the role."""
    for left in reversed(range(_ROLE_TRIES)):
        try:
            aws.call("lambda", operation, **what)
            return
        except AwsError as error:
            if error.code != "InvalidParameterValueException" or not left:
                raise
            time.sleep(_ROLE_WAIT_S)
