"""What CloudFront is told about the private site, for boto3 and for CloudFormation.

Pure functions. They return CloudFormation's form, in which lists are lists; counted() makes the
form of CloudFront's own API of it. Values can be strings or intrinsic functions.
"""

import dataclasses
from pathlib import Path
from typing import Any

from megacam.cloud import policies

Document = dict[str, Any]
# CloudFront's own policy "Managed-CachingOptimized":
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
RUNTIME = "cloudfront-js-2.0"
READ = policies.SITE_READ
# Of the bucket, CloudFront may read the app, and of each camera its photos and digested days.
# Beside the days is what the site does not show, for example the state of alarms.
APP_FILES = "_site/*"
_PHOTOS = "{}/????/??/??/*.jpg"
_OF_CAMERA = (_PHOTOS, "{}/_digest/days.json", "{}/_digest/????/??/??/*")
# The app and the indexes change; photos never do. The names in an index are read within a minute.
_FRESH_S = 60
_YEAR_S = 31_536_000
# Pages of the app load only what is on the site itself.
APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A stolen key of a camera can put HTML under the name of a photo. In a sandbox it can do nothing.
PHOTO_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"


def function_code() -> str:
    """Return the source of the function that decides who may read what."""
    path = Path(__file__).parents[2] / "site" / "function.js"
    return path.read_text(encoding="utf-8")


def readable(cameras: tuple[str, ...]) -> list[str]:
    """Return the names in the bucket, with wildcards, that the site of `cameras` needs."""
    return [APP_FILES, *(form.format(name) for name in cameras for form in _OF_CAMERA)]


def cameras_of(resources: list[str] | str) -> tuple[str, ...]:
    """Return the cameras of the resources of a bucket policy that readable() gave."""
    end = _PHOTOS.format("")
    arns = [resources] if isinstance(resources, str) else resources
    names = [one.rpartition(":")[2].partition("/")[2] for one in arns]
    return tuple(sorted(name.removesuffix(end) for name in names if name.endswith(end)))


def comment(bucket: Any) -> str:
    """Return the comment of the distribution, by which a bucket's site is found."""
    return f"megacam site of {bucket}"


def origin_access(name: Any) -> Document:
    """Return the origin access control: CloudFront signs each request to S3."""
    return {
        "Name": name,
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }


def fresh(name: Any) -> Document:
    """Return the cache policy of what changes; neither cookies nor queries reach S3."""
    return {
        "Name": name,
        "MinTTL": 0,
        "DefaultTTL": _FRESH_S,
        "MaxTTL": _YEAR_S,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "EnableAcceptEncodingBrotli": True,
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }


def header_policies(name: str) -> dict[str, Document]:
    """Return the response headers policies of the app, and of photos and digests."""
    kinds = {"app": APP_POLICY, "photos": PHOTO_POLICY}
    return {kind: _headers(f"{name}-{kind}", policy) for kind, policy in kinds.items()}


def _headers(name: str, policy: str) -> Document:
    # No Cache-Control: these headers are also those of errors, which no browser should keep.
    robots = {"Header": "X-Robots-Tag", "Value": "noindex", "Override": True}
    return {
        "Name": name,
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {"ContentSecurityPolicy": policy, "Override": True},
            "ContentTypeOptions": {"Override": True},
            "FrameOptions": {"FrameOption": "DENY", "Override": True},
            "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
            "StrictTransportSecurity": {"AccessControlMaxAgeSec": _YEAR_S, "Override": True},
        },
        "CustomHeadersConfig": {"Items": [robots]},
    }


def function_config(store: Any) -> Document:
    """Return the configuration of the function, which reads the key-value store `store`."""
    return {
        "Comment": "megacam: who may look",
        "Runtime": RUNTIME,
        "KeyValueStoreAssociations": [{"KeyValueStoreARN": store}],
    }


@dataclasses.dataclass(frozen=True)
class Parts:
    """What a distribution is made of: ids, except for the origin's host and the function's ARN."""

    origin: Any
    access: Any
    function: Any
    fresh: Any
    app: Any
    photos: Any


def distribution(bucket: Any, parts: Parts) -> Document:
    """Return the configuration of the distribution."""
    app = _behaviour(parts.fresh, parts.app, parts.function)
    digests = _behaviour(parts.fresh, parts.photos, parts.function)
    return {
        "Comment": comment(bucket),
        "Enabled": True,
        "HttpVersion": "http2and3",
        "PriceClass": "PriceClass_100",
        "Origins": [
            {
                "Id": "bucket",
                "DomainName": parts.origin,
                "OriginAccessControlId": parts.access,
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ],
        "DefaultCacheBehavior": _behaviour(CACHING_OPTIMIZED, parts.photos, parts.function),
        "CacheBehaviors": [
            {"PathPattern": "/_site/*", **app},
            {"PathPattern": "/*/_digest/*", **digests},
        ],
    }


def _behaviour(cache: Any, headers_id: Any, function: Any) -> Document:
    return {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": True,
        "CachePolicyId": cache,
        "ResponseHeadersPolicyId": headers_id,
        # On every path: nothing is readable without it.
        "FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": function}],
    }


def counted(document: Any) -> Any:
    """Return `document` in the form of CloudFront's API, in which each list has its length.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
    """
    if isinstance(document, list):
        return {"Quantity": len(document), "Items": [counted(one) for one in document]}
    if not isinstance(document, dict):
        return document
    if set(document) == {"Items"}:
        return counted(document["Items"])
    made = {name: counted(value) for name, value in document.items()}
    if "CachedMethods" in made:
        made["AllowedMethods"]["CachedMethods"] = made.pop("CachedMethods")
    return made


def differs(wanted: Any, found: Any) -> bool:
    """Return True if `found`, which may say more, does not say all that `wanted` says."""
    if isinstance(wanted, dict):
        return not isinstance(found, dict) or any(
            differs(value, found.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(wanted) != len(found):
            return True
        return any(differs(a, b) for a, b in zip(wanted, found, strict=True))
    return wanted != found
