"""Select how the body of one object is encoded; loaded before the body is sent.

framing = make(client, body.size)
"""


def make(client, size):
    """Return the framing for a body of `size` bytes in the client's mode of integrity."""
    framing = (client.framing or framing_class(client.integrity))(size, client.body_buf)
    if client.integrity == "etag":
        framing.compare_etag()
    return framing


def framing_class(integrity):
    """Return the class that encodes bodies in mode `integrity`, one of integrity.MODES."""
    if integrity == "signed-checksum":
        from s3.aws_chunked_signed import TrailerFraming

        return TrailerFraming
    if integrity == "signed":
        from s3.aws_chunked_signed import Framing
    elif integrity == "checksum":
        from s3.aws_chunked import Framing
    else:
        from s3.unsigned_payload import Framing
    return Framing
