"""An ESP32 in its bootloader behind a pseudo-terminal, for the real esptool.

    with Bootloader() as chip:
        esptool ... --port chip.port
    chip.flash[0x1000:]     # the content of the flash

Source: "Serial Protocol" and "Flasher Stub" in Espressif's documentation of esptool. The chip
answers the ROM's commands at first, and the stub's commands once a stub has been sent and started.
A pseudo-terminal has no DTR and RTS, so the chip is always in its bootloader, as if its BOOT
button had been held.
"""

import contextlib
import hashlib
import os
import select
import struct
import tempfile
import threading
import tty
import zlib
from pathlib import Path

from megacam.sim.pty_board import PtyBoard

ESP32, ESP32_S2, ESP8266 = 0x00F01D83, 0x000007C6, 0xFFF0C101
_MAGIC_REG = 0x40001000
_FLASH_BYTES = 4 * 1024 * 1024
_FLASH_ID = 0x1640EF  # Winbond, 4 MB
_SFDP = int.from_bytes(b"SFDP", "little")
_SPI = 0x3FF42000
_SPI_USR2, _SPI_W0, _SPI_CMD_USR = _SPI + 0x24, _SPI + 0x80, 1 << 18
_END, _ESC = b"\xc0", b"\xdb"
_UNKNOWN, _BAD_SUM = b"\x01\x05", b"\x01\x07"
_SYNC_VALUE = 0x20120707  # the stub answers with 0


class Chip:
    """The serial protocol. `done` has the names of the commands so far, `flash` the content.

    `is_written`: an image has been written and the host has asked for its MD5.
    """

    def __init__(self, magic=ESP32):
        self.flash = bytearray(b"\x00" * _FLASH_BYTES)
        self.done, self.is_stub, self.is_written, self.other = [], False, False, b""
        self._registers = {_MAGIC_REG: magic}
        self._held = b""
        self._inflate, self._at, self._sizes = None, 0, {}

    def feed(self, data):
        """Take bytes from the host; return the answer. Bytes outside of packets go to `other`."""
        answer = b""
        self._held += data
        while True:
            before, start, rest = self._held.partition(_END)
            self.other += before
            packet, end, after = rest.partition(_END)
            if not (start and end):
                self._held = start + rest
                return answer
            self._held = after
            packet = packet.replace(_ESC + b"\xdc", _END).replace(_ESC + b"\xdd", _ESC)
            answer += self._answer(packet)

    def _answer(self, packet):
        _, op, size, check = struct.unpack("<BBHI", packet[:8])
        body = packet[8:]
        assert len(body) == size
        name, act = _COMMANDS.get(op, ("unknown", None))
        if name in ("erase_flash", "erase_region") and not self.is_stub:
            act = None
        self.done.append(name)
        status = b"\0\0" if self.is_stub else b"\0\0\0\0"
        found = act(self, body, check) if act else _UNKNOWN
        if found in (_UNKNOWN, _BAD_SUM):
            return self._packet(op, 0, found + status[2:])
        value, data = found if isinstance(found, tuple) else (0, found or b"")
        if name == "sync":
            return self._packet(op, value, status) * 8
        answer = self._packet(op, value, data + status)
        if name == "mem_end":
            self.is_stub = True
            answer += _slip(b"OHAI")
        return answer

    @staticmethod
    def _packet(op, value, data):
        return _slip(struct.pack("<BBHI", 1, op, len(data), value) + data)

    def _sync(self, body, check):
        return (0 if self.is_stub else _SYNC_VALUE), b""

    def _read_reg(self, body, check):
        return self._registers.get(struct.unpack("<I", body)[0], 0), b""

    def _write_reg(self, body, check):
        for at in range(0, len(body), 16):
            address, value, mask, _ = struct.unpack_from("<IIII", body, at)
            old = self._registers.get(address, 0)
            self._registers[address] = (old & ~mask) | (value & mask)
            if address == _SPI and value & _SPI_CMD_USR:
                self._registers[_SPI] = 0
                command = self._registers.get(_SPI_USR2, 0) & 0xFFFF
                self._registers[_SPI_W0] = {0x9F: _FLASH_ID, 0x5A: _SFDP}.get(command, 0)

    def _nothing(self, body, check):
        return b""

    def _begin(self, body, check):
        size, _, _, self._at = struct.unpack_from("<IIII", body)
        self._inflate = None
        self.flash[self._at : self._at + size] = b"\xff" * size

    def _deflate_begin(self, body, check):
        self._begin(body, check)
        self._inflate = zlib.decompressobj()

    def _data(self, body, check):
        size, _ = struct.unpack_from("<II", body)
        data = body[16 : 16 + size]
        total = 0xEF
        for byte in data:
            total ^= byte
        if total != check & 0xFF:
            return _BAD_SUM
        data = self._inflate.decompress(data) if self._inflate else data
        self.flash[self._at : self._at + len(data)] = data
        self._at += len(data)
        return b""

    def _memory(self, body, check):
        return b""

    def _md5(self, body, check):
        at, size = struct.unpack_from("<II", body)
        digest = hashlib.md5(self.flash[at : at + size])
        self.is_written = True
        return digest.digest() if self.is_stub else digest.hexdigest().encode()

    def _erase(self, body, check):
        self.flash[:] = b"\xff" * _FLASH_BYTES


