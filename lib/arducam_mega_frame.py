"""A captured frame that streams out of the camera's FIFO; part of arducam_mega."""

import io

from arducam_mega_bus import CameraError

# What is read ahead of a frame to judge it: enough for a JPEG's frame header. A multiple of 4, so
# that the rest of the first block stays aligned for DMA.
HEAD_BYTES = 192


class Frame:
    """One capture, which still lies in the camera and can be read once, until the next start().

    `size` is its length in bytes; a JPEG may carry padding after its end marker. `raw` tells
    pixels from JPEG. `photos` is more than one after burst().
    """

    def __init__(self, camera, size, raw, photos):
        self.size = self._left = size
        self.raw = raw
        self.photos = photos
        self._camera = camera
        self._body = size - HEAD_BYTES
        self._head = io.BytesIO(camera._head)
        self._buf = None

    def prepare(self, buf):
        """Make now the views of `buf` that readinto(buf) needs, so that it allocates nothing."""
        view = memoryview(buf)
        self._first = view[HEAD_BYTES : self.size]
        self._last = view[: self.size % len(buf)]
        self._buf = buf

    def readinto(self, buf):
        """Fill `buf` from the FIFO; return the count, below len(buf) only at the end, then 0.

        Best is one bytearray of 4092 bytes for all frames: a multiple of 4 up to there goes
        through the ESP32's DMA at once and in place. Allocates a view for the first and the last
        block only, see prepare(). Raises CameraError: "stale", or "dead" in place of the end.
        """
        camera = self._camera
        if camera.frame is not self:
            raise CameraError("stale", "this frame was read, closed or overwritten; capture again")
        camera.frame = None  # until all went well: nobody knows where a broken burst stopped
        count = len(buf)
        left = self._left
        if count <= left <= self._body:
            camera._burst(buf)
        else:
            count = self._read_edge(buf, left)
        self._left = left - count
        if not count:
            return 0
        if count == left:
            camera._check_power()
        camera.frame = self
        return count

    def _read_edge(self, buf, left):
        # The first block begins with what was read ahead, the last may not fill the buffer.
        count = min(len(buf), left)
        at = self._head.readinto(buf) if left > self._body else 0
        if at < count:
            buf = self._part(buf, at, count)
            self._camera._burst(buf)
        return count

    def _part(self, buf, start, end):
        if end - start == len(buf):
            return buf
        if buf is self._buf:
            view = self._first if start else self._last
            if len(view) == end - start:
                return view
        return memoryview(buf)[start:end]

    def close(self):
        """Give up what was not read."""
        if self._camera.frame is self:
            self._camera.frame = None

    def save(self, path):
        """Write the photo to the file `path`, without padding, and return its size in bytes.

        A JPEG without an end marker, or a camera that dies meanwhile, costs another photo, twice
        at most; then CameraError "cut" or "dead". A failure leaves no file.
        """
        return self._camera._rare("save").save(self, path)

    def __iter__(self):
        """Yield the frame in blocks: views of one buffer, each valid until the next."""
        return self._camera._rare("save").blocks(self)
