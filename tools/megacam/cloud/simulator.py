"""What a camera may do, as IAM's policy simulator answers: it tries each action and does none.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import bucket, policies

_PHOTO = "2026/11/23/120000-000001.jpg"
# What no camera may do: in words, the action, and the object, "" for the bucket.
_FORBIDDEN = (
    ("write digests", "PutObject", "{}/_digest/2026/11/23/day.json"),
    ("write the state of alarms", "PutObject", "{}/_digest/alarms.json"),
    ("write updates", "PutObject", f"{{}}/{policies.UPDATES}/release"),
    ("write for another camera", "PutObject", f"not-{{}}/{_PHOTO}"),
    ("read photos", "GetObject", f"{{}}/{_PHOTO}"),
    ("delete photos", "DeleteObject", f"{{}}/{_PHOTO}"),
    ("list the bucket", "ListBucket", ""),
)


def excess(aws: Aws, principal: str, bucket_name: str, device: str) -> list[str]:
    """Return in words what the user or role with the ARN `principal` may do and should not.

    [] if there is nobody to ask: these credentials lack iam:SimulatePrincipalPolicy, or the store
    has no simulator.
    """
    found = []
    for words, action, name in _FORBIDDEN:
        order: dict[str, Any] = {
            "PolicySourceArn": principal,
            "ActionNames": [f"s3:{action}"],
            "ResourceArns": [bucket.arn(aws, bucket_name, name.format(device))],
            "ContextEntries": _context(aws, device),
        }
        try:
            answer = aws.call("iam", "simulate_principal_policy", **order)
        except AwsError as error:
            if error.denied or error.no_service or error.code == "InvalidAction":
                return []
            raise
        if any(one["EvalDecision"] == "allowed" for one in answer["EvaluationResults"]):
            found.append(words)
    return found


def _context(aws: Aws, device: str) -> list[dict[str, Any]]:
    """Return what the conditions and variables of a camera's policy find in its requests."""
    values = {
        "s3:if-none-match": "*",
        "aws:ResourceAccount": aws.identity["account"],
        "credentials-iot:ThingName": device,
    }
    return [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in values.items()
    ]
