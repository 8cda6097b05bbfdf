"""The private site as resources of a CloudFormation template."""

from typing import Any

from megacam.cloud import policies
from megacam.cloud.site import documents
from megacam.cloud.spec import site_name
from megacam.cloud.template_names import named

Resource = dict[str, Any]
OUTPUT: Resource = {
    "Value": {"Fn::Sub": "https://${Site.DomainName}/"},
    "Description": "The private site: make a link with `megacam cloud site --link`",
}


def resources(bucket: str) -> dict[str, Resource]:
    """Return the resources of the site of `bucket`, by which the names at CloudFront are made.

    The links are not among them, because the stack would show their keys for ever.
    """
    name = named(site_name(bucket))
    headers = {
        f"Site{kind.title()}Headers": _resource(
            "ResponseHeadersPolicy", ResponseHeadersPolicyConfig=wanted
        )
        for kind, wanted in _header_policies(site_name(bucket)).items()
    }
    return {
        **headers,
        "SiteAccess": _resource(
            "OriginAccessControl", OriginAccessControlConfig=documents.origin_access(name)
        ),
        "SiteCache": _resource("CachePolicy", CachePolicyConfig=documents.fresh(name)),
        "SiteLinks": _resource("KeyValueStore", Name=name),
        "SiteFunction": _resource(
            "Function",
            Name=name,
            AutoPublish=True,
            FunctionCode=documents.function_code(),
            FunctionConfig=documents.function_config({"Fn::GetAtt": ["SiteLinks", "Arn"]}),
        ),
        "Site": _resource("Distribution", DistributionConfig=_distribution(tuple(headers))),
    }


def _header_policies(name: str) -> dict[str, dict[str, Any]]:
    return {
        kind: {**wanted, "Name": named(name, after=f"-{kind}")}
        for kind, wanted in documents.header_policies(name).items()
    }


def _distribution(headers: tuple[str, ...]) -> dict[str, Any]:
    parts = documents.Parts(
        {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
        {"Fn::GetAtt": ["SiteAccess", "Id"]},
        {"Fn::GetAtt": ["SiteFunction", "FunctionARN"]},
        *({"Ref": part} for part in ("SiteCache", *headers)),
    )
    config = documents.distribution({"Ref": "BucketName"}, parts)
    return {**config, "Comment": {"Fn::Sub": documents.comment("${BucketName}")}}


def statement(devices: tuple[str, ...]) -> dict[str, Any]:
    """Return the statement of the bucket's policy."""
    names: list[policies.Arn] = [
        {"Fn::Sub": f"${{Bucket.Arn}}/{name}"} for name in documents.readable(devices)
    ]
    arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Site}"
    return policies.cloudfront_read(names, {"Fn::Sub": arn}, policies.SITE_READ)


def _resource(kind: str, **properties: Any) -> Resource:
    return {"Type": f"AWS::CloudFront::{kind}", "Properties": properties}