_COMMANDS = {
    0x02: ("flash_begin", Chip._begin),
    0x03: ("flash_data", Chip._data),
    0x04: ("flash_end", Chip._nothing),
    0x05: ("mem_begin", Chip._memory),
    0x06: ("mem_end", Chip._memory),
    0x07: ("mem_data", Chip._memory),
    0x08: ("sync", Chip._sync),
    0x09: ("write_reg", Chip._write_reg),
    0x0A: ("read_reg", Chip._read_reg),
    0x0B: ("spi_set_params", Chip._nothing),
    0x0D: ("spi_attach", Chip._nothing),
    0x10: ("flash_defl_begin", Chip._deflate_begin),
    0x11: ("flash_defl_data", Chip._data),
    0x12: ("flash_defl_end", Chip._nothing),
    0x13: ("spi_flash_md5", Chip._md5),
    0xD0: ("erase_flash", Chip._erase),
}


def _slip(packet):
    packet = packet.replace(_ESC, _ESC + b"\xdd").replace(_END, _ESC + b"\xdc")
    return _END + packet + _END


class Bootloader:
    """A chip behind `port`; use it as a context manager.

    `pulled`: it is unplugged when the first data arrives; `damaged`: its flash has a wrong byte.
    """

    def __init__(self, magic=ESP32, pulled=False, damaged=False):
        self.chip = Chip(magic)
        self._pulled, self._damaged = pulled, damaged

    def __enter__(self):
        self._outer, self._slave = os.openpty()
        tty.setraw(self._slave)
        # Use a symlink: the system may give the name of this pseudo-terminal to the next one.
        self._folder = tempfile.TemporaryDirectory()
        self.port = str(Path(self._folder.name) / "tty")
        Path(self.port).symlink_to(os.ttyname(self._slave))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._ended.set()
        self._thread.join()
        self._folder.cleanup()

    def _serve(self):
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                if not select.select([self._outer], [], [], 0.05)[0]:
                    continue
                answer = self.chip.feed(os.read(self._outer, 4096))
                is_writing = "flash_defl_data" in self.chip.done
                if self._pulled and is_writing:
                    break
                if self._damaged and is_writing:
                    self.chip.flash[0x1040] = 0
                _write(self._outer, answer)
        Path(self.port).unlink()
        os.close(self._slave)
        os.close(self._outer)


def _write(end, data):
    while data:
        data = data[os.write(end, data) :]


class BlankBoard(PtyBoard):
    """A simulated board without MicroPython: in its bootloader until an image has been written.

    The first input after that goes to MicroPython, as after a reset.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.chip = Chip()

    def _serve(self, outer):
        with contextlib.suppress(OSError):
            while not self._stopping.is_set():
                if self.chip.is_written and self.chip.other:
                    break
                if not self.chip.is_written:
                    self.chip.other = b""
                if select.select([outer], [], [], 0.05)[0]:
                    _write(outer, self.chip.feed(os.read(outer, 4096)))
        super()._serve(outer)
