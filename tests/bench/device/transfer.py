"""Transfer a photo from SPI to TLS: through driver and S3 client, and in the tightest loop.

Each photo of the job is (path, size, buffer in bytes). A way is a mode of S3Client's `integrity`,
"unwatched" ("none" without the JPEG check) or "floor". Counting starts with the first byte of the
body and ends with the last. Arguments are positional, because the modules for the board have
shortened parameter names.
"""

import gc
import json
import socket
import time

from arducam_mega import ArducamMega
from buses import Bus, Replay
from jpeg import JPEGBody
from marks import begin, job, mark
from s3 import Credentials, S3Client
from s3.framings import framing_class

_LIMIT_MS = 600_000
_CALLS = 100


class Meter:
    """Counts from start() to stop(): instructions (on the host), allocated bytes, SPI calls."""

    def __init__(self, bus):
        self._bus = bus
        self._before = self._transactions = 0

    def start(self, name):
        gc.collect()
        self._before = gc.mem_alloc()
        self._transactions = getattr(self._bus, "transactions", 0)
        mark(name)

    def stop(self):
        mark("")
        self.allocated = gc.mem_alloc() - self._before
        self.transactions = getattr(self._bus, "transactions", 0) - self._transactions


def floor(bus, photo, context, port, meter, name):
    """Use only `spi.readinto` and `sock.write`; the size need not be a multiple of the buffer."""
    _, size, buffer_bytes = photo
    buf = bytearray(buffer_bytes)
    raw = socket.socket()
    raw.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    sock = context.wrap_socket(raw, server_hostname="localhost")
    sock.write(f"PUT / HTTP/1.1\r\ncontent-length: {size}\r\n\r\n".encode())
    sock.readline()
    bus.cs(0)
    bus.write(b"\x3c\x00")
    last = memoryview(buf)[: size % buffer_bytes]
    readinto = bus.readinto
    write = sock.write
    meter.start(name)
    for _ in range(size // buffer_bytes):
        readinto(buf)
        write(buf)
    if last:
        readinto(last)
        write(last)
    meter.stop()
    bus.cs(1)
    sock.close()
    raw.close()


def ours(bus, photo, context, port, meter, name):
    """Put the driver's frame, checked by JPEGBody; `name` begins with the client's mode."""
    buf = bytearray(photo[2])
    client = S3Client(
        "bucket",
        "us-east-1",
        Credentials("AKIDEXAMPLE", "secret"),
        context,
        buf,
        lambda: int(time.time()),
        f"https://localhost:{port}",
        True,
        name.split()[0].replace("unwatched", "none"),
    )
    client.limit_ms = _LIMIT_MS
    client.framing = metered(framing_class(client.integrity), meter, name)
    camera = ArducamMega(bus, bus.cs, None, 0, 0)
    camera.reset()
    time.sleep_ms(500)
    client.connect()
    frame = camera.capture()
    frame.prepare(client.body_buf)
    # The path includes the driver's last check for a power loss, but not the camera's reply to it.
    camera.intact()
    bus.be_quick()
    client.put("cam1/a.jpg", frame if name.startswith("unwatched") else JPEGBody(frame))
    client.close()


def metered(framing, meter, name):
    """Return `framing` with the meter running from the first byte of the body to the last."""

    class Metered(framing):
        _is_running = False

        def head(self, count):
            head = super().head(count)
            if not self._is_running:
                self._is_running = True
                meter.start(name)
            return head

        def finish(self):
            meter.stop()
            return super().finish()

    return Metered


class Unframed:
    """A framing that does nothing, to measure the cost of the meter itself."""

    def head(self, count):
        return b""

    def finish(self):
        return b""


def count_meter():
    """Have the host count the meter itself, as used by metered() and by floor()."""
    meter = Meter(None)
    framing = metered(Unframed, meter, "meter")()
    framing.head(0)
    framing.finish()
    meter.start("floor meter")
    meter.stop()


class Nothing:
    """A body with an empty method, the cheapest possible part of the path."""

    def readinto(self, buf):
        return 0


def count_calls():
    """Have the host count _CALLS calls of an empty method, and the loop around them."""
    readinto = Nothing().readinto
    mark("calls")
    for _ in range(_CALLS):
        readinto(None)
    mark("no calls")
    for _ in range(_CALLS):
        pass
    mark("")


def main(job):
    with open(job["root"], "rb") as file:
        from https import tls_context

        context = tls_context.client_context([file.read()])
    begin()
    count_calls()
    count_meter()
    for photo in job["photos"]:
        path, size, buffer_bytes = photo
        for way in job["ways"]:
            bus = Replay(path, size)
            if job["count_bus"]:
                bus = Bus(bus, bus.cs)
            meter = Meter(bus)
            name = f"{way} {size} {buffer_bytes}"
            (floor if way == "floor" else ours)(bus, photo, context, job["port"], meter, name)
            result = {"name": name, "allocated": meter.allocated}
            result["transactions"] = meter.transactions
            print(json.dumps(result))
    mark("end")


if __name__ == "__main__":
    main(job())
