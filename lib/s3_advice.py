"""Says in one sentence what a refusal of S3 means and what to change; loaded only after one.

text = advise(client, "AccessDenied", "fatal", "put", "cam1/a.jpg", 0)
"""

_BY_CODE = {
    "AccessDenied": "this key may not {verb} {key}; the policy must allow "
    "s3:{permission} on arn:aws:s3:::{resource}",
    "SignatureDoesNotMatch": "the secret access key is wrong, or a proxy changed the request",
    "InvalidAccessKeyId": "the access key id is unknown; make a new key",
    "NoSuchBucket": "there is no bucket {bucket} at {host}; check its name and the endpoint",
    "NoSuchKey": "there is no object {key}",
    "AllAccessDisabled": "the AWS account or bucket is disabled; see the AWS console",
    "AccountProblem": "the AWS account has a problem; see the AWS console",
    "NotSignedUp": "the AWS account has no S3; see the AWS console",
    "MethodNotAllowed": "{host} is no S3 API endpoint; check the endpoint",
    "EntityTooLarge": "{key} is larger than the store takes",
}
_BY_ACTION = {
    "clock": "the clock is {skew_s} s off; set it",
    "credentials": "the session token is no longer good; fetch new credentials",
    "region": "the bucket is not in {region}; set its region",
    "redirect": "sent to another host; try later",
    "throttle": "too many requests; try more slowly",
    "retry": "the store failed; try again",
    "fallback": "the store does not take integrity {integrity} or a header; set integrity to none",
    "stored": "an object {key} exists already",
    "fatal": "refused; check bucket, region and endpoint",
}
_PERMISSIONS = {"put": "PutObject", "list": "ListBucket"}


def advise(client, code, action, verb, key, skew_s):
    """Return the sentence, without the code."""
    text = (action == "fatal" and _BY_CODE.get(code)) or _BY_ACTION[action]
    return text.format(
        verb=verb,
        key=key,
        permission=_PERMISSIONS.get(verb, "GetObject"),
        resource=_resource(client.bucket, key, verb),
        bucket=client.bucket,
        host=client.host,
        region=client.signer.region,
        integrity=client.integrity,
        skew_s=skew_s,
    )


def _resource(bucket, key, verb):
    """Return what the policy must name: the bucket to list, else the device's prefix in it."""
    if verb == "list":
        return bucket
    return f"{bucket}/{key.partition('/')[0]}/*" if "/" in key else f"{bucket}/{key}"
