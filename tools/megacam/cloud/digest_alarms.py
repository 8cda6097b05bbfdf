"""The alarms of the digest's function: alarms.json as an encrypted parameter of SSM.

The function's role may read this one parameter. Its environment has only the parameter's name.
"""

import json
from typing import Any

from megacam.alarms import settings
from megacam.aws import Aws, AwsError
from megacam.cloud import digest_function
from megacam.cloud.digest_function import Wanted
from megacam.cloud.plan import Step, step
from megacam.errors import MegacamError

_GONE = ("ParameterNotFound",)
# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
_LIMIT_BYTES = 4096


def checked(text: str) -> tuple[str, str]:
    """Return (an alarms.json without spaces, the ARN of its SNS topic or "").

    Raises MegacamError if it would not do in the cloud.
    """
    found = settings.parse(text, "alarms.json")
    if not found.senders(lambda region: None):
        raise MegacamError("alarms.json names nobody to whom a function can send")
    raw = json.loads(text)
    if found.quiet and not raw.get("timezone"):
        raise MegacamError(
            "alarms.json needs a timezone for its quiet hours: a function's clock is in UTC"
        )
    made = json.dumps(raw, separators=(",", ":"), ensure_ascii=False)
    if len(made.encode()) > _LIMIT_BYTES:
        raise MegacamError(f"alarms.json is over {_LIMIT_BYTES} bytes, which SSM does not take")
    return made, found.chosen.get("sns", {}).get("topic", "")


def step_for(aws: Aws, wanted: Wanted, text: str) -> Step:
    """Return the step that keeps `text` in the parameter; no word of it is in the step."""
    value: dict[str, Any] = {"Value": text, "Type": "SecureString", "Overwrite": True}
    there = _read(aws, wanted)
    return step(
        f"keep alarms.json encrypted in the parameter {wanted.parameter}",
        there,
        text,
        lambda: aws.call("ssm", "put_parameter", Name=wanted.parameter, **value),
        "another alarms.json" if there else "",
    )


def destroy_steps(aws: Aws, wanted: Wanted) -> list[Step]:
    """Return the step that removes the parameter, if it is there."""
    try:
        there = _read(aws, wanted)
    except AwsError as error:
        if digest_function.is_out_of_reach(error):
            return []
        raise
    if there is None:
        return []
    name = wanted.parameter
    return [
        Step(
            f"delete the parameter {name}",
            lambda: aws.call("ssm", "delete_parameter", missing=_GONE, Name=name),
            "remove",
        )
    ]


def _read(aws: Aws, wanted: Wanted) -> str | None:
    name: dict[str, Any] = {"Name": wanted.parameter, "WithDecryption": True}
    found = aws.call("ssm", "get_parameter", missing=_GONE, **name)
    return found["Parameter"]["Value"] if found else None
