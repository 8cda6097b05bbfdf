"""Unsigned aws-chunked bodies with a CRC32 trailer (STREAMING-UNSIGNED-PAYLOAD-TRAILER).

    framing = Framing(size, buf)
    framing.head(size); framing.update(piece); framing.finish()

S3 computes the CRC32 too and refuses a body that was damaged in transit.
"""

from binascii import b2a_base64, crc32

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

NAME = "x-amz-checksum-crc32"
# Old MinIO accepts chunks of at most 1 MiB; S3 requires at least 8 KiB in all but the last.
_MAX_CHUNK = const(1_048_576)


class Framing:
    """Encodes one body for sending; a mode of S3Client's `integrity`."""

    begin = None  # this mode signs no chunks

    def __init__(self, size, buf):
        self.buf = buf
        self.chunk = _MAX_CHUNK // len(buf) * len(buf)
        self._crc = 0
        self._end = b""

    def head(self, count):
        """Return the bytes before a chunk of `count` bytes, with the end of the previous one."""
        # As bytes, because MicroPython first looks up each new string in its interned ones.
        head = self._end + b"%x\r\n" % count
        self._end = b"\r\n"
        return head

    def update(self, data):
        # On 32-bit boards, a checksum above 30 bits is an object of 16 bytes: limited garbage.
        self._crc = crc32(data, self._crc)

    def finish(self):
        """Return the bytes that end the body."""
        crc = b2a_base64(self._crc.to_bytes(4, "big")).strip()
        return self.head(0) + b"%s:%s\r\n\r\n" % (NAME.encode(), crc)

    def proof(self):
        """Return True: S3 has compared the checksum."""
        return True
