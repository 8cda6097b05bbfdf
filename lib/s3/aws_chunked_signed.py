"""aws-chunked bodies with a signature for every chunk, for buckets that refuse unsigned bodies.

    framing = Framing(size, bytearray(CHUNK))  # or TrailerFraming: a signed CRC32 as well
    framing.begin(client, date, signature)
    framing.update(piece)  # sends the chunk header of the piece
    framing.finish()

The signature comes before its chunk, so a complete chunk, at least 8 KiB, has to be in memory.
AWS: "Signature Calculations: Transferring Payload in Multiple Chunks", and the same with
trailing headers.
"""

import hashlib
from binascii import b2a_base64, crc32, hexlify

from signing_key import hmac_sha256, signing_key

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

#: The smallest buffer size in bytes.
CHUNK = const(8192)


def _sha256_hex(data):
    return hexlify(hashlib.sha256(data).digest()).decode()


class Framing:
    """Encodes one body for sending; a mode of S3Client's `integrity`."""

    def __init__(self, size, buf):
        self.buf = buf
        self.chunk = len(buf)
        self._line_end = ""

    def begin(self, client, date, signature):
        """Start the signature chain with the date and signature of the request."""
        self._send = client.connection.send
        scope = f"{date[:8]}/{client.region}/s3/aws4_request"
        self._key = signing_key(client.credentials.secret_access_key, scope, client._key)
        self._scope = f"{date}\n{scope}"
        self._signature = signature

    def head(self, count):
        """Return nothing: the chunk header depends on the data, so update() sends it."""
        return b""

    def update(self, data):
        self._send(self._head(data))

    def finish(self):
        """Return the bytes that end the body."""
        return self._head(b"") + b"\r\n"

    def proof(self):
        """Return True: S3 has checked each signature."""
        return True

    def _head(self, data):
        self._sign("PAYLOAD", f"{_sha256_hex(b'')}\n{_sha256_hex(data)}")
        end = self._line_end
        self._line_end = "\r\n"
        return f"{end}{len(data):x};chunk-signature={self._signature}\r\n".encode()

    def _sign(self, kind, hashes):
        text = f"AWS4-HMAC-SHA256-{kind}\n{self._scope}\n{self._signature}\n{hashes}"
        self._signature = hexlify(hmac_sha256(self._key, text)).decode()


class TrailerFraming(Framing):
    """Adds a CRC32 of the body, which S3 verifies and keeps with the object."""

    _name = "x-amz-checksum-crc32"
    _crc = 0

    def update(self, data):
        self._crc = crc32(data, self._crc)
        super().update(data)

    def checksum(self):
        return b2a_base64(self._crc.to_bytes(4, "big")).decode().strip()

    def finish(self):
        head = self._head(b"")
        trailer = f"{self._name}:{self.checksum()}"
        self._sign("TRAILER", _sha256_hex(f"{trailer}\n".encode()))
        return head + f"{trailer}\r\nx-amz-trailer-signature:{self._signature}\r\n\r\n".encode()
