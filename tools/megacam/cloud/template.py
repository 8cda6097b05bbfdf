"""The same cloud as a CloudFormation template, for users who deploy with their own pipeline.

    json.dumps(template(Options("my-photos", ("cam1",), keep_days=30)))

The template makes no key and no certificate, because the stack would show the secret for ever.
`megacam cloud rotate` finds what the stack made, makes a key and puts it on the board.
"""

import dataclasses
from typing import Any

from megacam.cloud import budget, iot, keys, policies, retention, spec, template_digest
from megacam.cloud.digest_function import LABEL_CALLS, Wanted
from megacam.cloud.site import documents
from megacam.cloud.site import template as site
from megacam.cloud.template_names import conditions, named
from megacam.digest import zones

_BUCKET = {"Fn::GetAtt": ["Bucket", "Arn"]}
# The photos belong to the owner: they stay when the stack is deleted.
_KEEP = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

Resource = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Options:
    """What the stack contains; names and rules are those of spec.CloudSpec."""

    bucket: str
    devices: tuple[str, ...]
    keep_days: int | None = None
    origins: tuple[str, ...] = spec.GALLERY_ORIGINS
    iot: bool = False
    public_read: bool = False
    cloudfront: bool = False
    budget_usd: float | None = None
    budget_email: str = ""
    keep_versions: int | None = None
    updates: bool = False
    site: bool = False
    digest: bool = False
    on_upload: str = ""
    film: bool = True
    timezone: str = ""
    motion: int = 46
    labels: str = ""
    label_calls: int = LABEL_CALLS
    alarms: bool = False
    topic: str = ""
    token: bool = False

    def __post_init__(self) -> None:
        zones.zone_of(self.timezone)
        for device in self.devices:
            spec.CloudSpec(
                self.bucket,
                device,
                self.keep_days,
                self.origins,
                budget_usd=self.budget_usd,
                budget_email=self.budget_email,
                keep_versions=self.keep_versions,
                on_upload=self.on_upload or None,
                labels=self.labels or None,
            )

    def digest_of(self, device: str) -> Wanted:
        """Return what the digest of a device is to be."""
        upload = "" if self.on_upload == "off" else self.on_upload
        labels = "" if self.labels == spec.OFF else self.labels
        return Wanted(
            self.bucket, device, self.timezone, self.motion, self.film, upload,
            labels, self.label_calls, self.alarms, self.topic, self.token,
        )  # fmt: skip


def template(options: Options) -> dict[str, Any]:
    """Return the template; every value that you can choose at deployment is a parameter."""
    resources = {"Bucket": _bucket(options), "BucketPolicy": _bucket_policy(options)}
    if options.iot:
        resources |= _iot(options)
    else:
        resources |= {f"User{_word(name)}": _user(name, options) for name in options.devices}
    if options.cloudfront:
        resources |= {
            "OriginAccess": _origin_access(options.bucket),
            "Distribution": _distribution(),
        }
    if options.site:
        resources |= site.resources(options.bucket)
    if options.budget_usd is not None:
        resources["Budget"] = _budget()
    for device in options.devices if options.digest else ():
        resources |= template_digest.resources(options.digest_of(device), _word(device))
    is_named = options.cloudfront or options.site or options.digest
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "megacam: a private bucket for photos, and devices that can only put them",
        "Parameters": _parameters(options),
        **({"Conditions": conditions(options.bucket)} if is_named else {}),
        "Resources": resources,
        "Outputs": _outputs(options),
    }


def _parameters(options: Options) -> dict[str, Any]:
    name: dict[str, Any] = {
        "BucketName": {
            "Type": "String",
            "Default": options.bucket,
            "AllowedPattern": "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
            "Description": "Name of the bucket, unique in the world, without dots",
        }
    }
    digest = template_digest.parameters(options.film) if options.digest else {}
    return {**name, **_days(options), **_money(options), **digest}


def _days(options: Options) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if options.keep_days:
        found["KeepDays"] = {
            "Type": "Number",
            "Default": options.keep_days,
            "MinValue": 1,
            "Description": "Days until a photo is deleted",
        }
    if options.keep_versions:
        found["KeepVersions"] = {
            "Type": "Number",
            "Default": options.keep_versions,
            "MinValue": 1,
            "Description": "Days until overwritten and deleted photos are removed for good",
        }
    return found


