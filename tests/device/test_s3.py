"""The address that S3Client connects to, and what it refuses before it connects."""

from s3 import S3Client, S3Error, describe


class _Credentials:
    access_key_id = "AKIDEXAMPLE"
    secret_access_key = "secret"
    session_token = None


def _client(bucket="photos", region="eu-central-1", endpoint=None, path_style=None, **more):
    return S3Client(
        bucket,
        region,
        _Credentials,
        object(),
        bytearray(64),
        lambda: 0,
        endpoint,
        path_style,
        **more,
    )


def _refusal(call, *args, **more):
    try:
        call(*args, **more)
    except (S3Error, ValueError) as error:
        return error
    raise AssertionError("accepted", args)


def test_urls():
    for url, arguments in (
        ("https://photos.s3.eu-central-1.amazonaws.com/a", {}),
        ("https://photos.s3.cn-north-1.amazonaws.com.cn/a", {"region": "cn-north-1"}),
        ("https://s3.eu-central-1.amazonaws.com/photos/a", {"path_style": True}),
        ("https://s3.eu-central-1.amazonaws.com/my.photos/a", {"bucket": "my.photos"}),
        (
            "https://photos.s3.dualstack.eu-west-1.amazonaws.com/a",
            {"endpoint": "https://s3.dualstack.eu-west-1.amazonaws.com"},
        ),
        ("https://nas.local:9000/photos/a", {"endpoint": "https://nas.local:9000/"}),
        ("https://photos.nas.local/a", {"endpoint": "https://nas.local", "path_style": False}),
        ("https://192.168.1.10:9000/photos/a", {"endpoint": "https://192.168.1.10:9000"}),
        (
            "https://192.168.1.10:9000/photos/a",
            {"endpoint": "https://192.168.1.10:9000", "path_style": False},
        ),
        ("https://photos.s3.eusc-de-east-1.amazonaws.eu/a", {"region": "eusc-de-east-1"}),
        ("https://photos.s3.us-gov-west-1.amazonaws.com/a", {"region": "us-gov-west-1"}),
        (
            "https://s3.amazonaws.com.lan/photos/a",
            {"endpoint": "https://s3.amazonaws.com.lan"},
        ),
        (
            "https://photos.s3.eusc-de-east-1.amazonaws.eu/a",
            {"endpoint": "https://s3.eusc-de-east-1.amazonaws.eu"},
        ),
        (
            "https://nas.local/my.photos/a",
            {"endpoint": "https://nas.local", "bucket": "my.photos"},
        ),
        ("https://nas.local/photos/a", {"endpoint": "HTTPS://NAS.local/"}),
        ("https://nas.local/photos/a", {"endpoint": "https://nas.local:443"}),
        ("http://localhost/photos/a", {"endpoint": "http://localhost:80"}),
        ("http://127.0.0.1:9000/photos/a", {"endpoint": "http://127.0.0.1:9000"}),
    ):
        assert _client(**arguments).url("a") == url, arguments


def test_a_key_is_encoded_once():
    url = _client().url("cam1/a b+\u00e9%20.jpg")
    assert url.endswith("/cam1/a%20b%2B%C3%A9%2520.jpg")


def test_endpoints_that_are_none():
    for endpoint in (
        "nas.local", "ftp://nas.local", "https://", "https://nas:port", "", "https://nas:0",
        "https://nas:65536", "https://nas:", "https://:9000", "https://nas?x=1", "https://nas#x",
        "https://nas/photos", "https://nas .lan", "https://[fd00::20]:9000", "https://1.2.3.256",
        "https://nas..lan", "https://-nas", "https://1.2", "http://1127.0.0.1", "https://nas:+443",
        "https://n\u00e4s",
    ):  # fmt: skip
        assert "https://HOST:PORT" in str(_refusal(_client, endpoint=endpoint)), endpoint


def test_a_refused_endpoint_shows_no_password():
    for scheme in ("https://", ""):
        said = str(_refusal(_client, endpoint=scheme + "key:hush@hush@nas.lan"))
        assert "hush" not in said and "key" not in said


def test_a_dotted_bucket_does_not_go_into_the_host():
    for endpoint in (None, "https://nas.lan"):
        more = {"bucket": "my.photos", "endpoint": endpoint, "path_style": False}
        assert "breaks TLS" in str(_refusal(_client, **more))
    more["endpoint"] = "https://192.168.1.10"
    assert _client(**more).url("a") == "https://192.168.1.10/my.photos/a"


