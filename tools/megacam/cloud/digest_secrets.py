"""What the digest's function must not show, as encrypted parameters of SSM: alarms.json, a token.

The function's role may read these parameters alone. Its environment has only their names.
"""

from collections.abc import Sequence
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.cloud import digest_function
from megacam.cloud.plan import Step, step

_GONE = ("ParameterNotFound",)


def step_for(aws: Aws, name: str, text: str, what: str) -> Step:
    """Return the step that keeps `text` in the parameter `name`; no word of it is in the step."""
    value: dict[str, Any] = {"Value": text, "Type": "SecureString", "Overwrite": True}
    there = _read(aws, name)
    return step(
        f"keep {what} encrypted in the parameter {name}",
        there,
        text,
        lambda: aws.call("ssm", "put_parameter", Name=name, **value),
        f"another {what}" if there else "",
    )


def destroy_steps(aws: Aws, names: Sequence[str]) -> list[Step]:
    """Return the steps that remove those of the parameters that are there."""
    try:
        return [
            Step(f"delete the parameter {name}", _deletion(aws, name), "remove")
            for name in names
            if _read(aws, name) is not None
        ]
    except AwsError as error:
        if digest_function.is_out_of_reach(error):
            return []
        raise


def _deletion(aws: Aws, name: str) -> Any:
    return lambda: aws.call("ssm", "delete_parameter", missing=_GONE, Name=name)


def _read(aws: Aws, name: str) -> str | None:
    wanted: dict[str, Any] = {"Name": name, "WithDecryption": True}
    found = aws.call("ssm", "get_parameter", missing=_GONE, **wanted)
    return found["Parameter"]["Value"] if found else None
