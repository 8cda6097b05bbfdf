"""One camera of a fleet: puts photos of one size into a bucket, each by a signed PUT over TLS."""

import json
import time

from marks import job, mark
from s3 import Credentials, S3Client, S3Error


class Noise:
    """A body of `size` bytes; their values are the current content of the buffer."""

    def __init__(self, size):
        self.size = self._left = size

    def readinto(self, buf):
        count = min(len(buf), self._left)
        self._left -= count
        return count


def main(wanted):
    """Wait for the host, then put `count` photos under `device`; print the result of each put."""
    with open(wanted["root"], "rb") as file:
        from https import tls_context

        context = tls_context.client_context([file.read()])
    client = S3Client(
        wanted["bucket"],
        "us-east-1",
        Credentials(wanted["id"], wanted["secret"]),
        context,
        bytearray(4092),
        lambda: int(time.time()),
        wanted["endpoint"],
        True,
        "none",
    )
    mark("ready")
    for number in range(wanted["count"]):
        key = f"{wanted['device']}/2026/11/24/101500-{number:06}.jpg"
        try:
            ended = client.put(key, Noise(wanted["size"]))[0]
        except S3Error as error:
            ended = error.code
        print(json.dumps({"ended": ended}))
    client.close()


if __name__ == "__main__":
    main(job())
