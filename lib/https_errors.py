"""Says in words why a connection failed and what to do about it; loaded only then.

text, action = explain(error, "tls")
"""

import sys

from https import borrow

_IN_TLS = ("tls", "request", "body", "reply")
# What mbedTLS lacks memory for without saying in which part: a large number, ASN.1. No socket
# gives these numbers while it sends or receives.
_NO_MEMORY = (0x10, 0x6A)
_ECONNRESET = 104  # of newlib and of Linux


def explain(error, phase, platform=sys.platform):
    """Return a sentence and the action for an OSError, or a ValueError of the handshake."""
    if isinstance(error, ValueError):
        if phase in _IN_TLS:
            return borrow("tls_certificate_words").explain(error)
        return str(error) or "a value that is not allowed", "fatal"
    words = borrow("https_words")
    code = words.code(error)
    if code <= -4096:
        words = None
        said = str(error.args[1]) if len(error.args) > 1 else ""
        return borrow("tls_error_words").explain(code, phase, said)
    if phase == "dns" and code:
        return words.host(code), "retry"
    if phase in _IN_TLS and abs(code) in _NO_MEMORY:
        return "no memory left for TLS" + f" ({code})", "retry"
    if phase == "connect" and abs(code) == _ECONNRESET:
        return "nothing listens on that port (ECONNRESET)", "retry"  # lwIP's word for a refusal
    return words.explain(error, platform), "retry"
