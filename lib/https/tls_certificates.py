"""Says in words why mbedTLS refuses a certificate and what to do about it; loaded only then.

text, action = explain(error)  # the ValueError of the handshake
"""

# Bits of mbedTLS's verdict (x509.h), a part of its words for it, our words, the action. What is
# first outweighs what follows: an untrusted chain its dates, as both may be reported.
_REASONS = """
8=correctly signed=the certificate is not from a known root; add its CA=portal
4=expected CN=the certificate is for another host; check the endpoint=portal
2=revoked=the certificate is revoked=portal
14336=Usage does not match=the certificate is not one for servers=portal
114688=unacceptable=the certificate is signed too weakly, or in a way we do not know=portal
512=future=the certificate is not valid yet; the clock is behind=clock
1=expired=the certificate has expired, or the clock is ahead=clock
64=was missing=the server shows no certificate=portal
0=invalid cert=the server's certificate cannot be read=portal
0=invalid key=the key of a certificate cannot be used=portal
"""


def explain(error):
    """Return a sentence and "clock" or "portal" for the reasons in `error`, or for their bits.

    "portal": it is not the server's own. Mostly a network shows it that wants somebody to log in
    first, and that passes.
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
