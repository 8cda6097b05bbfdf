"""Says in words why a socket failed or a certificate was refused; loaded only then.

text, action = explain(error, "tls")
"""

import errno

_MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED = -0x7680
# Words of mbedTLS's reasons. An untrusted chain outweighs its dates: both may be reported.
_REASONS = (
    ("signed", "the certificate is not from a known root; add its CA", "fatal"),
    ("match", "the certificate is for another host; check the endpoint", "fatal"),
    ("future", "the certificate is not valid yet; the clock is behind", "clock"),
    ("expired", "the certificate has expired, or the clock is ahead", "clock"),
)


def explain(error, phase):
    """Return a sentence and the action for an OSError, or a ValueError of the handshake."""
    code = error.args[0] if error.args else 0
    text = str(error)
    if code == _MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED:
        return "no root certificate is loaded; deploy the roots", "fatal"
    if isinstance(error, ValueError):
        for word, sentence, action in _REASONS:
            if word in text:
                return sentence, action
        return f"the certificate is refused: {text.strip()}", "fatal"
    if phase == "dns":
        return f"name not found ({text})", "retry"
    return errno.errorcode.get(code, text), "retry"
