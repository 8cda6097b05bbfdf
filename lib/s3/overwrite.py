"""Settles for s3.py what an object is worth that an earlier put has left; loaded only then.

stored = _settle(client, error, "cam1/a.jpg", body, "image/jpeg", {})  # error: it exists
"""

from s3 import S3Error, Stored


def _settle(client, error, key, body, content_type, metadata):
    """Return a Stored: the object has the bytes of `body`, or has them now.

    A store that compares a sum before it keeps an object has none that is damaged; it does so
    once it has taken a body in this mode. Any other object is replaced. Where the key may not do
    that, the S3Error has the action "object": only another name helps.
    """
    if client._proof is True and client.framing.payload != "UNSIGNED-PAYLOAD":
        return Stored(error.status, "", 0)
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
