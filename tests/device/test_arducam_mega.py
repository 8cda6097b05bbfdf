"""lib/arducam_mega with a few registers and a FIFO, on CPython and on MicroPython.

The full camera model needs CPython. These tests check that the same code runs on both
interpreters, and that reading a frame allocates no memory.
"""

from arducam_mega import ArducamMega, CameraError

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

BLOCK = 4092


class _Clock:
    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def sleep_ms(self, ms):
        self.now += ms


class _Wire:
    """SPI and chip select of a camera with _byte(0), _byte(1) and so on in its FIFO."""

    def __init__(self, size, id=0x82):
        self.registers = bytearray(128)
        self.registers[0x40] = id
        self.registers[0x44] = 0x02
        self.size = size
        self.at = 0
        self.dummy = False
        self.command = -1
        self.level = 0
        self.errors = 0
        self.hz = 0
        self.writes = []

    def cs(self, level):
        self.level = level
        self.command = -1

    def init(self, baudrate, polarity, phase):
        self.hz = baudrate
        if not self.level or polarity or phase:
            self.errors += 1

    def write(self, data):
        if self.level:
            self.errors += data != b"\xff"
            return
        self.command = data[0]
        if data[0] & 0x80:
            self._set(data[0] & 0x7F, data[1])
        elif data[0] == 0x3C and self.dummy != (len(data) == 2):
            self.errors += 1
        else:
            self.dummy = False

    def _set(self, address, value):
        self.writes.append((address, value))
        self.registers[address] = value
        if address == 0x04:
            self.registers[0x44] = 0x02 if value == 1 else 0x06
            self.at = 0
            self.dummy = True
            for i in range(3):
                self.registers[0x45 + i] = self.size >> 8 * i & 0xFF

    def write_readinto(self, out, data):
        if self.level or len(out) != len(data):
            self.errors += 1
        data[2] = self.registers[out[0]]

    def readinto(self, data, write=0):
        if self.command != 0x3C or self.at + len(data) > self.size:
            self.errors += 1
        at = self.at
        for i in range(len(data)):
            data[i] = _byte(at + i)
        self.at = at + len(data)


def _byte(i):
    if i < 4:
        return b"\xff\xd8\xff\xda"[i]
    return i * 31 + i // 251 & 0xFF


def _camera(size, id=0x82, hz=0, read_hz=0):
    wire = _Wire(size, id)
    clock = _Clock()
    camera = ArducamMega(wire, wire.cs, clock, 400, 0, baudrate_hz=hz, read_baudrate_hz=read_hz)
    return camera, wire


def _check(buf, count, at):
    good = True
    for i in range(count):  # all() would allocate a generator
        good = good and buf[i] == _byte(at + i)
    return good


def test_a_frame_is_read_byte_for_byte_without_allocating():
    buf = bytearray(BLOCK)
    for size in (500, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 193):
        camera, wire = _camera(size, hz=8000000 * (size & 1), read_hz=16000000 * (size & 1))
        frame = camera.capture()
        frame.prepare(buf)
        at = 0
        good = True
        heap_lock()
        try:
            while True:
                count = frame.readinto(buf)
                if count == 0:
                    break
                good = good and _check(buf, count, at)
                at += count
        finally:
            heap_unlock()
        assert good and at == size and wire.errors == 0 and wire.level == 1, size
        assert wire.hz == 8000000 * (size & 1)  # slow again for the last register read


def test_a_block_behind_the_first_two_bytes_is_read_without_allocating():
    buf = bytearray(BLOCK)
    block = bytearray([i * 7 & 0xFF for i in range(504)])
    for size in (500, BLOCK - 504, BLOCK, 2 * BLOCK + 193):
        camera, wire = _camera(size)
        frame = camera.capture()
        frame.insert(block)
        frame.prepare(buf)
        at = 0
        good = frame.size == size + 504
        heap_lock()
        try:
            while True:
                count = frame.readinto(buf)
                if count == 0:
                    break
                for i in range(count):
                    if 2 <= at < 506:
                        good = good and buf[i] == block[at - 2]
                    else:
                        good = good and buf[i] == _byte(at if at < 2 else at - 504)
                    at += 1
        finally:
            heap_unlock()
        assert good and at == size + 504 and wire.errors == 0 and wire.level == 1, size


def test_blocks_and_a_tail_view_made_before_are_read_without_allocating():
    buf = bytearray(BLOCK)
    size = 3 * BLOCK + 1001
    tail = memoryview(buf)[:1001]
    camera, wire = _camera(size)
    frame = camera.capture()
    frame.prepare(buf)
    heap_lock()
    try:
        good = True
        for i in range(3):
            good = good and frame.readinto(buf) == BLOCK and _check(buf, BLOCK, i * BLOCK)
        good = good and frame.readinto(tail) == 1001 and _check(tail, 1001, 3 * BLOCK)
    finally:
        heap_unlock()
    assert good and wire.errors == 0 and wire.level == 1


def test_an_exposure_is_waited_for_beside_other_work():
    camera, wire = _camera(5000)
    camera.start()
    turns = 0
    while not camera.ready():
        camera._clock.now += 20
        turns += 1
    frame = camera.finish()
    buf = bytearray(BLOCK)
    assert turns > 10 and frame.readinto(buf) == BLOCK and _check(buf, BLOCK, 0)
    assert wire.errors == 0


def test_what_was_set_is_on_the_wire():
    for id, size_code in ((0x82, 0x06), (0x85, 0x0A)):
        camera, wire = _camera(5000, id)
        camera.configure(resolution="1600x1200", quality="high", brightness=-2)
        assert wire.registers[0x21] == size_code
        assert wire.registers[0x2A] == 0
        assert wire.registers[0x22] == 4
        assert camera.settings["effect"] == "none"
        before = len(wire.writes)
        camera.configure(resolution="1600x1200", brightness=-2)
        assert len(wire.writes) == before


def test_what_a_model_lacks_is_refused():
    camera, wire = _camera(5000)
    camera.reset()
    before = len(wire.writes)
    for settings in ({"autofocus": "single"}, {"resolution": "2592x1944"}, {"ev": 4}):
        try:
            camera.configure(quality="low", **settings)
        except ValueError as e:
            assert "3MP" in str(e)
        else:
            raise AssertionError("refused nothing")
    assert len(wire.writes) == before


def test_no_camera_is_told():
    for id in (0x00, 0xFF, 0x56):
        camera, wire = _camera(5000, id)
        try:
            camera.capture()
        except CameraError as e:
            assert e.reason == ("unknown" if id == 0x56 else "absent")
        else:
            raise AssertionError("a photo of nothing")
        assert wire.level == 1


def test_a_photo_is_saved():
    import os

    camera, _ = _camera(9000)
    path = "arducam_mega_test.raw"
    camera.configure(format="rgb565", resolution="96x96")
    camera._pixels = 45 << 16 | 100
    try:
        assert camera.capture().save(path) == 9000
        with open(path, "rb") as file:
            data = file.read()
        assert _check(data, 9000, 0)
    finally:
        os.remove(path)
