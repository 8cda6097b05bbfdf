"""HMAC (RFC 2104) with the calls of micropython-lib's `hmac`, which stands in for it here."""


class HMAC:
    """One keyed hash; `digest()` ends it, as on a board."""

    def __init__(self, key, msg, digestmod):
        pad = bytearray(64)
        key = key if len(key) <= 64 else digestmod(key).digest()
        pad[: len(key)] = key
        self._inner = _keyed(digestmod, pad, 0x36)
        self._outer = _keyed(digestmod, pad, 0x36 ^ 0x5C)
        if msg is not None:
            self.update(msg)

    def update(self, msg):
        self._inner.update(msg)

    def digest(self):
        self._outer.update(self._inner.digest())
        return self._outer.digest()

    def hexdigest(self):
        return "".join([f"{b:02x}" for b in self.digest()])


def _keyed(digestmod, pad, mask):
    # In place, because a comprehension would grow a list of 64 pointers in a small heap.
    for i in range(64):
        pad[i] ^= mask
    return digestmod(pad)


def new(key, msg=None, digestmod=None):
    """Return a new HMAC of `msg` under `key` (bytes); `digestmod` is `hashlib.sha256`."""
    if digestmod is None:
        raise TypeError("digestmod must be given, for example hashlib.sha256")
    return HMAC(key, msg, digestmod)
