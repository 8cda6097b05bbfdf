"""Percent-encode object keys and query strings as Signature Version 4 wants them (RFC 3986)."""

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def uri_encode(text, safe="/"):
    """Percent-encode the UTF-8 bytes of `text` once: only S3 signs paths encoded once."""
    # Not one letter at a time as text: MicroPython would intern each forever.
    safe = _PLAIN + safe.encode()
    encoded = bytearray()
    for b in text.encode():
        if b in safe:
            encoded.append(b)
        else:
            encoded += f"%{b:02X}".encode()
    return encoded.decode()
