"""Every name that is made of those of a bucket and a camera keeps the limits of AWS.

What boto3 is asked is compared with botocore's own description of each service; the template with
the limits in AWS's documents.
"""

import json
import re
import typing

import pytest
from any_speed import ANY_SPEED
from hypothesis import given, settings
from hypothesis import strategies as st
from megacam.aws import Aws
from megacam.cloud import create, destroy, policies
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options, template
from role_aliases import answer_role_aliases

pytest_plugins = ("local_aws", "role_aliases")
_LONGEST_DEVICE = "a-camera-with-the-longest-name-1"
# {type: {property: (longest, allowed)}}, from the pages of CloudFormation and of the services.
_WORD = r"[\w+=,.@-]+"
LIMITS = {
    "AWS::S3::Bucket": {"BucketName": (63, r"[a-z0-9-]+")},
    "AWS::IAM::User": {"UserName": (64, _WORD), "Path": (512, r"/([!-~]+/)?")},
    "AWS::IAM::Role": {"RoleName": (64, _WORD), "Path": (512, r"/([!-~]+/)?")},
    "AWS::IoT::RoleAlias": {"RoleAlias": (128, r"[\w=,@-]+")},
    "AWS::IoT::Policy": {"PolicyName": (128, _WORD)},
    "AWS::IoT::Thing": {"ThingName": (128, r"[a-zA-Z0-9:_-]+")},
    "AWS::Lambda::Function": {"FunctionName": (64, r"[\w-]+")},
    "AWS::SQS::Queue": {"QueueName": (80, r"[\w-]+")},
    "AWS::Logs::LogGroup": {"LogGroupName": (512, r"[.\w/#-]+")},
    "AWS::Events::Rule": {"Name": (64, r"[.\w-]+")},
    "AWS::CloudFront::OriginAccessControl": {"Name": (64, r"[\w-]+")},
    "AWS::CloudFront::CachePolicy": {"Name": (128, r"[\w-]+")},
    "AWS::CloudFront::ResponseHeadersPolicy": {"Name": (128, r"[\w-]+")},
    "AWS::CloudFront::Function": {"Name": (64, r"[\w-]+")},
    "AWS::CloudFront::KeyValueStore": {"Name": (64, r"[\w-]+")},
    "AWS::CloudFront::Distribution": {"Comment": (128, r".*")},
    "AWS::Budgets::Budget": {"BudgetName": (100, r"[^:\\]+")},
    "AWS::S3::BucketPolicy": {},
    "AWS::Lambda::Permission": {},
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def _name(longest, least=1):
    inner = st.text(_LETTERS + "-", min_size=max(0, least - 2), max_size=longest - 2)
    ends = st.sampled_from(_LETTERS)
    return st.builds(lambda a, b, c: a + b + c, ends, inner, ends).filter(
        lambda name: (
            not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
            and not name.endswith(("-s3alias", "--ol-s3", "--x-s3", "--table-s3"))
        )
    )


def _longest(text):
    """Return a name of the greatest length that begins with `text`."""
    return (text + "-" + _LETTERS * 2)[:63]


_STACK = "arn:aws:cloudformation:eu-west-1:1234:stack/megacam/4b1c2d3e-aaaa-bbbb-cccc-0123456789ab"


def _filled(value, bucket, is_own):
    """Return a template filled in for `bucket`; `is_own`: that is the template's default."""
    if isinstance(value, list):
        return [_filled(one, bucket, is_own) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, given)] = value.items()
        if name == "Fn::If":
            return _filled(given[1 if is_own else 2], bucket, is_own)
        given = _filled(given, bucket, is_own)
        known = {
            "Ref": lambda: {"BucketName": bucket, "AWS::StackId": _STACK}.get(given, value),
            "Fn::Sub": lambda: given.replace("${BucketName}", bucket),
            "Fn::Join": lambda: given[0].join(given[1]),
            "Fn::Select": lambda: given[1][given[0]],
            "Fn::Split": lambda: given[1].split(given[0]),
        }
        if name in known:
            return known[name]()
    return {name: _filled(one, bucket, is_own) for name, one in value.items()}


def _broken(made, bucket):
    """Return (logical ID, name) of each name that is too long or has other characters."""
    found = []
    for is_own in (True, False):
        for logical, one in _filled(made["Resources"], bucket, is_own).items():
            assert re.fullmatch(r"[A-Za-z0-9]{1,255}", logical), logical
            said = one["Properties"]
            for part in ("OriginAccessControlConfig", "CachePolicyConfig", "Budget"):
                said = said.get(part, said)
            for part in ("ResponseHeadersPolicyConfig", "DistributionConfig"):
                said = said.get(part, said)
            for name, (longest, allowed) in LIMITS[one["Type"]].items():
                value = said.get(name)
                if value and not (len(value) <= longest and re.fullmatch(allowed, value)):
                    found.append((logical, value))
    return found


