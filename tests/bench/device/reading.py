"""Three ways to read a photo from an Arducam Mega: this driver's and two of other drivers.

The other two were written for this comparison and work like published drivers. They only read:
no checks, no retries. They call `take(buf, count)` with the data; `size` is the photo's length in
bytes.
"""

import hashlib
import json
import time
from binascii import hexlify

from arducam_mega import ArducamMega
from buses import Bus, Replay
from marks import begin, job, mark

_BLOCK = 4092


def by_register(spi, cs, size, take):
    """Read every byte in a register transaction of its own (0x3D, dummy, byte)."""
    one = bytearray(1)
    for _ in range(size):
        cs(0)
        spi.write(b"\x3d\x00")
        spi.readinto(one)
        cs(1)
        take(one, 1)


def in_255(spi, cs, size, take):
    """Read bursts of 255 bytes into a buffer that grows to the size of the photo."""
    photo = bytearray()
    command = b"\x3c\x00"  # the first burst of a frame has a dummy byte
    while len(photo) < size:
        block = bytearray(min(255, size - len(photo)))
        cs(0)
        spi.write(command)
        spi.readinto(block)
        cs(1)
        photo.extend(block)
        command = b"\x3c"
    take(photo, size)


_OTHERS = {"by register": by_register, "255 and grow": in_255}


def _ours(camera, buf, take):
    frame = camera.finish()
    frame.prepare(buf)
    while count := frame.readinto(buf):
        take(buf, count)
    return frame.size


def _register(bus, address):
    bus.cs(0)
    got = bytearray(3)
    bus.write_readinto(bytes((address, 0, 0)), got)
    bus.cs(1)
    return got[2]


def _others(way, bus, take):
    while not _register(bus, 0x44) & 0x04:
        pass
    size = _register(bus, 0x45) | _register(bus, 0x46) << 8 | _register(bus, 0x47) << 16
    _OTHERS[way](bus, bus.cs, size, take)
    return size


def count(way, resolution):
    """Print the cost on the bus of reading one photo from the camera of a simulated board."""
    from machine import SPI, Pin

    bus = Bus(SPI(2, 8000000, 0, 0, Pin(18), Pin(23), Pin(19)), Pin(5, Pin.OUT, 1, 1))
    camera = ArducamMega(bus, bus.cs, None, 2000, 0)
    camera.configure(resolution=resolution, quality="high")
    photo = hashlib.sha256()
    buf = bytearray(_BLOCK)
    view = memoryview(buf)

    def take(piece, count):
        photo.update(view[:count] if piece is buf else piece)

    time.sleep_ms(3000)
    if way == "ours":
        camera.start()
        time.sleep_ms(3000)
        bus.clear()
        size = _ours(camera, buf, take)
    else:
        for value in (1, 2):  # clear, start
            bus.cs(0)
            bus.write(bytes((0x84, value)))
            bus.cs(1)
        time.sleep_ms(3000)
        bus.clear()
        size = _others(way, bus, take)
    result = {"size": size, "sha256": hexlify(photo.digest()).decode()}
    for name in ("cycles", "transactions", "bytes"):
        result[name] = getattr(bus, name)
    print(json.dumps(result))


def main():
    """Read each photo (path, size of a 640x480 JPEG) in each of `ways`, with a mark for each."""
    wanted = job()
    take = open("/dev/null", "wb").write
    begin()
    for path, size in wanted["photos"]:
        for way in wanted["ways"]:
            _read(way, Replay(path, size), take, f"{way} {size}")
    mark("end")


def _read(way, bus, take, name):
    if way != "ours":
        mark(name)
        _others(way, bus, take)
    else:
        camera = ArducamMega(bus, bus.cs, None, 0, 0)
        camera.reset()
        time.sleep_ms(500)
        camera.start()
        buf = bytearray(_BLOCK)
        mark(name)
        _ours(camera, buf, take)
    mark("")


if __name__ == "__main__":
    main()
