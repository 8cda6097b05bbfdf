"""Write an Arducam Mega's frame to a file, or iterate over it; part of arducam_mega."""

import os

from arducam_mega import CameraError

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_KIND = const(0xF000)  # bits of st_mode
_REGULAR = const(0x8000)
_BLOCK_BYTES = const(4092)  # one DMA transaction of the ESP32
_MARK = const(0xFF)
_SOS = const(0xDA)  # start of scan: after it FF D9 can only be the end (ITU-T T.81, B.1.1.5)
_EOI = b"\xff\xd9"


def blocks(frame):
    """Yield the bytes of `frame`: views of one buffer, each valid until the next."""
    if frame._left != frame.size:
        raise CameraError("stale", "this frame is partly read; capture again")
    buf = bytearray(_BLOCK_BYTES)
    view = memoryview(buf)
    frame.prepare(buf)
    while True:
        count = frame.readinto(buf)
        if not count:
            return
        yield view if count == len(buf) else view[:count]


def save(frame, path):
    """Write `frame` to `path` and return the bytes written; a JPEG ends at its end marker.

    A damaged photo is taken again, like a failed capture. A burst is written as it is.
    """
    camera, block = frame._camera, frame._block
    for left in (2, 1, 0):
        try:
            return _write(frame, path)
        except CameraError as e:
            if not left or frame.photos > 1 or e.reason not in ("cut", "dead"):
                raise
        if left == 1:
            from arducam_mega import reset

            reset.restore(camera)
        frame = camera.capture()
        frame.insert(block)


def _write(frame, path):
    end = None if frame.raw or frame.photos > 1 else _End()
    size = 0
    unfinished = False
    try:
        with open(path, "wb") as file:
            unfinished = True
            for block in blocks(frame):
                size += file.write(block if end is None else block[: end.seen(block)])
            if end is not None and not end.found:
                raise CameraError("cut", "a photo has no end marker; take another photo")
        unfinished = False
    finally:
        frame.close()
        if unfinished:
            _remove(path)
    return size


def _remove(path):
    try:
        if os.stat(path)[0] & _KIND == _REGULAR:  # do not remove /dev/null
            os.remove(path)
    except OSError:
        pass  # it does not exist


class _End:
    """Finds the end of a JPEG in a stream of blocks; segments are skipped by their length."""

    def __init__(self):
        self.found = False
        self._skip = 2  # SOI
        self._marker = bytearray()  # FF, kind and length of a segment, as far as received
        self._last = -1  # the last byte of the previous block, in the scan

    def seen(self, block):
        """Return how many bytes of `block` belong to the JPEG."""
        at = 0
        while self._skip is not None and at < len(block):
            if self._skip:
                step = min(self._skip, len(block) - at)
                self._skip -= step
                at += step
            else:
                self._marker.append(block[at])
                at += 1
                self._segment()
        if self.found:
            return 0
        return at if self._skip is not None else self._scan(block, at)

    def _segment(self):
        marker = self._marker
        if marker[0] != _MARK:
            raise CameraError("cut", "a photo's header is damaged; take another photo")
        if len(marker) == 2 and marker[1] == _MARK:
            self._marker = marker[1:]  # a fill byte (B.1.1.2)
        if len(marker) == 4:
            length = (marker[2] << 8 | marker[3]) - 2
            self._skip = None if marker[1] == _SOS else length
            self._marker = bytearray()

    def _scan(self, block, at):
        if at < len(block) and self._last == _MARK and block[at] == _EOI[1]:
            self.found = True
            return at + 1
        end = bytes(block).find(_EOI, at)
        if end >= 0:
            self.found = True
            return end + 2
        if len(block):
            self._last = block[-1]
        return len(block)
