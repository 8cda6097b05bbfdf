"""Temporary AWS credentials for an X.509 certificate, from AWS IoT Core: no long-lived AWS key.

    contexts = borrow("tls_context")
    context = contexts.device_context(roots, certificate, private_key)  # all DER
    credentials = IoTCredentials(host, "photo-role", "cam1", context, buf, now)
    context = contexts.client_context(roots)
    client = S3Client("bucket", "eu-central-1", credentials, context, buf, now)

AWS IoT: "Authorizing direct calls to AWS services using AWS IoT Core credential provider".
"""

import json
import time

from https import Connection, HTTPSError, borrow
from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Renewed so long before they end.
_MARGIN_S = const(300)
_LIMIT_MS = const(30_000)
# The answer is 2 to 3 KB.
_MAX_ANSWER = const(4096)


class IoTCredentials:
    """Credentials of a role alias, fetched when S3Client first needs them and before they end.

    `host` is the account's endpoint of type iot:CredentialProvider.
    """

    access_key_id = secret_access_key = session_token = ""
    #: UTC seconds since 1970 at which they end; 0 asks for new ones.
    expires_s = 0

    def __init__(self, host, role_alias, thing, context, buf, now, clock=time, port=443):
        self._host = host
        self._alias = role_alias
        self._thing = thing
        self._now = now
        #: Trusts the roots and shows the certificate to who asks: good for S3Client as well.
        self.context = context
        self._connection = Connection(host, port, context, buf, clock)

    def renew(self, close):
        """Fetch new ones when these end soon, after close(): one TLS connection at a time."""
        if self.expires_s - self._now() > _MARGIN_S:
            return
        close()
        try:
            self._fetch()
        except (HTTPSError, S3Error):
            # What is still good does, and the next request asks again.
            if self.expires_s <= self._now():
                raise
        finally:
            self._connection.close()

    def _fetch(self):
        head = (
            f"GET /role-aliases/{self._alias}/credentials HTTP/1.1\r\nhost: {self._host}\r\n"
            f"x-amzn-iot-thingname: {self._thing}\r\n\r\n"
        )
        self._connection.request(head.encode(), _LIMIT_MS)
        status = self._connection.reply()
        size = self._connection.headers.get("content-length", "")
        page = bytearray(min(int(size), _MAX_ANSWER) if size.isdigit() else _MAX_ANSWER)
        length = self._connection.read(page)
        try:
            answer = json.loads(bytes(memoryview(page)[:length]))
            self._take(answer["credentials"])
        except (ValueError, KeyError, TypeError):
            action = "retry" if status >= 500 else "fatal"
            text = (
                f"{self._host} gave no credentials ({status}): check the role alias "
                f"{self._alias}, the thing {self._thing} and the policy of its certificate"
            )
            raise S3Error("CredentialProvider", status, action, text)

    def _take(self, answer):
        expires_s = _seconds(answer["expiration"])
        self.access_key_id = answer["accessKeyId"]
        self.secret_access_key = answer["secretAccessKey"]
        self.session_token = answer["sessionToken"]
        self.expires_s = expires_s


def _seconds(text):
    """Return UTC seconds since 1970 of `2018-01-18T09:18:06Z`."""
    date, _, clock = text.rstrip("Z").partition("T")
    year, month, day = [int(part) for part in date.split("-")]
    hour, minute, second = [int(part) for part in clock.split(":")]
    return borrow("http_date").seconds_of(year, month, day, hour, minute, second)
