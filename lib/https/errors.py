"""Explain why a connection failed and what to do about it; loaded only then.

text, action = explain(error, "tls")
"""

import errno
import sys

_IN_TLS = ("tls", "request", "body", "reply")
# Low codes of mbedTLS for a lack of memory, without a module: large numbers, ASN.1. No socket
# gives these numbers while it sends or receives.
_NO_MEMORY = (0x10, 0x6A)
_ECONNRESET = 104  # of newlib and of Linux
# The most frequent errors of sockets: number (of newlib, then of Linux if different), name, text.
# Long strings, because MicroPython interns every short one forever; but not longer ones, because
# there may be no large free block of memory.
_ERRORS = (
    """
32 EPIPE the other side has closed the connection
104 ECONNRESET the other side reset the connection
111 ECONNREFUSED nothing listens on that port
113,103 ECONNABORTED the connection was aborted: no answer
114,101 ENETUNREACH that network is unreachable
116,110 ETIMEDOUT no answer in time
""",
    """
118,113 EHOSTUNREACH that address is unreachable
128,107 ENOTCONN it is not connected
""",
)


def explain(error, phase, platform=sys.platform):
    """Return a sentence and the action for an OSError, or a ValueError of the handshake."""
    if isinstance(error, ValueError):
        if phase in _IN_TLS:
            from https import tls_certificates

            return tls_certificates.explain(error)
        return str(error) or "an invalid value", "fatal"
    value = code(error)
    if value <= -4096:
        said = str(error.args[1]) if len(error.args) > 1 else ""
        from https import tls_errors

        return tls_errors.explain(value, phase, said)
    if phase == "dns" and value:
        return host(value), "retry"
    if phase in _IN_TLS and abs(value) in _NO_MEMORY:
        return "no memory left for TLS" + f" ({value})", "retry"
    if phase == "connect" and abs(value) == _ECONNRESET:
        return "nothing listens on that port (ECONNRESET)", "retry"  # lwIP's code for a refusal
    from https import words as other_words

    return words(abs(value), platform) or other_words.explain(error, platform), "retry"


def code(error):
    """Return the number of an OSError, or 0 if it has none."""
    value = error.args[0] if error.args and isinstance(error, OSError) else 0
    if type(value) is str and value.startswith("[addrinfo error "):
        value = int(value[16:-1])  # MicroPython on Unix
    return value if type(value) is int else 0


def host(code):
    """Explain why DNS failed; `code` is EAI_ of lwIP (200 to 213, either sign) or of Linux."""
    if code in (203, -203, -10, 12):
        return f"no memory left to look the name up ({code})"
    if code in (201, -201, -8):
        return f"the port is not a number ({code})"
    # lwIP uses the same number for an unknown name and for a server that does not answer.
    return f"name not found: no DNS server knows it, or none answers ({code})"


def words(code, platform, tables=_ERRORS):
    """Return text and name for `code`, above 0, or "" if it is not in `tables`."""
    number = str(code)
    first, second = "\n" + number + " ", "\n" + number + ","
    if platform != "esp32":
        known = errno.errorcode.get(code) if platform == sys.platform else None
        first, second = " " + known + " " if known else "," + number + " ", first
    for wanted in (first, second):
        for table in tables:
            at = table.find(wanted)
            if at >= 0:
                line = table[table.find(" ", at) + 1 : table.find("\n", at + 1)]
                name, _, text = line.partition(" ")
                return text + f" ({name})"
    return ""
