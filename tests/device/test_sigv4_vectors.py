"""Every step of published signatures: keys, canonical requests, signatures, chunk hashes.

Sources: AWS "Authenticating Requests: Using the Authorization Header", "... Using Query
Parameters" and "Signature Calculations: Transferring Payload in Multiple Chunks". The examples for
Frankfurt and for other stores are our own, computed with botocore 1.43.
"""

import hashlib
from binascii import b2a_base64, crc32, hexlify

from s3.presign import presign
from canonical_request import canonical_request
from sigv4 import Signer
from signing_key import hmac_sha256
from uri_encode import uri_encode

_TIME_S = 1369353600  # 2013-05-24T00:00:00Z
_SIZE = 66560
_WASHINGTON = "examplebucket.s3.amazonaws.com"
_FRANKFURT = "examplebucket.s3.eu-central-1.amazonaws.com"
_R2 = "0123456789abcdef.r2.cloudflarestorage.com"
_LAN = "192.168.1.10:9000"
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_KEY = "/cam/2013/05/24/a%20b%2Bc~%C3%A9.jpg"
_JPEG = ("content-type", "image/jpeg")
_LENGTH = ("content-length", "66560")
_DECODED = ("x-amz-decoded-content-length", "66560")
_CHUNKED = ("content-encoding", "aws-chunked")
_REDUCED = ("x-amz-storage-class", "REDUCED_REDUNDANCY")


def _sha256_hex(data):
    return hexlify(hashlib.sha256(data).digest()).decode()


class _Credentials:
    access_key_id = "AKIAIOSFODNN7EXAMPLE"
    secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    def __init__(self, session_token=None):
        self.session_token = session_token


