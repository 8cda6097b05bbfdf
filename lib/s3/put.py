"""Send the body of one object and read S3's reply; loaded only for that.

stored = put(client, "cam1/a.jpg", body, framing, headers, signature)  # by S3Client.put()
"""

from s3 import S3Error, Stored


def put(client, key, body, framing, headers, signature):
    """Return a Stored, or None if S3 refused; then the reply has begun to arrive.

    The head of the request has been sent already: `headers`, signed with `signature`.
    """
    connection = client.connection
    if framing.begin:
        framing.begin(client, headers["x-amz-date"], signature)
    # A reply before the body is a refusal, unless there is no body.
    is_sent = not (connection.expect_continue(client.expect_continue) and body.size)
    if is_sent:
        from s3 import send

        send = send.send
        client.body_started = True
        is_sent = send(connection, body, framing)
    if connection.reply() != 200 or not is_sent or "etag" not in connection.headers:
        return None
    connection.read()
    etag = connection.headers["etag"]
    is_intact = not framing.is_intact or framing.is_intact(connection.headers)
    from s3 import damaged_put

    if not is_intact and not damaged_put.check(client, key):
        raise S3Error("BadDigest", 200, "retry", f"{key}: stored as {etag}, not as sent")
    if getattr(framing, "is_exact", True):
        client._proof = True
    return Stored(200, etag, int(headers["content-length"]))