def _money(options: Options) -> dict[str, Any]:
    if options.budget_usd is None:
        return {}
    return {
        "BudgetUsd": {
            "Type": "Number",
            "Default": options.budget_usd,
            "Description": "US dollars a month for S3",
        },
        "BudgetEmail": {
            "Type": "String",
            "Default": options.budget_email,
            "Description": "Where the alarm is sent",
        },
    }


def _bucket(options: Options) -> Resource:
    private = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": not options.public_read,
        "RestrictPublicBuckets": not options.public_read,
    }
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    properties = {
        "BucketName": {"Ref": "BucketName"},
        "PublicAccessBlockConfiguration": private,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LifecycleConfiguration": {
            "Rules": [rule for d in options.devices for rule in _lifecycles(d, options)]
        },
        "CorsConfiguration": {"CorsRules": [_cors(options)]},
    }
    if options.keep_versions:
        properties["VersioningConfiguration"] = {"Status": "Enabled"}
    return {"Type": "AWS::S3::Bucket", **_KEEP, **_notified(options, properties)}


def _notified(options: Options, properties: dict[str, Any]) -> Resource:
    """Return the bucket's properties, and what must exist before it tells of uploads."""
    told = [one for one in options.devices if options.digest and options.digest_of(one).on_upload]
    if not told:
        return {"Properties": properties}
    functions = [template_digest.notification(options.digest_of(d), _word(d)) for d in told]
    configuration = {"NotificationConfiguration": {"LambdaConfigurations": functions}}
    after = [f"DigestUpload{_word(device)}May" for device in told]
    return {"DependsOn": after, "Properties": {**properties, **configuration}}


def _lifecycles(device: str, options: Options) -> list[Resource]:
    rules = [_lifecycle(device, options)]
    if options.updates:
        days = min(retention.UPDATES_DAYS, options.keep_days or retention.UPDATES_DAYS)
        rule = _lifecycle(spec.updates_folder(device), options)
        rule.pop("ExpiredObjectDeleteMarker", None)
        rules.append({**rule, "ExpirationInDays": days})
    return rules


def _lifecycle(device: str, options: Options) -> Resource:
    rule = policies.lifecycle_rule(device, options.keep_days, options.keep_versions)
    found = {
        "Id": rule["ID"],
        "Status": rule["Status"],
        "Prefix": rule["Filter"]["Prefix"],
        "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
    }
    if options.keep_days:
        found["ExpirationInDays"] = {"Ref": "KeepDays"}
    elif options.keep_versions:
        found |= rule["Expiration"]
    if options.keep_versions:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": {"Ref": "KeepVersions"}}
    return found


def _cors(options: Options) -> Resource:
    rule = policies.cors_rule(options.origins)
    names = {
        "ID": "Id",
        "AllowedMethods": "AllowedMethods",
        "AllowedOrigins": "AllowedOrigins",
        "AllowedHeaders": "AllowedHeaders",
        "ExposeHeaders": "ExposedHeaders",
        "MaxAgeSeconds": "MaxAge",
    }
    return {names[name]: value for name, value in rule.items()}


def _objects(below: str) -> dict[str, Any]:
    return {"Fn::Sub": f"${{Bucket.Arn}}/{below}"}


def _bucket_policy(options: Options) -> Resource:
    statements = [policies.tls_only(_BUCKET, _objects("*"))]
    if options.updates:
        statements += _updates_by_owner()
    if options.public_read:
        statements += [policies.public_read(d, _objects(f"{d}/*.jpg")) for d in options.devices]
    if options.cloudfront:
        distribution = {
            "Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/"
            "${Distribution}"
        }
        statements.append(policies.cloudfront_read(_objects("*.jpg"), distribution))
    if options.site:
        statements.append(site.statement(options.devices))
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": policies.document(*statements),
        },
    }


def _updates_by_owner() -> list[dict[str, Any]]:
    cameras: list[policies.Arn] = [
        {
            "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
            f"{kind}{spec.user_path('${BucketName}')}*"
        }
        for kind in ("user", "role")
    ]
    releases = _objects(f"{spec.updates_folder('*')}/*")
    return policies.updates_by_owner(releases, {"Ref": "AWS::AccountId"}, cameras)


def _rights(device: str, options: Options) -> dict[str, Any]:
    # CloudFormation always creates the bucket in Amazon S3, which knows the condition keys.
    reports: list[policies.Arn] = [_objects(f"{device}/{name}") for name in policies.REPORTS]
    account = {"Ref": "AWS::AccountId"}
    owners = _objects(f"{device}/{policies.OWNERS}")
    found = policies.put_new_only(_objects(f"{device}/*"), reports, owners, account)
    if options.updates:
        releases = _objects(f"{spec.updates_folder(device)}/*")
        found["Statement"].append(policies.updates(releases, account))
    return found


