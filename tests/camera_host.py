"""A host for the Arducam Mega that sends raw bytes as documented, without the driver.

Shared by the tests of the camera model.
"""

from megacam.sim import wire
from megacam.sim.camera import CameraModel


class Host:
    """Register access and bursts over the model's SPI, with the waits that a host must make."""

    def __init__(self, model="3mp", faults=(), frames=None, **options):
        self.model = CameraModel(model, faults, frames, **{"quirks": False, **options})
        self.spi, self.cs, self.clock = wire.connect(self.model)

    def cycle(self, *mosi):
        miso = bytearray(len(mosi))
        self.cs(0)
        self.spi.write_readinto(bytes(mosi), miso)
        self.cs(1)
        return bytes(miso)

    def write(self, address, value):
        self.cycle(address | 0x80, value)

    def read(self, address):
        return self.cycle(address, 0, 0)[2]

    def set(self, address, value):
        self.write(address, value)
        self.idle()

    def idle(self, limit_ms=3000):
        for _ in range(limit_ms // 2):
            if self.read(0x44) & 0x03 == 2:
                return
            self.clock.sleep_ms(2)
        raise TimeoutError("idle")

    def reset(self):
        self.write(0x07, 0x40)
        self.clock.sleep_ms(50)
        self.idle()
        self.set(0x0A, 0x78)

    def ready(self, format=1, size=0x01):
        self.reset()
        self.set(0x20, format)
        self.set(0x21, size)
        self.clock.sleep_ms(400)

    def trigger(self):
        self.write(0x04, 0x01)
        self.write(0x04, 0x02)

    def done(self, limit_ms=10_000):
        for _ in range(limit_ms // 5):
            if self.read(0x44) & 0x04:
                return
            self.clock.sleep_ms(5)
        raise TimeoutError("capture")

    @property
    def length(self):
        return self.read(0x45) | self.read(0x46) << 8 | self.read(0x47) << 16

    def burst(self, size):
        self.cs(0)
        self.spi.write(b"\x3c")
        data = self.spi.read(size)
        self.cs(1)
        return data

    def read_frame(self, length, chunk=4092):
        data = self.burst(min(chunk, length) + 1)[1:]
        while len(data) < length:
            data += self.burst(min(chunk, length - len(data)))
        return data

    def shoot(self):
        self.trigger()
        self.done()
        return self.read_frame(self.length)