def test_plain_http_only_on_this_machine():
    for host in ("photos.example", "192.168.1.10", "localhost.evil.example",
                 "127.evil.example"):  # fmt: skip
        assert "use https" in str(_refusal(_client, endpoint="http://" + host)), host


def test_signed_chunks_have_a_buffer_of_8_kib():
    assert len(_client(integrity="signed").body_buf) == 8192
    client = _client(integrity="checksum")
    assert client.body_buf is client.buf


def test_an_unknown_integrity_is_refused():
    assert "use one of auto, " in str(_refusal(_client, integrity="sha1"))


def test_aws_gets_a_checksum_and_other_stores_the_body_as_it_is():
    for expected, endpoint in (
        ("checksum", None),
        ("checksum", "https://s3.dualstack.eu-west-1.amazonaws.com"),
        ("etag", "https://nas.local:9000"),
        ("etag", "https://0123456789abcdef.r2.cloudflarestorage.com"),
        ("etag", "https://s3.amazonaws.com.lan"),
        ("checksum", "https://s3.eusc-de-east-1.amazonaws.eu"),
    ):
        assert _client(endpoint=endpoint).integrity == expected, endpoint
    assert _client(region="cn-north-1").integrity == "checksum"
    assert _client(endpoint="https://nas.local", integrity="signed").integrity == "signed"


def test_keys_that_s3_would_refuse():
    for key in ("", "a" * 1025, "\u00e9" * 513):
        error = _refusal(_client().put, key, None)
        assert (error.code, error.action, error.status) == ("KeyTooLongError", "object", 0)
        assert not error.body_started


def test_metadata_that_s3_would_refuse():
    for metadata, code in (
        ({"a": "b" * 2048}, "MetadataTooLarge"),
        ([(f"name{i}", "x" * 20) for i in range(100)], "MetadataTooLarge"),
        ({"location": "caf\u00e9"}, "InvalidMetadata"),
        ({"caf\u00e9": "x"}, "InvalidMetadata"),
        ({"a": "b\r\nx-amz-acl: public-read"}, "InvalidMetadata"),
        ({"a\n": "b"}, "InvalidMetadata"),
        ({"a": "\x7f"}, "InvalidMetadata"),
        ("seq=42\nlocation=caf\u00e9", "InvalidMetadata"),
        ("location=caf\u00e9".encode(), "InvalidMetadata"),
        (b"a=b\r\nx-amz-acl: public-read=c", "InvalidMetadata"),
        (b"a=" + b"b" * 2048, "MetadataTooLarge"),
        ("a=b\r\nx-amz-acl: public-read=c", "InvalidMetadata"),
        ("a=" + "b" * 2048, "MetadataTooLarge"),
    ):
        error = _refusal(_client().put, "a", None, metadata=metadata)
        assert (error.code, error.action) == (code, "object"), metadata


def test_metadata_have_the_same_pairs_in_each_form():
    wanted = [["seq", "42"], ["reading", "a=b"]]
    for metadata in (dict(wanted), wanted, "seq=42\nreading=a=b", b"\nseq=42\nreading=a=b\n"):
        pairs = describe.pairs(metadata)
        found = sorted([[name.decode(), value.decode()] for name, value in pairs])
        assert found == sorted(wanted), metadata
    assert list(describe.pairs("")) == list(describe.pairs({})) == []


class _Body:
    size = 4


def test_bytes_in_order_of_name_are_not_copied_and_others_are_put_in_order():
    ordered = b"a=3\na-b=2\nseq=42"
    for metadata in (ordered, b"seq=42\na-b=2\nA=3\n", b"a=1\na=3\na-b=2\nseq=42"):
        _, headers, _ = describe.describe(_client(), "a", _Body, "text/css", metadata, False)
        lines = headers["x-amz-meta-="]
        assert lines == ordered and (lines is metadata) == (metadata is ordered)
    for metadata in (b"a=1\nb", b"a", b"a\nb=1"):
        try:
            describe.describe(_client(), "a", _Body, "text/css", metadata, False)
        except ValueError:
            continue
        raise AssertionError(metadata)


def test_a_content_type_cannot_carry_another_header():
    error = _refusal(_client().put, "a", None, "text/plain\r\nx-amz-acl: public-read")
    assert error.code == "InvalidMetadata"


def test_no_secret_shows():
    client = _client()
    for text in (repr(client), str(client), repr(client.credentials), repr(client.connection)):
        assert "secret" not in text and "AKID" not in text
