"""Check a JPEG while it is streamed, and stop before the end of a damaged one.

    body = JPEGBody(frame)          # frame: any body with size and readinto(buf)
    while body.readinto(buf):       # raises JPEGError before the last bytes of a damaged photo
        send(buf)

The complete photo is never in memory, so it has to be checked while it is streamed. The first
block must start a JPEG. The last block is returned only if the end marker is in the buffer, which
then holds the end of the photo. Marker codes: ITU-T T.81, table B.1.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MARK = const(0xFF)
_START = const(0xD8)
_SOS = const(0xDA)
_END = const(0xD9)
_LONGEST_TAIL = const(8192)


class JPEGError(Exception):
    """The photo is not a complete JPEG; the message says what is missing. Take it again."""


class JPEGBody:
    """A body that passes `body` through and raises JPEGError if the photo is damaged.

    `body` has `size` (bytes) and `readinto(buf) -> int`, which fills `buf` unless the end comes
    first. Pass the same bytearray of at least 4 bytes each time. readinto() allocates nothing.
    """

    #: Search for the end marker when fewer bytes than this are left: the camera rounds the length
    #: of its FIFO up. The part of the previous block that the last one leaves in the buffer is
    #: searched anyway. If the padding is longer, the first photo is refused, and this grows for
    #: all later photos.
    tail_bytes = 1

    def __init__(self, body):
        self.size = self._left = body.size
        self._read = body.readinto
        # Where the next header segment starts, relative to the next block.
        self._next = 2
        # Where the picture's data starts, relative to the photo; 0 while that is unknown.
        self._data = 0
        # The first 3 bytes of a block and, at -3 to -1, the last 3 of the previous block.
        self._border = bytearray(6)
        self._last = 0  # last byte of the previous block
        self._ended = False
        self._tail = self.tail_bytes  # the instance attribute is found faster

    def readinto(self, buf):
        """Fill `buf` from the body and return the count; raise JPEGError before a bad end."""
        n = self._read(buf)
        self._left = left = self._left - n
        if not self._data:
            self._skip_header(buf, n)
        if n:
            if left < self._tail:
                self._look(buf, n, left)
            self._last = buf[n - 1]
        return n

    def _look(self, buf, n, left):
        # Inside the picture's data, FF is always followed by 00 or RSTn, so FF D9 can only be the
        # end marker. Search backwards, because it is near the end of the last block.
        start = self._data - (self.size - left - n)
        if self._data:
            is_split = self._last == _MARK and buf[0] == _END and start < 0
            if is_split or buf.rfind(b"\xff\xd9", start if start > 0 else 0, n) >= 0:
                self._ended = True
        if left <= 0 and not self._ended and not self._is_before(buf, n, start + len(buf)):
            JPEGBody.tail_bytes = _LONGEST_TAIL
            raise JPEGError("photo is cut: no end marker (FF D9); take it again")

    def _is_before(self, buf, n, start):
        # After the last block, the buffer still holds the end of the previous block, whose part
        # of the picture's data begins at `start`.
        is_there = self._data and n != self.size
        return is_there and buf.rfind(b"\xff\xd9", max(n, start)) >= 0

    def _skip_header(self, buf, n):
        # Skip segments by their length, because one may contain a thumbnail that has its own end
        # marker.
        if self._left + n == self.size and (n < 4 or buf[0] != _MARK or buf[1] != _START):
            raise JPEGError("photo is no JPEG: it does not start with FF D8; take it again")
        at = self._next
        block = buf if at >= 0 else self._join(buf, 0, 0)
        while at + 4 <= n:
            if block[at] != _MARK:
                raise JPEGError("photo is damaged: no marker where one must be; take it again")
            if block[at + 1] == _SOS:
                self._data = self.size - self._left - n + at + 4
                return
            if block[at + 1] == _MARK:
                at += 1  # a fill byte: any number may precede a marker (B.1.1.2)
            else:
                at += 2 + (block[at + 2] << 8 | block[at + 3])
            if at >= 0:
                block = buf
        self._next = at - n
        if at < n:
            self._join(buf, n - 3, 3)

    def _join(self, buf, start, at):
        # A segment's header may cross the border of two blocks; then it begins at -3 to -1.
        for i in range(3):
            self._border[at + i] = buf[start + i]
        return self._border
