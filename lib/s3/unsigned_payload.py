"""Plain bodies (UNSIGNED-PAYLOAD), for any S3-compatible store.

framing = Framing(size, buf)
framing.compare_etag()  # if the reply's ETag is to be compared with an MD5
if framing.update: framing.update(piece)
proof = framing.proof()  # see stored.py
"""

import hashlib
from binascii import hexlify


class Framing:
    """Encodes one body for sending; a mode of S3Client's `integrity`."""

    # The body is not signed and has no checksum.
    begin = update = _md5 = None

    def __init__(self, size, buf):
        self.buf = buf
        self.chunk = size or 1

    def head(self, count):
        return b""

    def finish(self):
        return b""

    def compare_etag(self):
        """Compute the MD5 of the body, for proof(); call it before the body is sent."""
        self._md5 = hashlib.md5()
        self.update = self._md5.update

    def proof(self):
        """Return the hex MD5 of what was sent, or "" if it was not computed."""
        return hexlify(self._md5.digest()).decode() if self._md5 else ""
