"""What one photo did: its calls of the camera's bus, the head of its request, and the framing."""

_ENVELOPE = ("expect", "authorization")  # headers that are not signed


class Record:
    """A bus like `bus` that notes its calls, and what a connection sends, up to stop()."""

    def __init__(self, bus):
        self.calls, self.head, self.framing = [], b"", []
        self._is_on = False
        self._bus = bus

    def cs(self, level):
        self._call(self._bus.cs, level)

    def write(self, buf):
        self._call(self._bus.write, bytes(buf))

    def readinto(self, buf):
        self._call(self._bus.readinto, buf)

    def write_readinto(self, out, buf):
        self._call(self._bus.write_readinto, bytes(out), buf)

    def _call(self, call, *args):
        if self._is_on:
            self.calls.append((call, args))
        call(*args)

    def start(self, connection):
        """Note what comes now: the bus until a request, and the connection."""
        self._is_on = True
        request, send = connection.request, connection.send

        def keep_head(first, limit_ms, more=()):
            more = list(more)
            if more:
                self._is_on = False  # the frame is there
                self.head = b"".join([first] + more)
            request(first, limit_ms, more)

        def keep_framing(data, done=0):
            if connection.phase == "body":
                self.framing.append(bytes(data))
            send(data, done)

        connection.request, connection.send = keep_head, keep_framing

    def stop(self, connection):
        """Leave the connection alone."""
        del connection.request, connection.send

    def _lines(self):
        lines = self.head.decode().strip().split("\r\n")
        return lines[0].split()[1], dict([line.split(": ", 1) for line in lines[1:]])

    def check_names(self, key, metadata):
        """Raise ValueError if key and metadata are longer or shorter than those of the photo."""
        path, headers = self._lines()
        begin = "x-amz-meta-"
        sent = [
            f"{name[len(begin) :]}={headers[name]}" for name in headers if name.startswith(begin)
        ]
        if len(path) != len("/bucket/" + key) or len("\n".join(sent)) != len(metadata):
            raise ValueError(f"the floor made {key} {metadata}, not {path} {sent}")

    def signed(self, region, secret):
        """Return (canonical request, beginning of the string to sign, padded keys, signature)."""
        from signing_key import signing_key

        path, headers = self._lines()
        said = headers["authorization"].rpartition("=")[2].encode()
        names = sorted([name for name in headers if name not in _ENVELOPE])
        lines = "".join([f"{name}:{headers[name]}\n" for name in names])
        payload = headers["x-amz-content-sha256"]
        canonical = f"PUT\n{path}\n\n{lines}\n{';'.join(names)}\n{payload}"
        date = headers["x-amz-date"]
        scope = f"{date[:8]}/{region}/s3/aws4_request"
        key = signing_key(secret, scope, {})
        key = key + bytes(64 - len(key))
        pads = [bytes([b ^ mask for b in key]) for mask in (0x36, 0x5C)]
        begin = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n"
        return canonical.encode(), begin.encode(), pads, said
