"""All of the host's access to AWS: sessions, calls, and AWS's errors in plain words.

aws = Aws(profile="work", region="eu-central-1")
answer = aws.call("s3", "get_bucket_cors", missing=("NoSuchCORSConfiguration",), Bucket=name)
"""

import contextlib
import dataclasses
import functools
import urllib.parse
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.config
import botocore.exceptions as failures
import botocore.loaders
import botocore.parsers
import botocore.session
from botocore import UNSIGNED

from megacam import address, settings
from megacam.errors import MegacamError

_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_ATTEMPTS = 5
_SMALL_BYTES = 65_536
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
    "403",
)
_BAD_KEY = (
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_TAKEN = ("BucketAlreadyExists", "OperationAborted")
# What a store answers that does not have a service: errors of AWS have other names.
_NO_SERVICE = ("400", "404", "405", "501", "NotImplemented")
_OTHER_REGION = (
    "301",
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)


class AwsError(MegacamError):
    """A call to AWS failed. `code` is AWS's error code, or "" if there was no answer.

    `no_service`: the store at AWS_ENDPOINT_URL does not have this service at all.
    """

    def __init__(self, message: str, code: str = "", no_service: bool = False):
        super().__init__(message)
        self.code = code
        self.no_service = no_service

    @property
    def denied(self) -> bool:
        """True if a policy forbids the call: AWS recognized the caller and refused."""
        return self.code in _DENIED

    @property
    def key_unknown(self) -> bool:
        """True if AWS does not know the access key; a new one takes seconds to propagate."""
        return self.code in _BAD_KEY


@dataclasses.dataclass(frozen=True)
class AccessKey:
    """An AWS key pair; its repr() leaves out the secret."""

    access_key_id: str
    secret_access_key: str = dataclasses.field(repr=False)
    session_token: str | None = dataclasses.field(default=None, repr=False)

    @property
    def identity(self) -> str:
        """The key's ID, which is not secret."""
        return self.access_key_id


class Aws:
    """One set of credentials for one AWS account in one region, or for another S3 store.

    `profile`, `region`, `endpoint` (of every service) and `key` override what boto3 finds in the
    environment and in ~/.aws. `key=False` sends unsigned requests. `path_style` is the setting of
    that name; None decides by the endpoint, as the board does.
    """

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        key: AccessKey | bool = True,
        path_style: bool | None = None,
    ):
        self.profile = profile
        self.endpoint = endpoint
        self.path_style = path_style
        self._key = key
        self._clients: dict[str, Any] = {}
        try:
            self._session = boto3.Session(
                region_name=region,
                botocore_session=_botocore_session(profile),
                **_key_arguments(key),
            )
        except failures.BotoCoreError as error:
            raise _explain_local(error, profile) from error

    @property
    def region(self) -> str:
        """The region in use; raises MegacamError if none is set anywhere."""
        region = self._session.region_name
        if not region:
            raise MegacamError("no AWS region is set; add --region, for example eu-central-1")
        return region

    @property
    def partition(self) -> str:
        """The AWS partition, the second field of every ARN: aws, aws-cn or aws-us-gov."""
        try:
            return self._session.get_partition_for_region(self.region)
        except failures.UnknownRegionError:
            return "aws"

    def has_service(self, service: str) -> bool:
        """Return whether AWS offers the service in this region, as far as boto3 knows."""
        regions = boto3.Session().get_available_regions(service, self.partition)
        return self.region in regions

    @functools.cached_property
    def identity(self) -> dict[str, str]:
        """The caller: {"account": twelve digits, "arn": ...}; this checks the credentials too."""
        answer = self.call("sts", "get_caller_identity")
        return {"account": answer["Account"], "arn": answer["Arn"]}

    def as_key(self, key: AccessKey | bool, region: str | None = None) -> "Aws":
        """Return access to the same place with another key; False sends unsigned requests."""
        return Aws(self.profile, region or self.region, self.endpoint, key, self.path_style)

    def in_region(self, region: str) -> "Aws":
        """Return access with the same credentials in another region."""
        return Aws(self.profile, region, self.endpoint, self._key, self.path_style)

    def client(self, service: str, config: botocore.config.Config | None = None) -> Any:
        """Return the boto3 client of `service`, with timeouts set; raises MegacamError.

        `config` overrides the timeouts and retries; such a client is not cached.
        """
        if config:
            return self._new_client(service, config)
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str, wanted: botocore.config.Config | None = None) -> Any:
        endpoint = self.endpoint or address.of_environment(service)
        style = {"addressing_style": _addressing_style(endpoint, self.path_style)}
        config = botocore.config.Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"mode": "standard", "max_attempts": _ATTEMPTS},
            s3={"us_east_1_regional_endpoint": "regional", **style},
            **({"signature_version": UNSIGNED} if self._key is False else {}),
        )
        try:
            return self._session.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                config=config.merge(wanted) if wanted else config,
            )
        except (failures.BotoCoreError, ValueError) as error:
            raise _explain_local(error, self.profile) from error

    def call(
        self, service: str, operation: str, missing: tuple[str, ...] = (), **arguments: Any
    ) -> Any:
        """Call one operation; return None if AWS answers with one of the error codes `missing`.

        Raises AwsError with one sentence that names the operation, its subject and the remedy.
        """
        client = self.client(service)
        try:
            with self._explained(client, operation, arguments):
                return getattr(client, operation)(**arguments)
        except AwsError as error:
            if error.code not in missing:
                raise
            return None

    @contextlib.contextmanager
    def _explained(self, client: Any, operation: str, arguments: dict[str, Any]) -> Iterator[None]:
        """Turn what boto3 raises into an AwsError."""
        try:
            yield
        except failures.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _NO_SERVICE and client.meta.service_model.service_name != "s3":
                raise _no_service(client, operation) from error
            raise explain(error, self.profile, about(arguments)) from error
        except botocore.parsers.ResponseParserError as error:
            raise _no_service(client, operation) from error
        except failures.BotoCoreError as error:
            raise _explain_local(error, self.profile) from error

    def read(self, bucket: str, key: str) -> bytes:
        """Return a small object; raises AwsError."""
        answer = self.call("s3", "get_object", Bucket=bucket, Key=key)
        try:
            with contextlib.closing(answer["Body"]) as body:
                return body.read(_SMALL_BYTES)
        except (failures.BotoCoreError, OSError) as error:
            raise _explain_local(error, self.profile) from error

    def pages(self, service: str, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing; raises AwsError."""
        client = self.client(service)
        with self._explained(client, operation, arguments):
            yield from client.get_paginator(operation).paginate(**arguments)

    def wait(self, service: str, waiter: str, **arguments: Any) -> None:
        """Wait until boto3's `waiter` succeeds; raises AwsError.

        It polls once a second, up to 30 times.
        """
        pace = {"Delay": 1, "MaxAttempts": 30}
        try:
            self.client(service).get_waiter(waiter).wait(WaiterConfig=pace, **arguments)
        except failures.WaiterError as error:
            raise AwsError(
                f"AWS does not show the {about(arguments)} yet; run the same command again"
            ) from error
        except failures.BotoCoreError as error:
            raise _explain_local(error, self.profile) from error

    def presigned_url(self, bucket: str, key: str, seconds: int) -> str:
        """Return a presigned URL with which anybody can read one object for `seconds`."""
        arguments = {"Bucket": bucket, "Key": key}
        # boto3 still presigns URLs for us-east-1 with Signature V2, which S3 refuses for buckets
        # created since June 2020.
        client = self.client("s3", botocore.config.Config(signature_version="s3v4"))
        return client.generate_presigned_url("get_object", Params=arguments, ExpiresIn=seconds)


@functools.cache
def _loader() -> botocore.loaders.Loader:
    return botocore.loaders.create_loader()


def _botocore_session(profile: str | None) -> botocore.session.Session:
    session = botocore.session.Session(profile=profile)
    # AWS's service descriptions are megabytes of JSON: read them once, not once for every key.
    session.register_component("data_loader", _loader())
    # Raises now if the profile does not exist; otherwise the error would surface later, anywhere.
    session.get_scoped_config()
    return session


def _addressing_style(endpoint: str | None, path_style: bool | None) -> str:
    """Return botocore's addressing style for the endpoint, by the same rule as on the board."""
    where = settings.where()
    host = urllib.parse.urlsplit(endpoint or where.amazon("us-east-1")).hostname or ""
    if path_style is None and where.is_aws(host):
        return "auto"  # which uses path style for a bucket with dots
    return "path" if where.is_path("", host, path_style) else "virtual"


def _key_arguments(key: AccessKey | bool) -> dict[str, Any]:
    if isinstance(key, bool):
        return {}
    return {
        "aws_access_key_id": key.access_key_id,
        "aws_secret_access_key": key.secret_access_key,
        "aws_session_token": key.session_token,
    }


def about(arguments: dict[str, Any]) -> str:
    """Return the subject of a call in words: the bucket, user or thing in its arguments."""
    for name, word in _SUBJECTS:
        if name in arguments:
            return f"{word} {arguments[name]}"
    return ""


_SUBJECTS = (
    ("Bucket", "bucket"),
    ("UserName", "user"),
    ("RoleName", "role"),
    ("thingName", "thing"),
    ("policyName", "IoT policy"),
    ("roleAlias", "role alias"),
    ("certificateId", "certificate"),
    ("BudgetName", "budget"),
    ("FunctionName", "function"),
    ("QueueName", "queue"),
    ("logGroupName", "log group"),
    ("Rule", "rule"),
)


def _no_service(client: Any, operation: str) -> AwsError:
    where, called = client.meta.endpoint_url, client.meta.method_to_api_mapping[operation]
    name = f"{client.meta.service_model.service_id} ({called})"
    return AwsError(f"{where} has no {name}; leave out the option that needs it", no_service=True)


def explain(error: Any, profile: str | None, subject: str = "") -> AwsError:
    """Return an AwsError that explains a botocore ClientError in one sentence with the remedy."""
    answer = error.response.get("Error", {})
    code = answer.get("Code", "")
    on = f" on {subject}" if subject else ""
    what = f"{error.operation_name}{on}"
    sentence = _sentence(code, what, subject, profile, error.response)
    if not sentence:
        text = str(answer.get("Message", "")).strip().rstrip(".") or "no reason given"
        sentence = f"AWS refused {what}: {text} ({code})"
    return AwsError(sentence, code)


def _sentence(
    code: str, what: str, subject: str, profile: str | None, response: dict[str, Any]
) -> str:
    account = f"the AWS profile {profile!r}" if profile else "your AWS credentials"
    if code in _DENIED:
        return (
            f"{account} may not call {what}; use an administrator's profile with --profile, or "
            "ask somebody with the permissions to deploy `megacam cloud template`"
        )
    if code in _BAD_KEY:
        return f"AWS does not accept {account} ({code}); renew them with `aws configure`"
    if code in _EXPIRED:
        return (
            f"the session of {account} has expired; sign in again, for example with "
            "`aws sso login`"
        )
    if code in _TAKEN and what.startswith("CreateBucket"):
        return (
            f"the {subject} belongs to another AWS account (names are unique world-wide) or was "
            "deleted a moment ago; choose another name with --bucket"
        )
    if code in _OTHER_REGION:
        headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = headers.get("x-amz-bucket-region", "REGION")
        return f"the {subject} is in another region; add --region {region}"
    return _rare_sentence(code, what, subject)


def _rare_sentence(code: str, what: str, subject: str) -> str:
    if code == "RequestTimeTooSkewed":
        return "this computer's clock is wrong by more than 15 minutes; set it and try again"
    if code in ("NoSuchBucket", "404") and subject.startswith("bucket"):
        return f"there is no {subject}; make it with `megacam cloud create`, or check --bucket"
    if code in ("OptInRequired", "SubscriptionRequiredException", "NotSignedUp"):
        return f"this AWS account is not set up for {what} yet; finish its sign-up in the console"
    if code in ("LimitExceeded", "LimitExceededException", "TooManyBuckets"):
        return f"AWS refused {what}: the account's quota is used up; remove what you do not need"
    return ""


def _explain_local(error: Exception, profile: str | None) -> MegacamError:
    if isinstance(error, failures.ProfileNotFound):
        return MegacamError(
            f"there is no AWS profile {profile!r}; list them with `aws configure list-profiles`"
        )
    no_key = (failures.NoCredentialsError, failures.PartialCredentialsError)
    if isinstance(error, (*no_key, failures.CredentialRetrievalError)):
        return AwsError(
            "no AWS credentials on this computer; sign in with `aws configure` or "
            "`aws sso login`, or name a profile with --profile"
        )
    if isinstance(error, (failures.TokenRetrievalError, failures.SSOError)):
        return AwsError("your AWS sign-in has expired; run `aws sso login` and try again")
    if isinstance(error, failures.SSLError):
        return AwsError(
            f"the certificate of {_host(error)} cannot be verified; behind a company proxy or "
            "with a store of your own, name its root with the variable AWS_CA_BUNDLE"
        )
    if isinstance(error, (failures.HTTPClientError, failures.ConnectionError)):
        return AwsError(f"cannot reach {_host(error)}; check the network and the region")
    return AwsError(f"the request to AWS failed: {error}")


def _host(error: Any) -> str:
    return str(getattr(error, "kwargs", {}).get("endpoint_url", "AWS"))
