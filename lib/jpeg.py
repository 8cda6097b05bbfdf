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

# The camera rounds its FIFO length up, so some bytes of padding may follow the end marker. They
# are few; only the last 8 KiB are searched, which spares the search on most of the photo.
_TAIL_BYTES = const(8192)


class JPEGError(Exception):
    """The photo is not a whole JPEG; the message says what is missing. Take it again."""


class JPEGBody:
    """A body that passes `body` through and raises JPEGError where the photo is damaged.

    `body` has `size` (bytes) and `readinto(buf) -> int`, which fills `buf` unless the end is
    nearer. Allocates nothing in readinto(); give it the same bytearray for every full block.
    """

    def __init__(self, body):
        self.size = body.size
        self._body = body
        self._left = body.size
        self._in_header = True
        self._next = 2  # where the next header segment starts, from the start of the next block
        self._ended = False
        self._carry = bytearray(4)  # the last bytes of the block before

    def readinto(self, buf):
        """Fill `buf` from the body and return the count; raises JPEGError instead of the end."""
        n = self._body.readinto(buf)
        self._left -= n
        if n and (self._in_header or self._left < _TAIL_BYTES):
            self._watch(buf, n)
        return n

    def _watch(self, buf, n):
        if self._left + n == self.size:
            self._check_start(buf, n)
        start = self._walk_header(buf, n) if self._in_header else 0
        is_tail = self._left < _TAIL_BYTES
        if is_tail and not self._in_header and not self._ended:
            self._ended = self._find_end(buf, start, n)
        for i in range(1, 5):
            self._carry[-i] = buf[n - i] if i <= n and (is_tail or self._in_header) else 0
        if self._left <= 0 and not self._ended:
            raise JPEGError("photo is cut: no end marker (FF D9); take it again")

    def _check_start(self, buf, n):
        if n < 4 or buf[0] != _MARK or buf[1] != _START:
            raise JPEGError("photo is no JPEG: it does not start with FF D8; take it again")

    def _walk_header(self, buf, n):
        # Segments are skipped by their length, because one may hold a thumbnail with an end
        # marker of its own. Returns where the picture's data starts in this block.
        at = self._next
        while at + 4 <= n:
            if self._byte(buf, at) != _MARK:
                raise JPEGError("photo is damaged: no marker where one must be; take it again")
            if self._byte(buf, at + 1) == _SOS:
                self._in_header = False
                return max(at, 0)
            at += 2 + (self._byte(buf, at + 2) << 8 | self._byte(buf, at + 3))
        self._next = at - n
        return n

    def _byte(self, buf, i):
        return buf[i] if i >= 0 else self._carry[i]

    def _find_end(self, buf, start, n):
        if start == 0 and self._carry[-1] == _MARK and buf[0] == _END:
            return True
        # Backwards, because the end marker is near the end of the last block. Inside the
        # picture's data FF is always followed by 00 or RSTn, so FF D9 can be nothing else.
        if isinstance(buf, bytearray):
            return buf.rfind(b"\xff\xd9", start, n) >= 0
        for i in range(n - 1, start, -1):
            if buf[i] == _END and buf[i - 1] == _MARK:
                return True
        return False