@given(bucket=_name(63, 3) | _name(63, 63), device=_name(32) | _name(32, 32), iot=st.booleans())
@settings(max_examples=60, **ANY_SPEED)
def test_names_in_a_template_keep_the_limits(bucket, device, iot):
    made = template(_everything(bucket, device, iot))
    assert _broken(made, bucket) == []


@pytest.mark.parametrize("iot", [False, True])
def test_names_made_of_the_longest_keep_them_too(iot):
    bucket = _longest("photos")
    made = template(_everything(bucket, _LONGEST_DEVICE, iot))
    assert (len(bucket), len(_LONGEST_DEVICE)) == (63, 32)
    assert _broken(made, bucket) == []
    assert len(json.dumps(made)) < 1_000_000


def _everything(bucket, device, iot):
    return Options(
        bucket,
        (device, "b"),
        keep_days=30,
        iot=iot,
        cloudfront=True,
        budget_usd=5,
        budget_email="owner@example.org",
        keep_versions=7,
        updates=True,
        site=True,
        digest=True,
        on_upload="motion",
    )


@pytest.mark.parametrize("iot", [False, True])
def test_the_policy_of_a_camera_fits_into_iam(iot):
    # 2,048 characters for all inline policies of a user, 10,240 for those of a role:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    bucket = _longest("photos")
    made = template(_everything(bucket, _LONGEST_DEVICE, iot))["Resources"]
    [own] = [
        one["Properties"]["Policies"][0]["PolicyDocument"]
        for logical, one in made.items()
        if logical == "DeviceRole" or (logical.startswith("User") and logical != "Userb")
    ]
    arn = {"${Bucket.Arn}": f"arn:aws-us-gov:s3:::{bucket}", "${!": "${"}
    text = json.dumps(_filled(own, bucket, True), separators=(",", ":"))
    for name, value in arn.items():
        text = text.replace(name, value)
    assert len(text.replace('{"Ref":"AWS::AccountId"}', '"000000000000"')) < 2048


class Watched(Aws):
    """AWS that notes each call, also in another region."""

    calls: typing.ClassVar[list] = []

    def call(self, service, operation, missing=(), **arguments):
        self.calls.append((self.client(service), operation, arguments))
        return super().call(service, operation, missing, **arguments)

    def in_region(self, region):
        return Watched(self.profile, region, self.endpoint, self._key, self.path_style)


def _too_long(shape, value, where):
    """Yield what in `value` is longer than botocore's description of it allows."""
    if shape.type_name == "structure":
        for name, one in value.items():
            yield from _too_long(shape.members[name], one, f"{where}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from _too_long(shape.member, one, where)
    elif shape.type_name == "string":
        longest = shape.metadata.get("max")
        if (longest and len(value) > longest) or not _is_allowed(shape, value):
            yield where, value


def _is_allowed(shape, value):
    """Return False if botocore has a pattern for this text, in Python's words, and it differs."""
    try:
        return bool(re.fullmatch(shape.metadata.get("pattern", ".*"), value, re.DOTALL))
    except re.error:
        return True


@pytest.mark.parametrize("iot", [False, True])
def test_names_in_calls_keep_what_botocore_says_of_the_services(amazon, iot):
    aws, bucket = Watched(region=amazon.aws.region), _longest(f"long-{amazon.bucket}")
    if iot:
        amazon.aws, amazon.bucket = aws, bucket
        answer_role_aliases(amazon)
    Watched.calls = []
    spec = CloudSpec(
        bucket,
        _LONGEST_DEVICE,
        keep_days=30,
        iot=iot,
        public_read=True,
        budget_usd=5,
        budget_email="owner@example.org",
        updates=True,
        digest=True,
        on_upload="all",
        film=False,
    )
    create.plan(aws, spec).make()
    destroy.plan(aws, bucket, photos=True).make()
    seen = set()
    for client, operation, arguments in Watched.calls:
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        assert list(_too_long(shape, arguments, name)) == []
        seen.add(name)
    assert {"CreateRole", "CreateFunction", "PutRule", "CreateBudget"} <= seen
    assert ("CreateRoleAlias" if iot else "CreateUser") in seen


def test_a_statement_id_of_a_device_has_letters_and_digits_only():
    assert re.fullmatch(r"[A-Za-z0-9]+", policies.public_read_sid(_LONGEST_DEVICE))
