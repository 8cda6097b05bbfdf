"""Credentials from an AWS IoT certificate in NVS; loaded if there is one."""

from iot_credentials import IoTCredentials

from firmware import clock
from firmware.credentials import read
from firmware.errors import CredentialsError


def load(buf):
    """Return IoTCredentials, which fetch keys through `buf`; raises CredentialsError.

    The entries are read through it as well, so that no other large block is needed.
    """
    iot = read.load("iot", buf)
    slot = iot.get("slot", "")
    certificate = read.load_der("iot_cert" + slot, buf)
    private_key = read.load_der("iot_key" + slot, buf)
    try:
        from https import tls_context

        from firmware.start import board

        context = tls_context.device_context(board.roots(), certificate, private_key)
    except ValueError:
        raise CredentialsError("certificate and key in NVS do not match; run `megacam provision`")
    return IoTCredentials(
        iot["host"], iot["role_alias"], iot["thing"], context, buf, clock.now,
        port=iot.get("port", 443),
    )  # fmt: skip