# Method, host, region, path, query, headers, payload, token, SHA-256 of the request, signature.
_REQUESTS = (
    (
        "GET", _WASHINGTON, "us-east-1", "/test.txt", "", (("range", "bytes=0-9"),), _EMPTY, None,
        "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    (
        "PUT", _WASHINGTON, "us-east-1", "/test%24file.text", "",
        (("date", "Fri, 24 May 2013 00:00:00 GMT"), _REDUCED),
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072", None,
        "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    (
        "GET", _WASHINGTON, "us-east-1", "/", "lifecycle=", (), _EMPTY, None,
        "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    (
        "GET", _WASHINGTON, "us-east-1", "/", "max-keys=2&prefix=J", (), _EMPTY, None,
        "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
    (
        "PUT", "s3.amazonaws.com", "us-east-1", "/examplebucket/chunkObject.txt", "",
        (_CHUNKED, ("content-length", "66824"), _DECODED, _REDUCED), _SIGNED, None,
        "cee3fed04b70f867d036f722359b0b1f2f0e5dc0efadbc082b76c4c60e316455",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    ),
    (
        "PUT", "s3.amazonaws.com", "us-east-1", "/examplebucket/chunkObject.txt", "",
        (_CHUNKED, _DECODED, _REDUCED, ("x-amz-trailer", "x-amz-checksum-crc32c")),
        _SIGNED + "-TRAILER", None,
        "44d48b8c2f70eae815a0198cc73d7a546a73a93359c070abbaa5e6c7de112559",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    ),
    (
        "PUT", _FRANKFURT, "eu-central-1", _KEY, "", (_LENGTH, _JPEG), _UNSIGNED, None,
        "f637c1c854949018d9f2b3d18ca6b7271155b6ca5718809fb199e2fd3759b6e9",
        "c7915e9d4e6cffc170ca6b85247fdf0ea14cb90aea98ed220f67326662142228",
    ),
    (
        "PUT", _FRANKFURT, "eu-central-1", _KEY, "", (_LENGTH, _JPEG), _UNSIGNED,
        "FwoGZXIvYXdzEXAMPLE//TOKEN==",
        "e7768d271dba257d2a6b10a6c7cb53ad25e57125634356171b57e273c2549270",
        "0db1693a032f7f7123b6518622a7035b580e38f00e3ff0166d8429d7ad83e534",
    ),
    (
        "PUT", _FRANKFURT, "eu-central-1", "/cam/chunk.jpg", "",
        (
            _CHUNKED, ("content-length", "66667"), _JPEG, _DECODED,
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER", None,
        "3830e87eaaaea97d187bb61772867f1ae72bd3e4ca84e0f67dfbb0c8779c2869",
        "1af380459c32f99f92dc4dfa7c73a83b775a5ab878bef2b037e3295eeb38ac6b",
    ),
    (
        "PUT", _FRANKFURT, "eu-central-1", "/cam/x.jpg", "", (_JPEG, ("if-none-match", "*")),
        _UNSIGNED, None,
        "0dc114b3cf0d4ef2d35aa140ea1fc3744ec8232a671a52151619022a456a6a11",
        "feeb976f2b2f4c5718a3d9e806dacdd8c407ea00481401d597e0ebc1216a1444",
    ),
    (
        "PUT", _R2, "auto", "/examplebucket/cam/x.jpg", "", (_JPEG,), _UNSIGNED, None,
        "1138985f68e8805c05725f133c4787d273b2883b07d51bb43ec27db3afc31e34",
        "8298661b121acd555b2cc0e308d456cc4e7b9a4ea573a505a0de8b047879cf34",
    ),
    (
        "PUT", _LAN, "us-east-1", "/examplebucket/cam/x.jpg", "", (_JPEG,), _UNSIGNED, None,
        "fd7fa69c35f5872e83e4b3d06a05bba7fa4b2fec85fe797af3b5461a44b32e3c",
        "333e91bee51af152b96897eb50d8b535455c8169f5c3f23dc7573d7ebf4d702e",
    ),
)  # fmt: skip


def test_the_chain_of_keys():
    key = b"AWS4" + _Credentials.secret_access_key.encode()
    for part, expected in (
        ("20130524", b"68896419206d6240ad4cd7dc8ba658efbf3b43b53041950083a10833824fcfbb"),
        ("us-east-1", b"0506335cc36b4a971f6beddf0adbd976ee71222cb42c131487e0c12c5c47a025"),
        ("s3", b"05602c14e8b6aad30e7f6dec4b544071f6e4a742934bc5e36415733c47a67d44"),
        ("aws4_request", b"dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378"),
    ):
        key = hmac_sha256(key, part)
        assert hexlify(key) == expected, part
    assert Signer("us-east-1").key(_Credentials.secret_access_key, "20130524T000000Z") == key
    assert hexlify(
        Signer("eu-central-1").key(_Credentials.secret_access_key, "20130524T000000Z")
    ) == (b"2a43dca6e5399fbb81cea18238ee9ccbae8c025460767c6aa11a1d693972d1ff")


def test_requests():
    for method, host, region, path, query, pairs, payload, token, request, expected in _REQUESTS:
        headers = dict(pairs)
        headers["host"] = host
        signature = Signer(region).sign(
            _Credentials(token), method, path, query, headers, payload, _TIME_S
        )
        del headers["authorization"]
        text = b"".join(canonical_request(method, path, query, headers, payload)).decode()
        assert _sha256_hex(text.encode()) == request, path
        assert signature == expected, path


def test_presigned_requests():
    for method, host, region, path, expires_s, request, signature in (
        (
            "GET", _WASHINGTON, "us-east-1", "/test.txt", 86400,
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        ),
        (
            "PUT", _FRANKFURT, "eu-central-1", "/cam/chunk.jpg", 900,
            "7f4977f804c26b8129d56f02ce0b32a1d55f1c2275a9f02c32da730bf2a30ff9",
            "debf6712aee1e32fca6ac8c22da94d7dd903d1487c0dfb1d08fd56a69026a1a9",
        ),
    ):  # fmt: skip
        url = presign(Signer(region), _Credentials(), method, host, path, expires_s, _TIME_S)
        query, _, given = url.partition("?")[2].partition("&X-Amz-Signature=")
        text = b"".join(canonical_request(method, path, query, {"host": host}, _UNSIGNED)).decode()
        assert _sha256_hex(text.encode()) == request
        assert given == signature


def test_a_canonical_request_to_the_letter():
    assert "/" + uri_encode("cam/2013/05/24/a b+c~\u00e9.jpg") == _KEY
    headers = dict((_LENGTH, _JPEG))
    headers["host"] = _FRANKFURT
    headers["x-amz-date"] = "20130524T000000Z"
    headers["x-amz-content-sha256"] = _UNSIGNED
    text = b"".join(canonical_request("PUT", _KEY, "", headers, _UNSIGNED)).decode()
    assert text == (
        "PUT\n/cam/2013/05/24/a%20b%2Bc~%C3%A9.jpg\n\ncontent-length:66560\n"
        "content-type:image/jpeg\nhost:examplebucket.s3.eu-central-1.amazonaws.com\n"
        "x-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n\n"
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD"
    )


def test_hashes_of_the_chunks_and_of_their_trailer():
    for data, expected in (
        (b"a" * 65536, "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a"),
        (b"a" * 1024, "2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a"),
        (b"", _EMPTY),
        (
            b"x-amz-checksum-crc32c:sOO8/Q==\n",
            "1e376db7e1a34a8ef1c4bcee131a2d60a1cb62503747488624e10995f448d774",
        ),
    ):
        assert _sha256_hex(data) == expected


def test_checksums_of_the_whole_body():
    body = b"a" * _SIZE
    for digest, expected in (
        (crc32(body).to_bytes(4, "big"), b"sK4Y7A=="),
        (hashlib.md5(body).digest(), b"2g0uF81ajxRjPGtK661+Ag=="),
        (hashlib.sha256(body).digest(), b"zWnTiHxq+SZLEA17dgIzEzXZqn4718MM3G1vS/uzyIg="),
    ):
        assert b2a_base64(digest).strip() == expected
