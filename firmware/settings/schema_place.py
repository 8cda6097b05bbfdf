"""Check the settings that locate the bucket: s3.bucket, region, endpoint and path_style.

This uses the rules of the S3 client, lib/s3/endpoint.py: the client refuses nothing that passes.
"""

_ENDPOINT = "only https://HOST or https://HOST:PORT, where HOST is a name or an IPv4 address"


def normal(endpoint):
    """Return a valid endpoint in its normal form, without trailing slash and default port."""
    from s3 import name_rules

    return name_rules.normal(endpoint)


def wanted(kind, low, high, value):
    """Return (the value without secrets, what it must be), or None if it is right."""
    from s3 import name_rules

    if not isinstance(value, str):
        return value, "a string"
    if kind == "bucket":
        is_right = value == "" or name_rules.is_bucket(value)
        text = f"{low} to {high} lower-case letters, digits and inner hyphens or dots"
    elif kind == "region":
        is_right = low <= len(value) <= high and name_rules.is_region(value)
        text = f"a region of {low} to {high} letters, digits and hyphens, such as eu-central-1"
    else:
        is_right = value == "" or (len(value) <= high and _is_endpoint(value))
        value = name_rules.shown(value)
        text = _ENDPOINT
    return None if is_right else (value, text)


def _is_endpoint(value):
    try:
        from s3 import endpoint

        return endpoint.parts(value)[0] == "https"
    except ValueError:
        return False


def contradiction(settings):
    """Return (name, value, what it must be) of a setting that contradicts others, or None."""
    bucket, region = settings["s3.bucket"], settings["s3.region"]
    endpoint, path_style = settings["s3.endpoint"], settings["s3.path_style"]
    if not bucket:
        return "s3.bucket", "", "the name of your bucket"
    from s3 import endpoint as where

    host = where.parts(endpoint)[1] if endpoint else ""
    is_aws = not endpoint or where.is_aws(host)
    where = None  # frees it: one module at a time
    from s3 import name_rules

    if is_aws and not name_rules.is_region(region, True):
        return "s3.region", region, "an AWS region, for example eu-central-1 for Frankfurt"
    if endpoint and path_style is None and host[: len(bucket) + 1] == bucket + ".":
        text = "without the bucket's name in front, or with s3.path_style true if it belongs there"
        return "s3.endpoint", endpoint, text
    try:
        from s3.endpoint import is_path

        is_path(bucket, host, path_style)
    except ValueError as e:
        return "s3.path_style", path_style, f"true or null with s3.bucket {bucket!r}: {e}"
    return None
