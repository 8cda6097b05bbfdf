"""TLS contexts that verify the other side; there is no switch that turns it off.

    context = client_context(roots)  # roots: DER certificates
    context = device_context(roots, certificate, private_key)  # shows its own certificate too

Each certificate is DER, because a PEM file would be in memory twice.
"""

import tls


def client_context(roots):
    """Return a TLS context that trusts only `roots`, an iterable of DER certificates."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    for root in roots:
        context.load_verify_locations(root)
    return context


def device_context(roots, certificate, private_key):
    """Return the same that also shows the device's certificate to a server that asks for it."""
    context = client_context(roots)
    context.load_cert_chain(certificate, private_key)
    return context
