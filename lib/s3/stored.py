"""Check that S3 has stored an object as it was sent; loaded only after a put.

etag = check(client, "cam1/a.jpg", proof)  # proof: of put.py
"""

from s3 import S3Error


def check(client, key, proof):
    """Return the ETag of the object `key`, whose reply has been read.

    Raises S3Error "BadDigest" if its bytes are others than those sent.
    """
    headers = client.connection.headers
    etag = headers["etag"]
    client.connection.headers = {}  # until the next request, they would take up to 1 KB
    if proof and proof is not True:
        proof = _is_same(headers, proof)
        from s3 import damaged_put

        if proof is False and not damaged_put.check(client, key):
            raise S3Error("BadDigest", 200, "retry", f"{key}: stored as {etag}, not as sent")
    if proof:
        client._proof = True
    return etag


def _is_same(headers, md5):
    """Return whether the ETag is the hex MD5 `md5`, or None if it is no MD5 at all.

    With KMS keys it is none, and after a multipart upload it has a dash.
    """
    etag = headers["etag"].strip('"').lower()
    if headers.get("x-amz-server-side-encryption", "AES256") != "AES256":
        return None
    return etag == md5 or (None if len(etag) != 32 else False)
