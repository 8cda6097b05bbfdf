"""Signatures compared with AWS's published examples, and our own for other regions and stores.

Sources: AWS "Authenticating Requests: Using the Authorization Header" and "... Using Query
Parameters". Our own examples were computed with botocore 1.43.
"""

from s3.presign import encode_query
from s3.presign import presign
from canonical_request import amz_date, canonical_request
from sigv4 import Signer
from uri_encode import uri_encode

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
UNSIGNED = "UNSIGNED-PAYLOAD"
_TIME_S = 1369353600  # 2013-05-24T00:00:00Z
_HOST = "examplebucket.s3.amazonaws.com"
_FRANKFURT = "examplebucket.s3.eu-central-1.amazonaws.com"
_JPEG = ("content-type", "image/jpeg")


class _Credentials:
    access_key_id = "AKIAIOSFODNN7EXAMPLE"
    secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    session_token = None


class _Temporary(_Credentials):
    session_token = "FwoGZXIvYXdzEXAMPLE//TOKEN=="


def _sign(method, path, query, pairs, payload, region="us-east-1", credentials=_Credentials):
    """Sign a request; return the signature and the headers."""
    headers = dict(pairs)
    signer = Signer(region)
    signature = signer.sign(credentials, method, path, query, headers, payload, _TIME_S)
    return signature, headers


def _ours(path, pairs, payload=UNSIGNED, credentials=_Credentials):
    headers = [("host", _FRANKFURT)]
    headers.extend(pairs)
    return _sign("PUT", path, "", headers, payload, "eu-central-1", credentials)[0]


def test_signing_key_of_the_documentation():
    key = Signer("us-east-1").key(_Credentials.secret_access_key, "20130524T000000Z")
    assert key[:4] == b"\xdb\xb8\x93\xac" and key[-2:] == b"\x83\x78"


def test_a_get_with_a_range():
    pairs = (("host", _HOST), ("range", "bytes=0-9"))
    signature, headers = _sign("GET", "/test.txt", "", pairs, EMPTY)
    assert signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=" + signature
    )


def test_a_put_with_a_hashed_body():
    payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    assert payload == "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    pairs = (
        ("host", _HOST),
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    )
    signature = _sign("PUT", "/" + uri_encode("test$file.text"), "", pairs, payload)[0]
    assert signature == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"


def test_queries():
    pairs = (("host", _HOST),)
    signature = _sign("GET", "/", encode_query((("lifecycle", ""),)), pairs, EMPTY)[0]
    assert signature == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    query = encode_query((("prefix", "J"), ("max-keys", "2")))
    signature = _sign("GET", "/", query, pairs, EMPTY)[0]
    assert signature == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"


def test_a_presigned_get():
    signer = Signer("us-east-1")
    url = presign(signer, _Credentials, "GET", _HOST, "/test.txt", 86400, _TIME_S)
    assert url == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_a_presigned_put():
    signer = Signer("eu-central-1")
    url = presign(signer, _Credentials, "PUT", _FRANKFURT, "/cam/chunk.jpg", 900, _TIME_S)
    assert url.endswith("=debf6712aee1e32fca6ac8c22da94d7dd903d1487c0dfb1d08fd56a69026a1a9")


def test_a_presigned_url_ends_within_a_week():
    signer = Signer("eu-central-1")
    for expires_s in (0, 604801):
        try:
            presign(signer, _Credentials, "PUT", _FRANKFURT, "/a", expires_s, _TIME_S)
        except ValueError as error:
            assert str(expires_s) in str(error)
        else:
            raise AssertionError("accepted", expires_s)


def test_the_head_of_signed_chunks():
    pairs = [
        ("host", "s3.amazonaws.com"),
        ("content-encoding", "aws-chunked"),
        ("content-length", "66824"),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ]
    path = "/examplebucket/chunkObject.txt"
    signature = _sign("PUT", path, "", pairs, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")[0]
    assert signature == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    del pairs[2]
    pairs.append(("x-amz-trailer", "x-amz-checksum-crc32c"))
    signature = _sign("PUT", path, "", pairs, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")[0]
    assert signature == "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"


def test_a_key_with_spaces_a_plus_and_an_accent():
    path = "/" + uri_encode("cam/2013/05/24/a b+c~\u00e9.jpg")
    assert path == "/cam/2013/05/24/a%20b%2Bc~%C3%A9.jpg"
    pairs = (("content-length", "66560"), _JPEG)
    signature = _ours(path, pairs)
    assert signature == "c7915e9d4e6cffc170ca6b85247fdf0ea14cb90aea98ed220f67326662142228"
    signature = _ours(path, pairs, UNSIGNED, _Temporary)
    assert signature == "0db1693a032f7f7123b6518622a7035b580e38f00e3ff0166d8429d7ad83e534"


def test_a_put_with_a_trailing_checksum():
    pairs = (
        ("content-encoding", "aws-chunked"),
        ("content-length", "66667"),
        _JPEG,
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    )
    signature = _ours("/cam/chunk.jpg", pairs, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert signature == "1af380459c32f99f92dc4dfa7c73a83b775a5ab878bef2b037e3295eeb38ac6b"


def test_a_put_that_must_not_overwrite():
    signature = _ours("/cam/x.jpg", (_JPEG, ("if-none-match", "*")))
    assert signature == "feeb976f2b2f4c5718a3d9e806dacdd8c407ea00481401d597e0ebc1216a1444"


def test_path_style_at_other_stores():
    for host, region, expected in (
        (
            "0123456789abcdef.r2.cloudflarestorage.com",
            "auto",
            "8298661b121acd555b2cc0e308d456cc4e7b9a4ea573a505a0de8b047879cf34",
        ),
        (
            "192.168.1.10:9000",
            "us-east-1",
            "333e91bee51af152b96897eb50d8b535455c8169f5c3f23dc7573d7ebf4d702e",
        ),
    ):
        pairs = (("host", host), _JPEG)
        signature = _sign("PUT", "/examplebucket/cam/x.jpg", "", pairs, UNSIGNED, region)[0]
        assert signature == expected, host


def test_inner_spaces_of_a_header_count_once():
    request = b"".join(canonical_request("PUT", "/", "", {"host": " a   b  "}, UNSIGNED)).decode()
    assert "\nhost:a b\n" in request


def test_the_key_changes_with_day_region_and_secret():
    signer = Signer("us-east-1")
    keys = [signer.key("one", "20130524T000000Z"), signer.key("one", "20130525T000000Z")]
    keys.append(signer.key("two", "20130525T000000Z"))
    signer.region = "eu-west-1"
    keys.append(signer.key("two", "20130525T000000Z"))
    assert len(set(keys)) == 4
    assert signer.key("two", "20130525T235959Z") is keys[3]


def test_dates():
    assert amz_date(_TIME_S) == "20130524T000000Z"
    assert amz_date(1_709_251_199) == "20240229T235959Z"
    assert amz_date(1_795_477_500) == "20261123T234500Z"
