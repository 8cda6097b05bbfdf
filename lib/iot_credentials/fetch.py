"""Request credentials from AWS IoT Core's credential provider; loaded only for that.

AWS IoT: "Authorizing direct calls to AWS services using AWS IoT Core credential provider".
"""

import json

from https import Connection
from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIMIT_MS = const(30_000)
# The answer is 2 to 3 KB.
_MAX_ANSWER = const(4096)


def fetch(credentials):
    """Fetch new keys into `credentials`; raises HTTPSError or S3Error."""
    connection = Connection(*credentials._where)
    try:
        _fetch(credentials, connection)
    finally:
        connection.close()


def _fetch(credentials, connection):
    head = (
        f"GET /role-aliases/{credentials._alias}/credentials HTTP/1.1\r\n"
        f"host: {connection.host}\r\nx-amzn-iot-thingname: {credentials._thing}\r\n\r\n"
    )
    connection.request(head.encode(), _LIMIT_MS)
    status = connection.reply()
    size = connection.headers.get("content-length", "")
    page = bytearray(min(int(size), _MAX_ANSWER) if size.isdigit() else _MAX_ANSWER)
    length = connection.read(page)
    if length < len(page):
        page = page[:length]
    try:
        answer = json.loads(page)["credentials"]
        page = None
        expires_s = _seconds(answer["expiration"])
        credentials.access_key_id = answer["accessKeyId"]
        credentials.secret_access_key = answer["secretAccessKey"]
        credentials.session_token = answer["sessionToken"]
        credentials.expires_s = expires_s
    except (ValueError, KeyError, TypeError):
        action = "retry" if status >= 500 else "fatal"
        text = (
            f"{connection.host} gave no credentials ({status}): check the role alias "
            f"{credentials._alias}, the thing {credentials._thing} and the policy of its "
            "certificate"
        )
        raise S3Error("CredentialProvider", status, action, text)


def _seconds(text):
    """Return a time such as `2018-01-18T09:18:06Z` as UTC seconds since 1970."""
    date, _, clock = text.rstrip("Z").partition("T")
    year, month, day = [int(part) for part in date.split("-")]
    hour, minute, second = [int(part) for part in clock.split(":")]
    from https import http_date

    return http_date.seconds_of(year, month, day, hour, minute, second)
