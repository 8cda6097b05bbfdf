"""Percent-encode object keys and query strings as Signature Version 4 wants them (RFC 3986)."""


def uri_encode(text, safe="/"):
    """Percent-encode the UTF-8 bytes of `text` once: only S3 signs paths encoded once."""
    # Not one letter at a time as text: MicroPython would intern each forever.
    safe = b"-._~" + safe.encode()
    encoded = bytearray()
    for b in text.encode():
        if 48 <= b < 58 or (65 <= b & 95 < 91 and b < 128) or b in safe:  # a digit, a letter
            encoded.append(b)
        else:
            encoded += f"%{b:02X}".encode()
    return encoded.decode()
