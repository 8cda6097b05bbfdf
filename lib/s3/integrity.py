"""Select how an S3Client sends bodies, its `integrity`; loaded at its start and for changes.

_use(client, "etag")
"""

#: Modes of `integrity`, strongest first. If a store refuses one, the client uses the next. "none"
#: has no checksum; it is used only on request, or if the store's ETags are no MD5s.
MODES = ("signed-checksum", "signed", "checksum", "etag", "none")


def _use(client, integrity):
    """Send bodies in mode `integrity`, one of MODES, from now on; raises ValueError."""
    if integrity not in MODES:
        raise ValueError(f"integrity {integrity}: use one of auto, {', '.join(MODES)}")
    client.integrity = integrity
    client._proof = None
    client.framing = _framing(integrity)
    # Bodies go through the caller's buffer unless the mode needs a larger one.
    least = getattr(client.framing, "chunk", 0)
    if not least:
        client.body_buf = client.buf
    elif len(client.body_buf) < least:
        client.body_buf = bytearray(least)


def _framing(integrity):
    if integrity == "signed-checksum":
        from s3.aws_chunked_signed import TrailerFraming

        return TrailerFraming
    if integrity == "signed":
        from s3.aws_chunked_signed import Framing
    elif integrity == "checksum":
        from s3.aws_chunked import Framing
    elif integrity == "etag":
        from s3.unsigned_payload import ETagFraming as Framing
    else:
        from s3.unsigned_payload import Framing
    return Framing


def _weaken(client):
    """Use the next weaker mode and return it, or "" if only "none" is left."""
    weaker = MODES[MODES.index(client.integrity) + 1 : -1]
    if not weaker:
        return ""
    _use(client, weaker[0])
    return weaker[0]
