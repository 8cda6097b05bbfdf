"""Announce an aws-chunked body in the head of its request; freed before the body is sent.

payload = add(headers, "checksum", body.size, len(buf))

AWS: "Signature Calculations: Transferring Payload in Multiple Chunks", and the same with
trailing headers.
"""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_MAX_CHUNK = const(1_048_576)  # as in aws_chunked.py
_TRAILER = "x-amz-checksum-crc32"
# The hex digits of a signature, its name, and two line ends.
_SIGNED_FRAME = len(";chunk-signature=") + 64 + 4


def add(headers, integrity, size, block):
    """Add the headers of a body of `size` bytes to `headers`; return its x-amz-content-sha256.

    `integrity` is one of the chunked modes of integrity.MODES, `block` the size of the buffer.
    """
    headers["content-encoding"] = "aws-chunked"
    headers["x-amz-decoded-content-length"] = str(size)
    has_trailer = integrity != "signed"
    if has_trailer:
        headers["x-amz-trailer"] = _TRAILER
    if integrity == "checksum":
        payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        length = encoded_length(size, _MAX_CHUNK // block * block, 4, len(_TRAILER) + 16)
    else:
        payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        last = 1 + _SIGNED_FRAME
        if has_trailer:
            payload += "-TRAILER"
            last += len(_TRAILER) + 1 + 8 + 2 + len("x-amz-trailer-signature:") + 64 + 2
        length = encoded_length(size, block, _SIGNED_FRAME, last)
    headers["content-length"] = str(length)
    return payload


def encoded_length(size, chunk, frame, last):
    """Return the encoded length of `size` bytes in chunks of `chunk` bytes.

    Each chunk adds its length in hex and `frame` bytes; the end of the body adds `last` bytes.
    """
    full, rest = divmod(size, chunk)
    length = size + last + full * (len(f"{chunk:x}") + frame)
    return length + len(f"{rest:x}") + frame if rest else length
