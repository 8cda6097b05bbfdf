"""Create the objects of the firmware's start one after the other and print what each keeps.

The job: port, root, config (JSON text), and path and size of a photo. Prints {name, bytes of heap}
for each, and MicroPython's line about interned names before and after it.
"""

import gc
import json
import time

import micropython
from arducam_mega import ArducamMega
from buses import Replay
from marks import job
from s3 import Credentials, S3Client


def keep(name, make):
    """Print how many bytes make() leaves in memory and return its result."""
    micropython.qstr_info()
    gc.collect()
    before = gc.mem_alloc()
    result = make()
    gc.collect()
    micropython.qstr_info()
    print(json.dumps({"name": name, "bytes": gc.mem_alloc() - before}))
    return result


def main(wanted):
    """Create settings, buffer, TLS, client, connection and camera as start/build.py does."""
    with open(wanted["root"], "rb") as file:
        root = file.read()
    buf = keep("transfer buffer", lambda: bytearray(4092))
    from https import tls_context

    context = keep("TLS context", lambda: tls_context.client_context([root]))

    def client_for():
        key = Credentials("AKIDEXAMPLE", "secret")
        endpoint = f"https://localhost:{wanted['port']}"
        return S3Client(
            "bucket", "us-east-1", key, context, buf, time.time, endpoint, True, "checksum"
        )

    client = keep("S3 client and framing", client_for)
    keep("open TLS connection", client.connect)
    bus = Replay(wanted["path"], wanted["size"])

    def camera_for():
        camera = ArducamMega(bus, bus.cs, None, 0, 0)
        camera.reset()
        return camera

    camera = keep("camera", camera_for)
    settings = keep("settings, during the start only", lambda: json.loads(wanted["config"]))
    client.close()
    return camera, settings


if __name__ == "__main__":
    main(job())
