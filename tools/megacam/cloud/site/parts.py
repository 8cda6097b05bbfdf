"""The parts of a site at CloudFront: policies, origin access, function and key-value store.

Each is found by its name. ensure() makes it or makes it right; remove() deletes it.
"""

import dataclasses
import time
from typing import Any

from megacam.aws import Aws
from megacam.cloud.site import documents
from megacam.errors import MegacamError

_NO_FUNCTION = ("NoSuchFunctionExists",)
_NO_STORE = ("EntityNotFound", "ResourceNotFoundException")
_READY_TIMEOUT_S = 120
_READY_PAUSE_S = 2


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of part: its name in boto3's operations, their plural, and its name in answers."""

    noun: str
    plural: str
    word: str
    listing: dict[str, str]

    @property
    def config(self) -> str:
        """The name of its configuration in requests and answers."""
        return f"{self.word}Config"


ACCESS = Kind("origin_access_control", "origin_access_controls", "OriginAccessControl", {})
CACHE = Kind("cache_policy", "cache_policies", "CachePolicy", {"Type": "custom"})
HEADERS = Kind(
    "response_headers_policy",
    "response_headers_policies",
    "ResponseHeadersPolicy",
    {"Type": "custom"},
)


def find(aws: Aws, kind: Kind, name: str) -> str:
    """Return the id of the part of this kind and name, or "" if there is none."""
    order: dict[str, Any] = dict(kind.listing)
    while True:
        found = aws.call("cloudfront", f"list_{kind.plural}", **order)[f"{kind.word}List"]
        for one in found.get("Items", []):
            about = one.get(kind.word, one)
            if about.get(kind.config, about)["Name"] == name:
                return about["Id"]
        if not found.get("NextMarker"):
            return ""
        order["Marker"] = found["NextMarker"]


def is_right(aws: Aws, kind: Kind, wanted: dict[str, Any]) -> bool:
    """Return True if there is a part of this name and with this configuration."""
    there = find(aws, kind, wanted["Name"])
    if not there:
        return False
    found = aws.call("cloudfront", f"get_{kind.noun}", Id=there)[kind.word][kind.config]
    return not documents.differs(documents.counted(wanted), found)


def ensure(aws: Aws, kind: Kind, wanted: dict[str, Any]) -> str:
    """Make the part, or make it right; return its id."""
    config = {kind.config: documents.counted(wanted)}
    there = find(aws, kind, wanted["Name"])
    if not there:
        made = aws.call("cloudfront", f"create_{kind.noun}", **config)
        return made[kind.word]["Id"]
    if not is_right(aws, kind, wanted):
        etag = aws.call("cloudfront", f"get_{kind.noun}", Id=there)["ETag"]
        aws.call("cloudfront", f"update_{kind.noun}", Id=there, IfMatch=etag, **config)
    return there


def remove(aws: Aws, kind: Kind, name: str) -> None:
    """Delete the part of this kind and name, if there is one."""
    there = find(aws, kind, name)
    if there:
        etag = aws.call("cloudfront", f"get_{kind.noun}", Id=there)["ETag"]
        aws.call("cloudfront", f"delete_{kind.noun}", Id=there, IfMatch=etag)


def store_arn(aws: Aws, name: str) -> str:
    """Return the ARN of the key-value store of this name, or ""."""
    found = aws.call("cloudfront", "describe_key_value_store", missing=_NO_STORE, Name=name)
    return found["KeyValueStore"]["ARN"] if found else ""


def ensure_store(
    aws: Aws, name: str, clock: Any = time, timeout_s: float = _READY_TIMEOUT_S
) -> str:
    """Make the key-value store if there is none, wait until it is ready, and return its ARN."""
    if not store_arn(aws, name):
        aws.call("cloudfront", "create_key_value_store", Name=name)
    deadline_s = clock.monotonic() + timeout_s
    while True:
        found = aws.call("cloudfront", "describe_key_value_store", Name=name)["KeyValueStore"]
        if found.get("Status") == "READY":
            return found["ARN"]
        if clock.monotonic() > deadline_s:
            raise MegacamError(
                f"CloudFront is still preparing the key-value store {name}; run the same command "
                "again in a minute"
            )
        clock.sleep(_READY_PAUSE_S)


def remove_store(aws: Aws, name: str) -> None:
    """Delete the key-value store, and with it every link."""
    found = aws.call("cloudfront", "describe_key_value_store", missing=_NO_STORE, Name=name)
    if found:
        aws.call("cloudfront", "delete_key_value_store", Name=name, IfMatch=found["ETag"])


def function_is_right(aws: Aws, name: str, store: str) -> bool:
    """Return True if the published function has our code and reads this store."""
    live = _function(aws, name, "LIVE")
    wanted = documents.counted(documents.function_config(store))
    if not live or documents.differs(wanted, live["FunctionSummary"]["FunctionConfig"]):
        return False
    code = aws.call("cloudfront", "get_function", Name=name, Stage="LIVE")["FunctionCode"].read()
    return code == documents.function_code().encode()


def ensure_function(aws: Aws, name: str, store: str) -> str:
    """Make the function or bring it up to date, publish it, and return its ARN."""
    about: dict[str, Any] = {
        "Name": name,
        "FunctionConfig": documents.counted(documents.function_config(store)),
        "FunctionCode": documents.function_code().encode(),
    }
    there = _function(aws, name)
    if there:
        aws.call("cloudfront", "update_function", IfMatch=there["ETag"], **about)
    else:
        aws.call("cloudfront", "create_function", **about)
    # Asked for, because the answer of UpdateFunction has its ETag under another name.
    changed = _function(aws, name)
    assert changed
    aws.call("cloudfront", "publish_function", Name=name, IfMatch=changed["ETag"])
    return function_arn(aws, name)


def function_arn(aws: Aws, name: str) -> str:
    """Return the ARN of the function of this name, or ""."""
    found = _function(aws, name)
    return found["FunctionSummary"]["FunctionMetadata"]["FunctionARN"] if found else ""


def remove_function(aws: Aws, name: str) -> None:
    """Delete the function, which no distribution may use any more."""
    there = _function(aws, name)
    if there:
        aws.call("cloudfront", "delete_function", Name=name, IfMatch=there["ETag"])


def _function(aws: Aws, name: str, stage: str = "DEVELOPMENT") -> dict[str, Any] | None:
    order: dict[str, Any] = {"Name": name, "Stage": stage}
    return aws.call("cloudfront", "describe_function", missing=_NO_FUNCTION, **order)
