"""HMAC (RFC 2104) with the calls of micropython-lib's `hmac`, which stands in for it here."""


class HMAC:
    """One keyed hash; `digest()` ends it, as on a board."""

    def __init__(self, key, msg, digestmod):
        block = digestmod(key).digest() if len(key) > 64 else bytes(key)
        block += bytes(64 - len(block))
        self._outer = digestmod(bytes([b ^ 0x5C for b in block]))
        self._inner = digestmod(bytes([b ^ 0x36 for b in block]))
        if msg is not None:
            self.update(msg)

    def update(self, msg):
        self._inner.update(msg)

    def digest(self):
        self._outer.update(self._inner.digest())
        return self._outer.digest()

    def hexdigest(self):
        return "".join([f"{b:02x}" for b in self.digest()])


def new(key, msg=None, digestmod=None):
    """Return a new HMAC of `msg` under `key` (bytes); `digestmod` is `hashlib.sha256`."""
    if digestmod is None:
        raise TypeError("digestmod must be given, for example hashlib.sha256")
    return HMAC(key, msg, digestmod)
