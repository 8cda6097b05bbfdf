"""Read an object in pieces, for example into a file; loaded only for that.

status, etag = get(client, "cam1/film.bin", 0, 32768, file.write)
"""

from s3 import S3Error

# All that is needed of a reply's headers once its body is read.
_OF_BODY = "connection content-length transfer-encoding"
# The SHA-256 of no bytes: a request without a body.
_NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class _Pieces:
    """What https/body.py fills like a bytearray of `most` bytes."""

    def __init__(self, write, most):
        self._write = write
        self._most = most

    def __len__(self):
        return self._most

    def __setitem__(self, place, piece):
        self._write(piece)


def get(client, key, first, most, write, etag=""):
    """Pass up to `most` bytes of an object, from byte `first` on, to `write`.

    Returns (status, ETag). The status is 206; 200 for an object that is not longer than `most`, if
    `first` is 0; or 304 if the object still has the ETag `etag`. `write(piece)` gets memoryviews
    of the client's buffer, valid only during the call. Raises S3Error; some pieces may have been
    written by then.
    Source: RFC 9110, 14.2; S3 API, GetObject.
    """
    return client.attempt(_get, client, key, first, most, write, etag)


def _get(client, key, first, most, write, etag):
    headers = {"range": f"bytes={first}-{first + most - 1}"}
    if etag:
        headers["if-none-match"] = etag
    client.send_head("GET", key, "", headers, _NO_BODY)
    connection = client.connection
    status = connection.reply()
    if status == 304:
        connection.read()
        return 304, etag
    if status not in (200, 206):
        client.refuse("get", key)
    if status == 200 and first:
        connection.close()
        raise S3Error("InvalidRange", status, "fatal", f"{key}: the store ignores Range")
    client.body_started = True  # what has been written cannot be taken back
    headers = connection.headers
    found = headers.get("etag", "")
    # The others take up to 1 KB, and a body needs more code than the head.
    connection.headers = {name: headers[name] for name in headers if name in _OF_BODY}
    headers = None
    if connection.read(_Pieces(write, most)) > most:
        connection.close()
        raise S3Error("EntityTooLarge", status, "fatal", f"{key}: longer than {most} bytes")
    return status, found
