"""Framed bodies compared with AWS's published example of 65 KiB of `a`, in every mode.

Source: AWS "Signature Calculations for the Authorization Header: Transferring Payload in
Multiple Chunks", and the same with trailing headers.
"""

from s3 import aws_chunked
from s3 import aws_chunked_signed
from s3 import chunked_headers
from s3 import S3Error
from s3 import stored
from s3 import unsigned_payload

_SIZE = 66560
_DATE = "20130524T000000Z"
_MD5 = "900150983cd24fb0d6963f7d28e17f72"  # of "abc", RFC 1321


class _Client:
    """The part of S3Client that a framing uses."""

    secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    def __init__(self):
        self.credentials = self
        self.region = "us-east-1"
        self.connection = self
        self._key = {}
        self.sent = []

    def send(self, data):
        self.sent.append(bytes(data))


class _Crc32c(aws_chunked_signed.TrailerFraming):
    """The checksum of AWS's example, with its published value; the library has no CRC32C."""

    _name = "x-amz-checksum-crc32c"

    def checksum(self):
        return "sOO8/Q=="


def _frame(framing, size, client=None, signature=""):
    """Return a body of `a` as the framing sends it."""
    client = client or _Client()
    if framing.begin:
        framing.begin(client, _DATE, signature)
    left = size
    while left:
        count = min(left, framing.chunk)
        left -= count
        client.send(framing.head(count))
        while count:
            piece = b"a" * min(count, len(framing.buf))
            count -= len(piece)
            if framing.update:
                framing.update(piece)
            client.send(piece)
    client.send(framing.finish())
    return b"".join(client.sent)


def _length(integrity, size, block):
    headers = {}
    chunked_headers.add(headers, integrity, size, block)
    assert headers["x-amz-decoded-content-length"] == str(size)
    return int(headers["content-length"])


def test_signed_chunks_are_those_of_the_documentation():
    framing = aws_chunked_signed.Framing(_SIZE, bytearray(65536))
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    body = _frame(framing, _SIZE, signature=seed)
    signatures = [line[-64:].decode() for line in body.split(b"\r\n") if b"signature=" in line]
    assert signatures == [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]
    assert body.startswith(b"10000;chunk-signature=ad80") and body.endswith(b"9df9\r\n\r\n")
    assert len(body) == _length("signed", _SIZE, 65536) == 66824


def test_the_signed_trailer_is_that_of_the_documentation():
    framing = _Crc32c(_SIZE, bytearray(65536))
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    body = _frame(framing, _SIZE, signature=seed)
    for signature in (
        b"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    ):
        assert signature in body
    assert body.endswith(
        b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"
        b"\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
        b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    )
    assert len(body) == 66946


def _unsigned_length(size):
    """Return the length of a body in unsigned chunks of 8,192 bytes with a trailer."""
    return chunked_headers.encoded_length(size, 8192, 4, len("x-amz-checksum-crc32") + 16)


def test_an_unsigned_trailer():
    framing = aws_chunked.Framing(_SIZE, bytearray(8192))
    framing.chunk = 8192
    body = _frame(framing, _SIZE)
    assert body.startswith(b"2000\r\naaa")
    assert body.endswith(
        b"\r\n400\r\n" + b"a" * 1024 + b"\r\n0\r\nx-amz-checksum-crc32:sK4Y7A==\r\n\r\n"
    )
    assert len(body) == _unsigned_length(_SIZE) == 66667


def test_chunks_are_whole_buffers_of_at_most_1_mib():
    framing = aws_chunked.Framing(1, bytearray(4092))
    assert framing.chunk % 4092 == 0
    assert 1_000_000 < framing.chunk <= 1_048_576


def test_content_length_is_exact_for_every_mode_and_size():
    for module, name, integrity in (
        (aws_chunked, "Framing", "checksum"),
        (aws_chunked_signed, "Framing", "signed"),
        (aws_chunked_signed, "TrailerFraming", "signed-checksum"),
    ):
        for size in (0, 1, 15, 16, 255, 256, 4091, 4092, 8191, 8192, 8193, 16384, 70000):
            buf = bytearray(getattr(module, "CHUNK", 4092))
            framing = getattr(module, name)(size, buf)
            length = _length(integrity, size, len(buf))
            assert len(_frame(framing, size)) == length, (integrity, size)


def test_content_length_is_exact_for_many_chunks():
    framing = aws_chunked.Framing(40_000, bytearray(256))
    framing.chunk = 8192
    assert len(_frame(framing, 40_000)) == _unsigned_length(40_000)


def test_the_etag_is_to_be_the_md5_of_the_body():
    framing = unsigned_payload.Framing(3, bytearray(8))
    framing.compare_etag()
    framing.update(b"abc")
    assert framing.proof() == _MD5


def test_a_body_without_a_checksum_proves_nothing():
    assert unsigned_payload.Framing(3, bytearray(8)).proof() == ""


def _is_damaged(proof, headers):
    client = _Client()
    client.headers = headers
    client._proof = True
    try:
        assert stored.check(client, "a.jpg", proof) == headers["etag"]
    except S3Error as e:
        assert e.code == "BadDigest"
        return True
    assert client.headers == {}
    return False


def test_an_etag_that_is_an_md5_is_compared():
    assert not _is_damaged(_MD5, {"etag": f'"{_MD5}"'})
    assert not _is_damaged(_MD5, {"etag": f'"{_MD5.upper()}"'})


def test_an_etag_of_other_bytes_is_noticed():
    assert _is_damaged("4911e516e5aa21d327512e0c8b197616", {"etag": f'"{_MD5}"'})


def test_an_etag_that_is_no_md5_is_not_compared():
    for more in ({"x-amz-server-side-encryption": "aws:kms"}, {"etag": f'"{_MD5}-2"'}):
        for proof in ("4911e516e5aa21d327512e0c8b197616", "", True):
            headers = {"etag": f'"{_MD5}"'}
            headers.update(more)
            assert not _is_damaged(proof, headers)
