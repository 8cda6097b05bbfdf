"""A photo on its way from the camera's FIFO into the bucket."""

from jpeg import JPEGBody


class Uploader:
    """Puts frames into one bucket, `store`, an S3Client."""

    def __init__(self, store):
        self.store = store

    def connect(self):
        """Open the connection while the camera exposes; raises S3Error."""
        self.store.connect()

    def put(self, key, frame):
        """Store a whole JPEG under `key`; return the HTTP status and the object's URL.

        Raises JPEGError for a damaged photo, of which nothing is stored then, and S3Error.
        """
        frame.prepare(self.store.body_buf)
        try:
            stored = self.store.put(key, JPEGBody(frame))
        finally:
            frame.close()
        return stored.status, self.store.url(key)
