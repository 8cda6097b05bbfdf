"""Credentials by a certificate of AWS IoT in NVS; loaded where there is one."""

from https import borrow
from iot_credentials import IoTCredentials

from firmware import clock, credentials_read, rare
from firmware.errors import CredentialsError


def load(buf):
    """Return IoTCredentials that fetch themselves through `buf`; raises CredentialsError."""
    iot = credentials_read.load("iot")
    slot = iot.get("slot", "")
    certificate = credentials_read.load_der("iot_cert" + slot)
    private_key = credentials_read.load_der("iot_key" + slot)
    try:
        context = borrow("tls_context").device_context(
            rare.call("board", "roots"), certificate, private_key
        )
    except ValueError:
        raise CredentialsError(
            "certificate and key in NVS do not go together; run `megacam provision`"
        )
    return IoTCredentials(
        iot["host"], iot["role_alias"], iot["thing"], context, buf, clock.now,
        port=iot.get("port", 443),
    )  # fmt: skip
