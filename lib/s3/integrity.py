"""Select how an S3Client sends bodies, its `integrity`; loaded at its start and for changes.

_use(client, "etag")
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIGNED_CHUNK = const(8192)  # a signed chunk has to be in memory, see aws_chunked_signed.py
#: Modes of `integrity`, strongest first. If a store refuses one, the client uses the next. "none"
#: has no checksum; it is used only on request, or if the store's ETags are no MD5s.
MODES = ("signed-checksum", "signed", "checksum", "etag", "none")


def _use(client, integrity):
    """Send bodies in mode `integrity`, one of MODES, from now on; raises ValueError."""
    if integrity not in MODES:
        raise ValueError(f"integrity {integrity}: use one of auto, {', '.join(MODES)}")
    client.integrity = integrity
    client._proof = None
    # Bodies go through the caller's buffer unless the mode needs a larger one.
    if "signed" not in integrity:
        client.body_buf = client.buf
    elif len(client.body_buf) < _SIGNED_CHUNK:
        client.body_buf = bytearray(_SIGNED_CHUNK)


def _weaken(client):
    """Use the next weaker mode and return it, or "" if only "none" is left."""
    weaker = MODES[MODES.index(client.integrity) + 1 : -1]
    if not weaker:
        return ""
    _use(client, weaker[0])
    return weaker[0]
