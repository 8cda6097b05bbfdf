"""Get temporary AWS credentials from AWS IoT Core with an X.509 certificate, without an AWS key.

    contexts = tls_context
    context = contexts.device_context(roots, certificate, private_key)  # all DER
    credentials = IoTCredentials(host, "photo-role", "cam1", context, buf, now)
    context = contexts.client_context(roots)
    client = S3Client("bucket", "eu-central-1", credentials, context, buf, now)

AWS IoT: "Authorizing direct calls to AWS services using AWS IoT Core credential provider".
"""

import time

from https import HTTPSError
from s3 import S3Error

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# Renew them this long before they expire.
_MARGIN_S = const(300)


class IoTCredentials:
    """Credentials of a role alias, fetched when S3Client needs them and before they expire.

    `host` is the account's endpoint of type iot:CredentialProvider.
    """

    access_key_id = secret_access_key = session_token = ""
    #: UTC seconds since 1970 at which they expire; set 0 to request new ones.
    expires_s = 0

    def __init__(self, host, role_alias, thing, context, buf, now, clock=time, port=443):
        self._alias = role_alias
        self._thing = thing
        self._now = now
        #: Trusts the roots, and presents the certificate if asked. S3Client can use it as well.
        self.context = context
        # A Connection is made for each fetch: between two of them it would take half a KB.
        self._where = host, port, context, buf, clock

    def renew(self, close):
        """Fetch new credentials if these expire soon; call close() before it.

        There is memory for one TLS connection only: close() closes that of the caller.
        """
        if self.expires_s - self._now() > _MARGIN_S:
            return
        close()
        try:
            from iot_credentials.fetch import fetch

            fetch(self)
        except (HTTPSError, S3Error):
            # The old credentials are still valid: use them, and the next request tries again.
            if self.expires_s <= self._now():
                raise
