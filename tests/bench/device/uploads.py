"""Upload one photo many times with one client, as the capture loop does; print the free memory.

The job: port, root, path, size, count. Prints the state of the heap after some of the uploads.
"""

import gc
import json
import time

from arducam_mega import ArducamMega
from buses import Replay
from jpeg import JPEGBody
from marks import job
from s3 import Credentials, S3Client

_BLOCK = 4092


def main(wanted):
    """Upload the photo `count` times; print the live heap and the lowest free heap so far."""
    with open(wanted["root"], "rb") as file:
        from https import tls_context

        context = tls_context.client_context([file.read()])
    client = S3Client(
        "bucket",
        "us-east-1",
        Credentials("AKIDEXAMPLE", "secret"),
        context,
        bytearray(_BLOCK),
        lambda: int(time.time()),
        f"https://localhost:{wanted['port']}",
        True,
        "checksum",
    )
    bus = Replay(wanted["path"], wanted["size"])
    camera = ArducamMega(bus, bus.cs, None, 0, 0)
    camera.reset()
    time.sleep_ms(500)
    low = 1 << 30
    gc.threshold(8192)
    for number in range(1, wanted["count"] + 1):
        bus.file.seek(0)
        client.connect()
        frame = camera.capture()
        gc.collect()
        frame.prepare(client.body_buf)
        client.put(f"cam1/2026/11/24/101500-{number:06}.jpg", JPEGBody(frame), "image/jpeg")
        low = min(low, gc.mem_free())
        if number in wanted["tell"]:
            gc.collect()
            print(json.dumps({"number": number, "live": gc.mem_alloc(), "low": low}))


if __name__ == "__main__":
    main(job())
