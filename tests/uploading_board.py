"""A stand-in for the board that `cloud rotate` finds on USB; it really uploads with its key."""

import contextlib
import threading


class Board:
    """A board on USB that holds one key and uploads with it.

    `photos` counts its uploads, `ports` lists the serial ports on which it was opened.
    """

    def __init__(self, account):
        self.account, self.ports = account, []
        self.key = self._s3 = None
        self.photos = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def open(self, port):
        self.ports.append(port)
        yield self

    def put_key(self, key):
        client = self.account.s3_as(key)
        with self._lock:
            self.key, self._s3 = key, client

    def prove_key(self, key):
        assert self.key is key
        self.upload()

    def key_identity(self):
        return self.key.identity if self.key else None

    def upload(self):
        with self._lock:
            number = self.photos
            self.photos += 1
            key = f"cam1/2026/11/23/000000-{number:06}.jpg"
            self._s3.put_object(Bucket=self.account.bucket, Key=key, Body=b"photo")
