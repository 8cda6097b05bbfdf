"""Plain bodies (UNSIGNED-PAYLOAD), for any S3-compatible store.

framing = Framing(size, buf)  # or ETagFraming: the reply's ETag is compared with an MD5
if framing.update: framing.update(piece)
if framing.is_intact and not framing.is_intact(headers): ...
"""

import hashlib
from binascii import hexlify


class Framing:
    """Encodes one body for sending; a mode of S3Client's `integrity`."""

    # The body is not signed and has no checksum.
    begin = update = is_intact = None
    # After compare_etag(): whether the reply has proved that the store has the bytes sent.
    is_exact = False

    def __init__(self, size, buf):
        self.buf = buf
        self.chunk = size or 1

    def head(self, count):
        return b""

    def finish(self):
        return b""

    def compare_etag(self):
        """Compute the MD5 of the body, for is_intact(); call it before the body is sent."""
        self._md5 = hashlib.md5()
        self.update = self._md5.update
        self.is_intact = self._is_intact

    def _is_intact(self, headers):
        # False if the ETag is an MD5, but not that of the bytes sent. With KMS keys the ETag is no
        # MD5, and after a multipart upload it has a dash.
        md5 = hexlify(self._md5.digest()).decode()
        etag = headers.get("etag", "").strip('"')
        is_md5 = headers.get("x-amz-server-side-encryption", "AES256") == "AES256"
        self.is_exact = is_md5 and etag.lower() == md5
        return self.is_exact or not is_md5 or len(etag) != 32
