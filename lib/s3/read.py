"""Read from the device's own prefix: one small object, its headers, or one page of keys.

length = get(client, "cam1/config.json", page)  # page: a bytearray
keys, more = list_page(client, "cam1/", page)
"""

from s3 import S3Error
from s3.presign import encode_query

# The SHA-256 of no bytes: a request without a body.
_NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def get(client, key, dest):
    """Read an object into `dest` and return its length; raise S3Error if it does not fit."""
    return client.attempt(_get, client, "get", key, "", dest)


def head(client, key):
    """Return the headers of an object: `content-length`, `etag`, `x-amz-meta-*`."""
    return client.attempt(_head, client, key)


def list_page(client, prefix, dest, after="", most=20):
    """Return ([(key, size_bytes)...], more) with at most `most` keys that follow `after`.

    `dest` is a buffer for S3's answer, about 400 bytes per key. For the next page, pass the last
    key as `after`.
    """
    pairs = [("list-type", "2"), ("max-keys", str(most)), ("prefix", prefix)]
    if after:
        pairs.append(("start-after", after))
    count = client.attempt(_get, client, "list", prefix, encode_query(pairs), dest)
    text = bytes(memoryview(dest)[:count]).decode()
    keys = []
    for entry in text.split("<Contents>")[1:]:
        keys.append((_unescape(_element(entry, "Key")), int(_element(entry, "Size"))))
    return keys, _element(text, "IsTruncated") == "true"


def _get(client, verb, key, query, dest):
    client.send_head("GET", client.path("" if query else key), query, {}, _NO_BODY)
    connection = client.connection
    if connection.reply() != 200:
        client.refuse(verb, key)
    length = connection.read(dest)
    if length > len(dest):
        text = f"{key}: longer than the buffer of {len(dest)} bytes"
        raise S3Error("EntityTooLarge", 200, "fatal", text)
    return length


def _head(client, key):
    client.send_head("HEAD", client.path(key), "", {}, _NO_BODY)
    connection = client.connection
    if connection.reply() != 200:
        client.refuse("head", key)
    connection.read()
    return connection.headers


def _element(text, name):
    return text.partition(f"<{name}>")[2].partition("<")[0]


def _unescape(text):
    for entity, character in (
        ("lt", "<"),
        ("gt", ">"),
        ("quot", '"'),
        ("apos", "'"),
        ("amp", "&"),
    ):
        text = text.replace(f"&{entity};", character)
    return text