def _user(device: str, options: Options) -> Resource:
    own = {"PolicyName": keys.POLICY, "PolicyDocument": _rights(device, options)}
    tags = {"megacam:bucket": {"Ref": "BucketName"}, "megacam:device": device}
    return {
        "Type": "AWS::IAM::User",
        "Properties": {
            "Path": {"Fn::Sub": spec.user_path("${BucketName}", device)},
            "Policies": [own],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        },
    }


def _iot(options: Options) -> dict[str, Resource]:
    # The inner ${!...} is for IAM, not for CloudFormation.
    own = _rights(iot.THING.replace("{", "{!"), options)
    name = {"Fn::Sub": spec.shared_name("${BucketName}")}
    role = {
        "Path": {"Fn::Sub": spec.user_path("${BucketName}")},
        "AssumeRolePolicyDocument": policies.iot_trust(),
        "Policies": [{"PolicyName": keys.POLICY, "PolicyDocument": own}],
    }
    alias = {
        "RoleAlias": name,
        "RoleArn": {"Fn::GetAtt": ["DeviceRole", "Arn"]},
        "CredentialDurationSeconds": iot.CREDENTIALS_VALID_S,
    }
    may = policies.iot_certificate({"Fn::GetAtt": ["DeviceRoleAlias", "RoleAliasArn"]})
    return {
        "DeviceRole": {"Type": "AWS::IAM::Role", "Properties": role},
        "DeviceRoleAlias": {"Type": "AWS::IoT::RoleAlias", "Properties": alias},
        "DevicePolicy": {
            "Type": "AWS::IoT::Policy",
            "Properties": {"PolicyName": name, "PolicyDocument": may},
        },
        **{f"Thing{_word(device)}": _thing(device) for device in options.devices},
    }


def _thing(device: str) -> Resource:
    attributes = {"Attributes": {"bucket": {"Ref": "BucketName"}}}
    return {
        "Type": "AWS::IoT::Thing",
        "Properties": {"ThingName": device, "AttributePayload": attributes},
    }


def _origin_access(bucket: str) -> Resource:
    control = documents.origin_access(named(spec.public_name(bucket)))
    return {
        "Type": "AWS::CloudFront::OriginAccessControl",
        "Properties": {"OriginAccessControlConfig": control},
    }


def _distribution() -> Resource:
    origin = {
        "Id": "photos",
        "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
        "OriginAccessControlId": {"Fn::GetAtt": ["OriginAccess", "Id"]},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {
        "TargetOriginId": "photos",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": documents.CACHING_OPTIMIZED,
    }
    config = {
        "Enabled": True,
        "Comment": {"Fn::Sub": "megacam photos of ${BucketName}"},
        "HttpVersion": "http2and3",
        "PriceClass": "PriceClass_100",
        "Origins": [origin],
        "DefaultCacheBehavior": behaviour,
    }
    return {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config},
    }


def _budget() -> Resource:
    limit = {"Amount": {"Ref": "BudgetUsd"}, "Unit": "USD"}
    money = {
        **budget.document("", 1),
        "BudgetName": {"Fn::Sub": spec.shared_name("${BucketName}")},
        "BudgetLimit": limit,
    }
    alarms = []
    for alarm in budget.alarms(""):
        writes_to = {"SubscriptionType": "EMAIL", "Address": {"Ref": "BudgetEmail"}}
        alarms.append({"Notification": alarm["Notification"], "Subscribers": [writes_to]})
    return {
        "Type": "AWS::Budgets::Budget",
        "Properties": {"Budget": money, "NotificationsWithSubscribers": alarms},
    }


def _outputs(options: Options) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Bucket": {"Value": {"Ref": "Bucket"}, "Description": "s3.bucket in config.json"},
        "Region": {"Value": {"Ref": "AWS::Region"}, "Description": "s3.region in config.json"},
    }
    if options.cloudfront:
        found["Photos"] = {
            "Value": {"Fn::Sub": "https://${Distribution.DomainName}/"},
            "Description": "Where everybody can open a photo, by its key",
        }
    if options.site:
        found["Site"] = site.OUTPUT
    return found


def _word(device: str) -> str:
    # A logical ID has letters and digits only; X is free, as device names are lower case.
    return device.replace("-", "X")
