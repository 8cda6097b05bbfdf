"""The CloudFormation template: valid for AWS's linter, with the same resources as `create`."""

import functools
import itertools
import json
import re

import pytest
from each import each
from megacam.cloud import create, digest_function, iot, keys, rotate, show, spec
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options, template
from megacam.errors import MegacamError

pytest_plugins = "local_aws"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
BUDGET = {"budget_usd": 5, "budget_email": "owner@example.org"}


@functools.cache
def _linter():
    # Its import takes a second, which each worker would spend for its list of tests.
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=["us-east-1", "eu-central-1"]))


def _complaints(made):
    from cfnlint.decode.decode import decode_str

    parsed, faults = decode_str(json.dumps(made))
    return [str(one) for one in faults or _linter().validate_template(parsed)]


_SETS = {
    (0b000, 0b111): {"updates": True},
    (0b001, 0b110): {"keep_days": 30, **BUDGET},
    (0b010, 0b101): {"keep_versions": 30, "updates": True},
    (0b011, 0b100): {"keep_days": 9, "keep_versions": 3, "updates": True, "site": True},
}


# All combinations of the three options; each set of the others with and without each of them. One
# test, as each worker that runs one loads the linter's rules, which takes longer than ten cases.
@each("three, rest", [(three, rest) for pair, rest in _SETS.items() for three in pair])
def test_the_linter_of_aws_finds_nothing(three, rest):
    iot, public_read, cloudfront = (bool(three & bit) for bit in (4, 2, 1))
    options = Options(
        "garden-photos",
        ("cam1", "roof-2"),
        iot=iot,
        public_read=public_read,
        cloudfront=cloudfront,
        **rest,
    )
    assert _complaints(template(options)) == []


@each("on_upload, iot", list(itertools.product(["", "motion", "off"], [False, True])))
def test_the_linter_of_aws_finds_nothing_in_the_digest(on_upload, iot):
    devices = ("cam1", "roof-2")
    more = {"labels": "rekognition", "alarms": True, "topic": TOPIC} if iot else {}
    made = template(
        Options("garden-photos", devices, iot=iot, digest=True, on_upload=on_upload, **more)
    )
    assert _complaints(made) == []
    told = made["Resources"]["Bucket"]["Properties"].get("NotificationConfiguration", {})
    assert len(told.get("LambdaConfigurations", [])) == (2 if on_upload == "motion" else 0)


def _resolved(value, bucket, stack):
    """Return what CloudFormation makes of a value, of the functions that names are made with."""
    if not isinstance(value, dict):
        return value
    [(function, given)] = value.items()
    of = functools.partial(_resolved, bucket=bucket, stack=stack)
    if function == "Ref":
        return {"BucketName": bucket, "AWS::StackId": stack}[given]
    if function == "Fn::If":
        return of(given[1] if bucket == "garden-photos" else given[2])
    if function == "Fn::Join":
        return given[0].join(map(of, given[1]))
    if function == "Fn::Select":
        return of(given[1])[given[0]]
    assert function == "Fn::Split"
    return of(given[1]).split(given[0])


def _names(made, bucket, number):
    """Return every name that a stack of a template gives at AWS, of what lives beside others."""
    stack = f"arn:aws:cloudformation:us-east-1:123456789012:stack/megacam/{number:08x}-51af"
    found = []
    for one in made["Resources"].values():
        about = one["Properties"]
        if one["Type"].startswith("AWS::CloudFront::"):
            about = {**about, **next((v for k, v in about.items() if k.endswith("Config")), {})}
        found += [
            (one["Type"], _resolved(about[name], bucket, stack))
            for name in ("FunctionName", "QueueName", "LogGroupName", "Name")
            if name in about and one["Type"] != "AWS::Lambda::Permission"
        ]
    return found


def test_two_stacks_of_one_template_have_no_name_in_common():
    device = "a" * 32
    made = template(Options("garden-photos", (device,), cloudfront=True, site=True, digest=True))
    own = _names(made, "garden-photos", 1)
    digest = digest_function.name_of("garden-photos", device)
    assert len(own) == 12
    assert {name for kind, name in own if kind == "AWS::Lambda::Function"} == {digest}
    assert {n for kind, n in own if kind == "AWS::Logs::LogGroup"} == {f"/aws/lambda/{digest}"}
    stacks = [own, _names(made, "other-photos", 2), _names(made, "more-photos", 3)]
    assert len({*stacks[0], *stacks[1], *stacks[2]}) == 3 * len(own)
    for kind, name in itertools.chain(*stacks):
        assert len(name.removeprefix("/aws/lambda/")) <= 64, kind
        assert re.fullmatch(r"[A-Za-z0-9/_-]+", name), kind


