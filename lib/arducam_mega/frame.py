"""One photo in the camera, which is read straight from its FIFO."""

from struct import pack_into


class Frame:
    """One capture, still in the camera's memory; it can be read once, before the next start().

    `size` is its length in bytes; a JPEG may have padding after its end marker. `raw` is True for
    pixels, False for JPEG. `photos` is more than one after burst(). `triggered_ms` is the time of
    the exposure, in ticks_ms() of the camera's clock.
    """

    def __init__(self, camera, size, raw, photos):
        self.size = self._left = size
        self.raw = raw
        self.photos = photos
        self._camera = camera
        self._body = size - len(camera._head)
        self._block = b""
        self._formats = b"%ds" % len(camera._head), b""
        self._buf = self._first = self._last = None

    def insert(self, buf):
        """Put `buf`, an EXIF segment for example, behind the photo's first two bytes (SOI).

        Call it once, before anything is read or prepared. `size` grows by the length of `buf`,
        which should be a multiple of 4: then DMA still reads in place. `buf` is not copied; do not
        change it before the first readinto().
        """
        self._block = buf
        self._formats = self._formats[0], b"2s%ds" % len(buf)
        self.size = self._left = self.size + len(buf)

    def prepare(self, buf):
        """Create the views of `buf` in advance, so that readinto(buf) allocates nothing."""
        view = memoryview(buf)
        self._first = view[self.size - self._body : self.size]
        self._last = view[: self.size % (len(buf) or 1)]
        self._buf = buf

    def readinto(self, buf):
        """Fill `buf` from the FIFO; return the count, less than len(buf) only at the end, then 0.

        It is best to use one bytearray of 4092 bytes for all frames: the ESP32's DMA transfers
        up to 4092 bytes at once and in place, if the size is a multiple of 4. Allocates a view
        for the first and the last block only, see prepare(). Raises CameraError "stale", or
        "dead" instead of returning the last block.
        """
        camera = self._camera
        if camera.frame is not self:
            from arducam_mega import errors

            raise errors.stale()
        count = len(buf)
        if not count:
            return 0
        camera.frame = None  # until this succeeds: where a failed read stopped is unknown
        left = self._left
        if count <= left <= self._body:
            camera._burst(buf)
        else:
            # The first block begins with the bytes read ahead; the last may not fill the buffer.
            if count > left:
                count = left
            if left > self._body:
                at = self._begin(buf, count)
                view = self._first
            else:
                at = 0
                view = self._last
            if at < count:
                if buf is not self._buf or len(view) != count - at:
                    view = memoryview(buf)[at:count]
                camera._burst(view)
        left -= count
        self._left = left
        if not left:
            if not count:
                return 0
            if not camera.intact():
                from arducam_mega import errors

                raise errors.dead()
        camera.frame = self
        return count

    def _begin(self, buf, count):
        """Write block and bytes read ahead into `buf`; return how many, at most `count`."""
        head = self._camera._head
        block = self._block
        size = self.size - self._body
        done = self.size - self._left
        if not done and size <= count:
            # The block ends where the rest of the photo begins, so it replaces SOI there.
            whole, before = self._formats
            pack_into(whole, buf, len(block), head)
            if before:
                pack_into(before, buf, 0, head, block)
            return size
        piece = (head[:2] + block + head[2:])[done : done + count]  # a buffer that is very small
        buf[: len(piece)] = piece
        return len(piece)

    def close(self):
        """Discard the unread rest of the frame."""
        if self._camera.frame is self:
            self._camera.frame = None

    def save(self, path):
        """Write the photo to the file `path`, without padding, and return its size in bytes.

        If a JPEG has no end marker, or the camera loses power meanwhile, another photo is taken,
        at most twice; then CameraError "cut" or "dead" is raised. A failure leaves no file.
        """
        from arducam_mega import save

        return save.save(self, path)

    def __iter__(self):
        """Yield the frame in blocks: views of one buffer, each valid until the next."""
        from arducam_mega import save

        return save.blocks(self)
