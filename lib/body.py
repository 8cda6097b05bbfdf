"""Bodies that can be uploaded: `size` in bytes and `readinto(buf) -> int`, 0 at the end.

client.put("cam1/status.json", BytesBody(b"{}"), "application/json")
"""


class BytesBody:
    """The bytes of one object in memory."""

    def __init__(self, data):
        self._data = memoryview(data)
        self._at = 0
        self.size = len(data)

    def readinto(self, buf):
        count = min(len(buf), self.size - self._at)
        buf[:count] = self._data[self._at : self._at + count]
        self._at += count
        return count


class FileBody:
    """An open file (mode "rb") from its current place to its end; the caller closes it."""

    def __init__(self, file):
        start = file.tell()
        self.size = file.seek(0, 2) - start
        file.seek(start)
        self.readinto = file.readinto
