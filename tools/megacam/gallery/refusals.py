"""Explain errors of S3 and of the network in one sentence with the remedy."""

from collections.abc import Mapping
from types import MappingProxyType

import botocore.exceptions
import urllib3.exceptions

from megacam.errors import MegacamError

MISSING = ("404", "NoSuchKey", "NotFound")
ARCHIVED = "InvalidObjectState"
FAULTS = (
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
    urllib3.exceptions.HTTPError,
    OSError,
)

_REMEDIES = {
    "AccessDenied": "give these credentials s3:ListBucket on the bucket and s3:GetObject on its "
    "photos (and s3:DeleteObject to delete)",
    "ExpiredToken": "the session has ended: sign in again (aws sso login)",
    "InvalidAccessKeyId": "check the access key of your AWS profile",
    "SignatureDoesNotMatch": "check the secret access key of your AWS profile",
    "RequestTimeTooSkewed": "set this computer's clock",
    "NoSuchBucket": "check the bucket's name and region",
    "PermanentRedirect": "the bucket is in another region: choose it with --region",
    "AuthorizationHeaderMalformed": "the bucket is in another region: choose it with --region",
    "SlowDown": "S3 asks for fewer requests; the page tries again by itself",
    "KMS.DisabledException": "enable the KMS key of the bucket",
}
_SAME = {"403": "AccessDenied", "Forbidden": "AccessDenied", "AllAccessDisabled": "AccessDenied"}


class BucketError(MegacamError):
    """S3 refused or did not answer; the message names the request, the answer and the remedy."""


class PhotoMissingError(BucketError):
    """The object does not exist, is not a photo, or is archived."""


def code_of(error: Exception) -> str:
    """Return S3's error code, or "" if the error is not an answer from S3."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_denied(error: BaseException | None) -> bool:
    """Return True if the store said that these credentials may not."""
    code = code_of(error) if isinstance(error, Exception) else ""
    return _SAME.get(code, code) == "AccessDenied"


def explain(
    error: Exception,
    what: str,
    bucket: str,
    endpoint: str,
    remedies: Mapping[str, str] = MappingProxyType({}),
) -> BucketError:
    """Return the error to raise in place of botocore's.

    `remedies` replace those of the gallery, by S3's code; "" is for all other trouble.
    """
    code = code_of(error)
    again = remedies.get("", "the page tries again by itself")
    if code in MISSING:
        return PhotoMissingError(f"{what}: it is not in the bucket {bucket!r} (any more)")
    if code == ARCHIVED:
        return PhotoMissingError(
            f"{what}: it is archived (Glacier); restore it in the S3 console to see it"
        )
    if code:
        code = _SAME.get(code, code)
        remedy = {**_REMEDIES, **remedies}.get(code, again)
        return BucketError(f"S3 refused {what} in {bucket!r} ({code}): {remedy}")
    if isinstance(error, botocore.exceptions.NoCredentialsError):
        return BucketError(
            "there are no AWS credentials here: run `aws configure` or set a profile"
        )
    if (
        isinstance(error, botocore.exceptions.BotoCoreError)
        and "sso" in type(error).__name__.lower()
    ):
        return BucketError("the AWS session has ended: sign in again (aws sso login)")
    reason = _network_reason(error)
    return BucketError(f"{endpoint} {reason} while {what}: check the network; {again}")


def _network_reason(error: Exception) -> str:
    name = type(error).__name__
    if "ReadTimeout" in name:
        return "did not answer in time"
    if "ConnectTimeout" in name or "EndpointConnection" in name:
        return "cannot be reached"
    if "SSL" in name:
        return "has a certificate that does not verify"
    return f"broke the connection ({name})"