def test_the_linter_would_find_a_fault():
    broken = template(Options("garden-photos", ("cam1",)))
    broken["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"][0].pop("Status")
    assert any("Status" in text for text in _complaints(broken))


def _deploy(account, made_for="", **wanted):
    _deploy_template(account, template(Options(made_for or account.bucket, ("cam1",), **wanted)))


def _deploy_template(account, made):
    cloud = account.client("cloudformation")
    cloud.create_stack(
        StackName=account.bucket,
        TemplateBody=json.dumps(made),
        Parameters=[{"ParameterKey": "BucketName", "ParameterValue": account.bucket}],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.get_waiter("stack_create_complete").wait(
        StackName=account.bucket, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


@pytest.mark.parametrize("wanted", [{"keep_days": 30}, {}, {"public_read": True}], ids=str)
def test_a_deployed_stack_is_what_create_makes(amazon, wanted):
    _deploy(amazon, **wanted)
    plan = create.plan(amazon.aws, CloudSpec(amazon.bucket, "cam1", **wanted))
    # MiniStack's CloudFormation ignores the lifecycle; the next test checks it.
    left = [step.text for step in plan.changes if "incomplete uploads" not in step.text]
    assert left == []


def test_a_deployed_distribution_reads_with_its_own_signature_and_nobody_reads_without(account):
    # Also in another bucket than the template was made for.
    _deploy(account, made_for="garden-photos", cloudfront=True)
    cloudfront = account.client("cloudfront")
    [made] = [
        one
        for one in cloudfront.list_distributions()["DistributionList"]["Items"]
        if account.bucket in one["Comment"]
    ]
    [origin] = made["Origins"]["Items"]
    control = cloudfront.get_origin_access_control(Id=origin["OriginAccessControlId"])
    signs = control["OriginAccessControl"]["OriginAccessControlConfig"]
    assert re.fullmatch(r"megacam-public-[0-9a-f]{8}", signs["Name"])
    assert signs["Name"] != spec.public_name("garden-photos")
    assert (signs["SigningBehavior"], signs["SigningProtocol"]) == ("always", "sigv4")
    assert made["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    there = {"Bucket": account.bucket}
    policy = json.loads(account.client("s3").get_bucket_policy(**there)["Policy"])
    [shown] = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert shown["Resource"] == f"arn:aws:s3:::{account.bucket}/*.jpg"
    assert shown["Condition"]["StringEquals"]["AWS:SourceArn"] == made["ARN"]
    account.client("s3").put_object(**there, Key="cam1/x.jpg", Body=b"photo")
    with pytest.raises(MegacamError):
        account.aws.as_key(False).call("s3", "get_object", **there, Key="cam1/x.jpg")
    # `create` keeps the statement for the distribution.
    create.plan(account.aws, CloudSpec(account.bucket, "cam1", keep_days=7)).make()
    assert (
        shown in json.loads(account.client("s3").get_bucket_policy(**there)["Policy"])["Statement"]
    )


def test_a_deployed_stack_with_certificates_has_roles_and_things_in_place_of_users(amazon):
    device = f"cam-{amazon.bucket.split('-')[-1]}"
    made = template(Options(amazon.bucket, (device,), iot=True))
    # MiniStack's CloudFormation does not know role aliases; the linter has checked it.
    alias = made["Resources"].pop("DeviceRoleAlias")
    assert alias["Properties"]["RoleArn"] == {"Fn::GetAtt": ["DeviceRole", "Arn"]}
    arn = f"arn:aws:iot:{amazon.aws.region}:000000000000:rolealias/megacam-{amazon.bucket}"
    policy = made["Resources"]["DevicePolicy"]["Properties"]["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == {
        "Fn::GetAtt": ["DeviceRoleAlias", "RoleAliasArn"]
    }
    policy["Statement"][0]["Resource"] = arn
    _deploy_template(amazon, made)
    assert iot.alias_arn(amazon.aws, amazon.bucket) == arn
    assert iot.role_is_put_only(amazon.aws, amazon.bucket)
    assert iot.things(amazon.aws, amazon.bucket) == [device]
    assert keys.devices(amazon.aws, amazon.bucket) == {}
    assert amazon.client("iot").get_policy(policyName=f"megacam-{amazon.bucket}")


def test_the_budget_of_the_template_is_the_budget_of_create(account):
    made = template(Options("garden-photos", ("cam1",), **BUDGET))["Resources"]["Budget"]
    properties = made["Properties"]
    create.plan(account.aws, CloudSpec(account.bucket, "cam1", **BUDGET)).make()
    budgets, name = account.client("budgets"), f"megacam-{account.bucket}"
    where = {"AccountId": "000000000000", "BudgetName": name}
    found = budgets.describe_budget(**where)["Budget"]
    for field in ("CostFilters", "TimeUnit", "BudgetType"):
        assert properties["Budget"][field] == found[field]
    alarms = budgets.describe_notifications_for_budget(**where)["Notifications"]
    for alarm in alarms:
        alarm.pop("NotificationState", None)
    assert [one["Notification"] for one in properties["NotificationsWithSubscribers"]] == alarms


def test_photos_expire_and_broken_uploads_go():
    made = template(Options("garden-photos", ("cam1", "roof-2"), keep_days=30))
    assert made["Parameters"]["KeepDays"]["Default"] == 30
    bucket = made["Resources"]["Bucket"]["Properties"]
    assert bucket["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": f"megacam-{device}",
            "Status": "Enabled",
            "Prefix": f"{device}/",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "ExpirationInDays": {"Ref": "KeepDays"},
        }
        for device in ("cam1", "roof-2")
    ]


@pytest.mark.parametrize(
    ("wanted", "expires"),
    [
        ({"keep_versions": 7}, {"ExpiredObjectDeleteMarker": True}),
        ({"keep_versions": 7, "keep_days": 30}, {"ExpirationInDays": {"Ref": "KeepDays"}}),
    ],
)
def test_old_versions_are_kept_and_expire(wanted, expires):
    made = template(Options("garden-photos", ("cam1",), **wanted))
    assert _complaints(made) == []
    assert made["Parameters"]["KeepVersions"]["Default"] == 7
    bucket = made["Resources"]["Bucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "KeepVersions"}}
    assert expires.items() <= rule.items()
    assert not {"ExpiredObjectDeleteMarker", "ExpirationInDays"} <= set(rule)
    without = template(Options("garden-photos", ("cam1",)))["Resources"]["Bucket"]["Properties"]
    assert "VersioningConfiguration" not in without


def test_a_device_of_a_stack_gets_its_key_like_any_other(amazon):
    _deploy(amazon)
    key = rotate.new_key(keys.AccessKeys(amazon.aws, amazon.bucket, "cam1"))
    order = {"Bucket": amazon.bucket, "Key": "cam1/x.jpg", "Body": b"photo"}
    amazon.s3_as(key).put_object(**order, IfNoneMatch="*")
    [device] = show.report(amazon.aws, amazon.bucket).devices
    assert (device.name, device.put_only) == ("cam1", True)


def test_the_template_makes_no_secret():
    for certificate in (False, True):
        kinds = {
            one["Type"]
            for one in template(Options("garden-photos", ("cam1",), iot=certificate))[
                "Resources"
            ].values()
        }
        assert "AWS::IAM::AccessKey" not in kinds
        assert "AWS::IoT::Certificate" not in kinds


def test_the_photos_outlive_the_stack():
    bucket = template(Options("garden-photos", ("cam1",)))["Resources"]["Bucket"]
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"


def test_with_cloudfront_the_bucket_stays_private_and_only_photos_are_shown():
    made = template(Options("garden-photos", ("cam1",), cloudfront=True))["Resources"]
    blocks = made["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert list(blocks.values()) == [True] * 4
    shown = [
        one
        for one in made["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if one["Effect"] == "Allow"
    ]
    [statement] = shown
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Resource"] == {"Fn::Sub": "${Bucket.Arn}/*.jpg"}
    assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]


def test_names_that_aws_refuses_are_refused_here():
    with pytest.raises(MegacamError, match="cannot be the name of a device"):
        Options("garden-photos", ("Cam 1",))
