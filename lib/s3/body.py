"""Bodies for uploads: they have `size` in bytes and `readinto(buf) -> int`, 0 at the end.

client.put("cam1/status.json", BytesBody(b"{}"), "application/json")
"""


class BytesBody:
    """An object in memory, in one or (if no free block is that large) several bytes objects."""

    def __init__(self, *pieces):
        self._pieces = list(pieces)
        self._at = 0
        self.size = sum([len(piece) for piece in pieces])

    def readinto(self, buf):
        done = 0
        while self._pieces and done < len(buf):
            piece = self._pieces[0]
            part = memoryview(piece)[self._at : self._at + len(buf) - done]
            buf[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
            if self._at == len(piece):
                self._pieces.pop(0)
                self._at = 0
        return done


class FileBody:
    """An open file (mode "rb") from its current position to its end; the caller closes it."""

    def __init__(self, file):
        start = file.tell()
        self.size = file.seek(0, 2) - start
        file.seek(start)
        self.readinto = file.readinto
