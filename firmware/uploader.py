"""A photo on its way from the camera's FIFO into the bucket."""

from https import borrow
from jpeg import JPEGBody
from s3 import S3Client

from firmware import clock, rare

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

# One SPI transaction of the ESP32's DMA, and a multiple of 4 as its receiver wants it.
_BUFFER_BYTES = const(4092)


def build(s3):
    """Return an Uploader for the settings of section "s3"; raises CredentialsError."""
    buf = bytearray(_BUFFER_BYTES)
    return Uploader(
        S3Client(
            s3["bucket"],
            s3["region"],
            rare.call("credentials", "load_key", buf),
            borrow("tls_context").client_context(rare.call("board", "roots")),
            buf,
            clock.now,
            s3["endpoint"] or None,
            s3["path_style"],
        )
    )


class Uploader:
    """Puts frames into one bucket."""

    def __init__(self, store):
        self._store = store

    def connect(self):
        """Open the connection while the camera exposes; raises S3Error."""
        self._store.connect()

    def put(self, key, frame):
        """Store a whole JPEG under `key`; return the HTTP status and the object's URL.

        Raises JPEGError for a damaged photo, of which nothing is stored then, and S3Error.
        """
        try:
            stored = self._store.put(key, JPEGBody(frame))
        finally:
            frame.close()
        return stored.status, self._store.url(key)
