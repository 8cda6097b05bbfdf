"""Explain in one sentence what an S3 error means and what to change; loaded only after one.

text = advise(client, refusal, "put", "cam1/a.jpg")  # a Refusal from s3/errors.py
"""

_BY_ACTION = {
    "clock": "the clock is {skew_s} s off; set it",
    "credentials": "the session token is no longer valid; fetch new credentials",
    "region": "the bucket is not in {region}; set its region",
    "redirect": "redirected to another host; try later",
    "throttle": "too many requests; slow down",
    "retry": "the store failed; try again",
    "fallback": "the store does not accept integrity {integrity} or a header",
    "stored": "object {key} already exists",
    "object": "{key} exceeds a limit of the store or a proxy; send less",
    "fatal": "refused; check bucket, region and endpoint",
}
# Long strings, because MicroPython would intern each short one forever.
_ACTIONS = "put=PutObject list=ListBucket get=GetObject"
_PARTITIONS = "aws-cn aws-us-gov"


def advise(client, refusal, verb, key):
    """Return the sentence, without the error code."""
    text = _BY_ACTION[refusal.action]
    if refusal.action in ("fatal", "object"):
        from s3 import codes

        text = codes.sentence(refusal.code) or text
    if refusal.action == "fallback":
        text += _remedy(client, refusal)
    actions = dict([pair.split("=") for pair in _ACTIONS.split()])
    return text.format(
        verb=verb,
        key=key,
        action=actions.get(verb, actions["get"]),
        arn=_arn(client, key, verb),
        bucket=client.bucket,
        host=client.host,
        region=client.region,
        integrity=client.integrity,
        skew_s=refusal.skew_s,
    )


def _remedy(client, refusal):
    if "Object Lock" in refusal.said:
        return ": its Object Lock requires a checksum; set integrity to checksum"
    if refusal.status == 417:
        return ": a proxy or the store refuses Expect; connect without the proxy"
    if client.integrity in ("etag", "none"):
        return "; check that the endpoint is an S3 API"
    return "; set integrity to etag"


def _arn(client, key, verb):
    """Return the resource for the policy: the bucket for list, else the device's prefix in it."""
    partition = "aws-" + client.region.rsplit("-", 2)[0]  # of cn-north-1, us-gov-west-1
    if partition not in _PARTITIONS.split():
        partition = "aws"
    arn = f"arn:{partition}:s3:::{client.bucket}"
    if verb == "list":
        return arn
    folder = key.rpartition("/")[0].split("/")[0]
    return f"{arn}/{folder}/*" if folder else f"{arn}/{key}"
