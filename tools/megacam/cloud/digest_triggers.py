"""What starts the digest: two rules of EventBridge, and the bucket's notification of uploads."""

import json
from typing import Any

from megacam.aws import Aws
from megacam.cloud import bucket
from megacam.cloud.digest_function import Wanted, arn, function_arn
from megacam.cloud.plan import Step, step

# At 5 past each hour; and once a day for photos that waited in the spool for days.
RULES = (("hourly", "cron(5 * * * ? *)", 2), ("daily", "cron(35 3 * * ? *)", 14))
# Photos begin with the year. The digest writes below DEVICE/_digest/, so it cannot start itself.
PHOTOS_PREFIX = "2"
_GONE = ("ResourceNotFoundException",)
_EVENTS = "events.amazonaws.com"
_S3 = "s3.amazonaws.com"


def schedule_steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the steps for the rules."""
    return [_rule_step(aws, wanted, *rule) for rule in RULES]


def upload_steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the step for the bucket's notification; it leaves those of others alone."""
    now, _ = _notifications(aws, wanted)
    want = [_notification(aws, wanted)] if wanted.on_upload else []
    if not now and not want:
        return []
    kind = {"motion": "each photo with motion", "all": "each photo"}.get(wanted.on_upload, "")
    text = f"run it on upload, for {kind}" if want else "run it no longer on upload"
    source = bucket.arn(aws, wanted.bucket)
    may_start = not want or _may_start(aws, wanted, _S3, source)

    def make() -> None:
        if want:
            _permit(aws, wanted, "s3", _S3, source)
        _put_notifications(aws, wanted, want)

    return [step(text, now and (_comparable(now), may_start), (_comparable(want), True), make)]


def missing(aws: Aws, wanted: Wanted) -> bool:
    """Return True if something that starts the function is missing, off or may not start it."""
    uploads = upload_steps(aws, wanted) if wanted.on_upload else []
    return any(one.make for one in (*schedule_steps(aws, wanted), *uploads))


def destroy_steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the steps that remove rules and notification."""
    found = []
    for name, *_ in RULES:
        rule = _rule_name(wanted, name)
        if _rule(aws, rule):
            found.append(_delete_rule_step(aws, rule))
    now, _ = _notifications(aws, wanted)
    if now:
        found.append(
            Step(
                f"tell nobody any longer of new photos of {wanted.device}",
                lambda: _put_notifications(aws, wanted, []),
                "remove",
            )
        )
    return found


def _rule_name(wanted: Wanted, name: str) -> str:
    # At most 64 characters: 56 of the function's name and 7 of these.
    return f"{wanted.name}-{name}"


def _rule(aws: Aws, name: str) -> dict[str, Any] | None:
    return aws.call("events", "describe_rule", missing=_GONE, Name=name)


def _rule_step(aws: Aws, wanted: Wanted, name: str, when: str, days: int) -> Step:
    rule = _rule_name(wanted, name)
    target = {
        "Id": "digest",
        "Arn": function_arn(aws, wanted),
        "Input": json.dumps({"days": days}),
    }
    there = _rule(aws, rule)
    found = aws.call("events", "list_targets_by_rule", Rule=rule)["Targets"] if there else []
    source = arn(aws, "events", f"rule/{rule}")
    may_start = _may_start(aws, wanted, _EVENTS, source)
    now = there and (there.get("ScheduleExpression"), there.get("State"), found, may_start)

    def make() -> None:
        state: dict[str, Any] = {"ScheduleExpression": when, "State": "ENABLED"}
        aws.call("events", "put_rule", Name=rule, **state)
        _permit(aws, wanted, name, _EVENTS, source)
        aws.call("events", "put_targets", Rule=rule, Targets=[target])

    words = {"hourly": "5 minutes past each hour", "daily": "each night, for late photos"}
    return step(f"run it {words[name]}", now, (when, "ENABLED", [target], True), make)


def _delete_rule_step(aws: Aws, rule: str) -> Step:
    def make() -> None:
        aws.call("events", "remove_targets", missing=_GONE, Rule=rule, Ids=["digest"])
        aws.call("events", "delete_rule", missing=_GONE, Name=rule)

    return Step(f"delete the schedule {rule}", make, "remove")


def _may_start(aws: Aws, wanted: Wanted, service: str, source: str) -> bool:
    """Return whether the function's policy lets a service start it for `source` in this account.

    CloudFormation chooses the names of statements, so they are compared by the rest.
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    found = aws.call("lambda", "get_policy", missing=_GONE, FunctionName=wanted.name)
    statements = json.loads(found["Policy"])["Statement"] if found else []
    want = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction",
        "Resource": function_arn(aws, wanted),
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": aws.identity["account"]},
            "ArnLike": {"AWS:SourceArn": source},
        },
    }
    return any({**one, "Sid": ""} == {**want, "Sid": ""} for one in statements)


def _permit(aws: Aws, wanted: Wanted, name: str, service: str, source: str) -> None:
    """Let a service start the function, only for `source` in this account."""
    if _may_start(aws, wanted, service, source):
        return
    statement: dict[str, Any] = {"FunctionName": wanted.name, "StatementId": f"megacam-{name}"}
    # Lambda does not replace a statement.
    aws.call("lambda", "remove_permission", missing=_GONE, **statement)
    aws.call(
        "lambda",
        "add_permission",
        **statement,
        Action="lambda:InvokeFunction",
        Principal=service,
        SourceArn=source,
        SourceAccount=aws.identity["account"],
    )


def _notification(aws: Aws, wanted: Wanted) -> dict[str, Any]:
    rules = [
        {"Name": "prefix", "Value": f"{wanted.device}/{PHOTOS_PREFIX}"},
        {"Name": "suffix", "Value": ".jpg"},
    ]
    return {
        "Id": wanted.name,
        "LambdaFunctionArn": function_arn(aws, wanted),
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }


def _comparable(found: list[dict[str, Any]]) -> list[Any]:
    """Return notifications in a form in which equal ones are equal; S3 writes "Prefix"."""
    return [
        (
            one["LambdaFunctionArn"],
            sorted(one["Events"]),
            sorted(
                (rule["Name"].lower(), rule["Value"])
                for rule in one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
            ),
        )
        for one in found
    ]


def _notifications(
    aws: Aws, wanted: Wanted
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Return our notification, and the bucket's whole configuration without it.

    It is known by its function, as CloudFormation chooses its ID.
    """
    found = aws.call(
        "s3",
        "get_bucket_notification_configuration",
        missing=("NoSuchBucket",),
        Bucket=wanted.bucket,
    )
    others = {name: value for name, value in (found or {}).items() if name != "ResponseMetadata"}
    functions = others.pop("LambdaFunctionConfigurations", [])
    own = function_arn(aws, wanted)
    ours = [one for one in functions if one["LambdaFunctionArn"] == own]
    kept = [one for one in functions if one["LambdaFunctionArn"] != own]
    return ours, {**others, "LambdaFunctionConfigurations": kept}


def _put_notifications(aws: Aws, wanted: Wanted, ours: list[dict[str, Any]]) -> None:
    # Read again: S3 keeps one document for all, and a put replaces the whole of it.
    _, others = _notifications(aws, wanted)
    functions = [*others["LambdaFunctionConfigurations"], *ours]
    aws.call(
        "s3",
        "put_bucket_notification_configuration",
        Bucket=wanted.bucket,
        NotificationConfiguration={**others, "LambdaFunctionConfigurations": functions},
    )
