"""Watch a JPEG go by and never let a damaged one finish.

    body = JPEGBody(frame)          # frame: any body with size and readinto(buf)
    while body.readinto(buf):       # raises JPEGError before the last bytes of a damaged photo
        send(buf)

The whole photo is never in memory, so the only moment to stop a bad one is while it is on its
way: the first block must start a JPEG, and the last is handed out only when the end marker has
been seen. Marker codes: ITU-T T.81, table B.1.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MARK = const(0xFF)
_START = const(0xD8)
_SOS = const(0xDA)
_END = const(0xD9)
_LONGEST_TAIL = const(8192)
_NONE = const(-4)  # of the header's segments is left: none starts before -3


class JPEGError(Exception):
    """The photo is not a whole JPEG; the message says what is missing. Take it again."""


class JPEGBody:
    """A body that passes `body` through and raises JPEGError where the photo is damaged.

    `body` has `size` (bytes) and `readinto(buf) -> int`, which fills `buf`, a bytearray of at
    least 4, unless the end is nearer. Allocates nothing in readinto().
    """

    #: The end marker is looked for in so many last bytes. The camera rounds its FIFO's length up;
    #: where it adds more, the first photo is refused and this grows, for all photos to come:
    #: a search costs a third of what encryption does.
    tail_bytes = 256

    def __init__(self, body):
        self.size = self._left = body.size
        self._read = body.readinto
        self._watched = body.size + 1  # with fewer bytes left, a block is looked at
        # Where the next header segment starts, from the start of the next block.
        self._next = 2
        self._border = bytearray(
            6
        )  # the first 3 bytes of a block and the last 3 of the one before
        self._ended = self._is_marked = False

    def readinto(self, buf):
        """Fill `buf` from the body and return the count; raises JPEGError instead of the end."""
        n = self._read(buf)
        left = self._left - n
        self._left = left
        if left < self._watched:
            self._watch(buf, n, left)
        return n

    def _watch(self, buf, n, left):
        start = 0 if self._next == _NONE else self._skip_header(buf, n)
        if left < self._watched and not self._ended:
            # Inside the picture's data FF is always followed by 00 or RSTn, so FF D9 can be
            # nothing else. Backwards, because it is near the end of the last block.
            start = max(start, n + left - self._watched)
            self._ended = buf.rfind(b"\xff\xd9", start, n) >= 0 or (
                self._is_marked and not start and buf[0] == _END
            )
            self._is_marked = buf[n - 1] == _MARK
            if left <= 0 and not self._ended:
                JPEGBody.tail_bytes = _LONGEST_TAIL
                raise JPEGError("photo is cut: no end marker (FF D9); take it again")

    def _skip_header(self, buf, n):
        # Segments are skipped by their length, because one may hold a thumbnail with an end
        # marker of its own. Returns where the picture's data starts in this block.
        if self._left + n == self.size and (n < 4 or buf[0] != _MARK or buf[1] != _START):
            raise JPEGError("photo is no JPEG: it does not start with FF D8; take it again")
        at = self._next
        while at + 4 <= n:
            block = buf if at >= 0 else self._join(buf, 0, 0)
            if block[at] != _MARK:
                raise JPEGError("photo is damaged: no marker where one must be; take it again")
            if block[at + 1] == _SOS:
                self._next = _NONE
                self._watched = self.tail_bytes
                return at + 4
            at += 2 + (block[at + 2] << 8 | block[at + 3])
        self._next = at - n
        if at < n:
            self._join(buf, n - 3, 3)
        return n

    def _join(self, buf, start, at):
        # A segment's head may lie across the border of two blocks: at -3 to -1 in the one before.
        for i in range(3):
            self._border[at + i] = buf[start + i]
        return self._border
