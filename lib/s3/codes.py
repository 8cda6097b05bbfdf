"""What S3's error codes mean, one sentence each; loaded only for a request that cannot succeed."""

_BY_CODE = (
    (
        "AccessDenied",
        "this key may not {verb} {key}; the policy must allow s3:{action} on {arn}",
    ),
    ("SignatureDoesNotMatch", "the secret access key is wrong, or a proxy changed the request"),
    ("InvalidAccessKeyId", "the access key id is unknown; create a new key"),
    ("NoSuchBucket", "there is no bucket {bucket} at {host}; check its name and the endpoint"),
    ("InvalidBucketName", "{bucket} is not a valid bucket name; check it"),
    ("NoSuchKey", "there is no object {key}"),
    ("KeyTooLongError InvalidURI", "{key} is not a valid key; make it shorter or simpler"),
    ("MetadataTooLarge", "the metadata of {key} is too large; shorten it"),
    ("RequestHeaderSectionTooLarge", "the headers are too large; shorten the metadata"),
    (
        "AllAccessDisabled AccountProblem NotSignedUp InvalidSecurity",
        "the AWS account or bucket is disabled; see the AWS console",
    ),
    ("InvalidObjectState", "{key} is archived; restore it first"),
    ("MethodNotAllowed", "{host} is not an S3 API endpoint; check the endpoint"),
    ("EntityTooLarge", "{key} is larger than the store accepts; send less"),
    ("EntityTooSmall InvalidDigest", "a proxy changed the request; connect without it"),
    ("MissingContentLength", "a proxy removed Content-Length; connect without it"),
)


def sentence(code):
    """Return the sentence for S3's error `code`, to be formatted by explain.py, or ""."""
    for codes, text in _BY_CODE:
        if code in codes.split():
            return text
    return ""
