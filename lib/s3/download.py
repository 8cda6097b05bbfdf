"""Read an object in pieces, for example into a file; loaded only for that.

status, etag = client.attempt(get, client, "cam1/film.bin", 0, 32768, file.write)
"""

from s3 import S3Error

# All that is needed of a reply's headers once its body is read.
_OF_BODY = "connection content-length transfer-encoding"
# The SHA-256 of no bytes: a request without a body.
_NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def get(client, key, first, most, write, etag=""):
    """Pass up to `most` bytes of an object, from byte `first` on, to `write`.

    Called by client.attempt(). Returns (status, ETag). The status is 206; 200 for an object that
    is not longer than `most`, if `first` is 0; or 304 if the object still has the ETag `etag`.
    `write(piece)` gets memoryviews of the client's buffer, valid only during the call. Raises
    S3Error; some pieces may have been written by then.
    Source: RFC 9110, 14.2; S3 API, GetObject.
    """
    headers = {"range": f"bytes={first}-{first + most - 1}"}
    if etag:
        headers["if-none-match"] = etag
    client.send_head("GET", client.path(key), "", headers, _NO_BODY)
    connection = client.connection
    status = connection.reply()
    if status not in (200, 206, 304):
        client.refuse("get", key)
    headers = connection.headers
    etag = headers.get("etag", etag)
    # The others take up to 1 KB, and a body needs more code than the head.
    connection.headers = {name: headers[name] for name in headers if name in _OF_BODY}
    headers = None
    client.body_started = status != 304  # what has been written cannot be taken back
    if (status == 200 and first) or connection.read(write, most) > most:
        connection.close()
        raise S3Error("InvalidRange", status, "fatal", f"{key}: the store ignores Range")
    return status, etag
