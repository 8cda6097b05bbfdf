"""TLS contexts that verify the server; verification cannot be switched off.

    context = client_context(roots)  # roots: DER certificates
    context = device_context(roots, certificate, private_key)  # has its own certificate too

All certificates are DER, because a PEM file would be in memory twice.
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
    """Return a client context that also sends the device's certificate if a server asks."""
    context = client_context(roots)
    context.load_cert_chain(certificate, private_key)
    return context
