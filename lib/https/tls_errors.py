"""Explain what an error of mbedTLS means and what to do about it; loaded only then.

text, action = explain(-0x7280, "tls")

The number is the sum of a module's error, a multiple of 0x80, and a low-level error below 0x80:
for example, an error in the certificate's key because there was no memory for a large number.
"""

# Codes of mbedTLS 3 (ssl.h, x509.h, ...) with an action. r: retry, because anyone between us and
# the server can cause it, and must not stop us for an hour. p: portal. f: fatal, because the fault
# is in our own configuration.
_ERRORS = (
    """
2700p the server's certificate is refused; check the clock, the roots and the endpoint
3000r the certificate could not be checked
4e80r the server requires a curve that is not supported
6300r a record was damaged in transit
""",
    """
6600r the server's handshake violates TLS
6700r the server sent an unexpected TLS record
6800r the server does not answer
6a00r the server sent more than the TLS buffer holds
6c00r internal error in mbedTLS
""",
    """
6d00r the server's key does not match its cipher
6e00r server and client have no cipher, curve or signature in common
6e80r the server does not speak TLS 1.2
7080r the server requires a TLS feature that is not supported
""",
    """
7100r the TLS connection has already ended
7180r a record was damaged in transit
7200r the port does not speak TLS; check the port of the endpoint
7280r the server closed the connection
7300r the server's handshake cannot be read
""",
    """
7400r the random number generator failed
7480r the server requires a client certificate
7500r the server answers with a TLS extension that was not offered
7600f the client's private key is missing
7680f no root certificate is loaded; deploy the roots
""",
    """
7700r the server sent an unexpected TLS message
7780r the server refuses TLS 1.2, the ciphers or the certificate
7800r the server does not know this host name; check the endpoint
7880r the server closed the connection
""",
    """
7a00p the server's certificate cannot be used
7f80r the crypto hardware failed
""",
)
# Codes that have another meaning after the handshake.
_LATER = """
7200r a record was damaged in transit
7780r the server ended the connection with a TLS alert
"""
# ALLOC_FAILED of SSL, cipher, MD, ECP, PK, DHM and X.509; below, of large numbers and ASN.1.
_NO_MEMORY = (0x7F00, 0x6180, 0x5180, 0x4D80, 0x3F80, 0x3400, 0x2880)
_NO_MEMORY_LOW = (0x10, 0x6A)


def explain(code, phase, said=""):
    """Return a sentence and "retry", "portal" or "fatal" for `code`, which is below 0.

    `phase` is as in HTTPSError; `said` is mbedTLS's own message, if there is one.
    """
    high = -code & 0xFF80
    if high in _NO_MEMORY or -code & 0x7F in _NO_MEMORY_LOW:
        return "no memory left for TLS" + f" ({hex(code)})", "retry"
    action, text = _find("\n" + hex(high)[2:], phase not in ("tls", ""))
    if text:
        said = ""
    else:
        action, text = _of_module(high)
    action = "fatal" if action == "f" else "portal" if action == "p" else "retry"
    return text + f" ({said or hex(code)})", action


def _find(start, is_later):
    at = -1
    if is_later:
        table = _LATER
        at = table.find(start)
    for more in _ERRORS:
        if at < 0:
            table = more
            at = table.find(start)
    return (table[at + 5], table[at + 7 : table.find("\n", at + 1)]) if at >= 0 else ("", "")


def _of_module(high):
    if 0x2000 <= high < 0x3000:
        return "p", "the server's certificate cannot be read"
    if 0x3000 < high < 0x5000:
        return "r", "the server's key or signature cannot be used"
    return "r", "TLS error"
