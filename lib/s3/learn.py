"""Correct an S3Client's clock, credentials, region or host after an error; loaded only then.

again = correct(client, refusal)  # a Refusal from s3/errors.py
"""

from https import HTTPSError


def correct(client, refusal):
    """Correct the client; return whether the same request can succeed now."""
    action = refusal.action
    if action == "clock":
        client.skew_s += refusal.skew_s
        return refusal.skew_s != 0
    if action == "credentials":
        return _renew(client.credentials)
    if action == "region":
        return _set_region(client, refusal.region)
    return _follow(client)


def _renew(credentials):
    if not hasattr(credentials, "renew"):
        return False
    credentials.expires_s = 0
    return True


def _set_region(client, region):
    old = client.region
    region = region or _ask_region(client)
    from s3 import name_rules

    shape = name_rules
    if region == old or not shape.is_region(region, client.endpoint is None):
        return False
    client.region = region
    if client.endpoint:
        client.endpoint = shape.moved(client.endpoint, old, region)
    from s3 import setup

    setup.locate(client)
    return True


def _ask_region(client):
    """Return the bucket's region, which S3 sends in reply to any HEAD, even a refusal, or ""."""
    try:
        client.send_head("HEAD", client.path(""), "", {}, "UNSIGNED-PAYLOAD")
        client.connection.reply()
        client.connection.read()
    except HTTPSError:
        return ""
    return client.connection.headers.get("x-amz-bucket-region", "")


def _follow(client):
    scheme, _, rest = client.connection.headers.get("location", "").partition("://")
    try:
        from s3 import endpoint

        place = endpoint.parts(scheme + "://" + rest.partition("/")[0])
    except ValueError:
        return False
    if place[0] != "https" or client.is_away:
        return False
    from s3 import setup

    setup._go_to(client, *place)
    client.is_away = True
    return True
