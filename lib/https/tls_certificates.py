"""Explain why mbedTLS rejects a certificate and what to do about it; loaded only then.

text, action = explain(error)  # the ValueError of the handshake
"""

# Flags of mbedTLS (x509.h), a part of its message, our text, the action. Several flags may be
# reported, and the first row that matches wins: an untrusted chain is worse than its dates.
_REASONS = """
8=correctly signed=the certificate is not from a known root; add its CA=portal
4=expected CN=the certificate is for another host; check the endpoint=portal
2=revoked=the certificate is revoked=portal
14336=Usage does not match=the certificate is not for servers=portal
114688=unacceptable=the certificate's signature is too weak or not supported=portal
512=future=the certificate is not valid yet; the clock is behind=clock
1=expired=the certificate has expired, or the clock is ahead=clock
64=was missing=the server sent no certificate=portal
0=invalid cert=the server's certificate cannot be read=portal
0=invalid key=the key of a certificate cannot be used=portal
"""


def explain(error):
    """Return a sentence and the action, "clock" or "portal"; `error` has a message or flags.

    "portal" means that the certificate is not the server's own. Usually it is that of a captive
    portal, so a later attempt may succeed.
    """
    text = str(error).strip()
    flags = _flags(text)
    for line in _REASONS.strip().split("\n"):
        bits, part, sentence, action = line.split("=")
        if int(bits) & flags or part in text:
            return sentence, action
    return f"the certificate is refused: {text or 'no reason is given'}", "portal"


def _flags(text):
    try:
        return int(text, 0)
    except ValueError:
        return 0
