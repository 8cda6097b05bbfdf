"""Decide whether to keep or replace an object from an earlier put; loaded only then.

stored = _settle(client, error, "cam1/a.jpg", body, "image/jpeg", {})  # error: it exists
"""

from s3 import S3Error


def _settle(client, error, key, body, content_type, metadata):
    """Return what put() returns, once an object has the bytes of `body`, which may be sent again.

    A store that verifies a checksum before it keeps an object has no damaged ones. It is known to
    do so once it has accepted a body in this mode. Any other object is replaced. If the AWS key
    may not do that, the S3Error has the action "object": the body needs another key.
    """
    if client._proof is True and client.integrity not in ("etag", "none"):
        return error.status, "", 0
    if error.body_started:
        if not hasattr(body, "seek"):
            raise error
        body.seek(0)
    try:
        return client.put(key, body, content_type, metadata, True)
    except S3Error as refusal:
        if refusal.status == 403 and refusal.action == "fatal":
            refusal.action = "object"
        raise
