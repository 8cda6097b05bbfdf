"""The address of the bucket: board, settings, host tools and botocore agree on it."""

import json
import random
import urllib.parse
from types import SimpleNamespace

import boto3
import botocore.config
import botocore.session
import botocore.utils
import pytest
from botocore.awsrequest import AWSResponse
from megacam import roots, settings, setup
from megacam.aws import AccessKey
from megacam.board import deploy
from megacam.commands import options
from megacam.errors import MegacamError
from megacam.gallery.bucket import CONFIG
from s3 import S3Client, name_rules
from s3 import endpoint as s3_endpoint

KEY = AccessKey("AKIDEXAMPLE", "secret")
# Parts of endpoints, and typical mistakes in them.
PIECES = (
    "https://", "http://", "HTTPS://", "s3://", "//", "/", ":", "::", ".", "..", "-", "_", "@",
    "?", "#", "%", " ", "\t", "\n", "\u00a0", "[", "]", "nas", "lan", "s3", "a", "Z", "\u212a",
    "\u0130", "\u00e4", "1", "0", "01", "255", "256", "9000", "443", "65535", "65536", "99999",
    "127.0.0.1",
    "192.168.1.20", "localhost", "amazonaws.com", "s3.eu-central-1.amazonaws.com", "api.aws",
    "x" * 64, "\u0663", "+", ",", ";", "\\", "key:secret@", "?x=1", "photos.",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


def _regions():
    """Yield (region, DNS suffix of its partition) for all regions of botocore."""
    resolver = botocore.session.Session().get_component("endpoint_resolver")
    for partition in resolver._endpoint_data["partitions"]:
        for region in partition["regions"]:
            yield region, partition["dnsSuffix"]


def test_every_region_of_every_partition_has_the_host_that_botocore_asks():
    session = boto3.Session("AKIDEXAMPLE", "secret")
    config = botocore.config.Config(s3={"us_east_1_regional_endpoint": "regional"})
    for region, suffix in _regions():
        assert name_rules.is_region(region, True)
        assert s3_endpoint.amazon(region) == f"https://s3.{region}.{suffix}"
        assert s3_endpoint.is_aws(f"photos.s3.{region}.{suffix}")
        client = session.client("s3", region, config=config)
        assert client.meta.endpoint_url == s3_endpoint.amazon(region)


def _inputs(count):
    chance = random.Random(16)
    for _ in range(count):
        start = chance.choice(("https://", "https://nas.lan", "https://nas.lan:", ""))
        yield start + "".join(chance.choices(PIECES, k=chance.randint(0, 4)))


def _checked(endpoint):
    try:
        return settings.value("s3.endpoint", endpoint, {})
    except settings.SettingsError:
        return None


def _client(endpoint, path_style=None, bucket="photos"):
    key = SimpleNamespace(access_key_id="a", secret_access_key="b", session_token=None)
    return S3Client(bucket, "us-east-1", key, None, bytearray(64), int, endpoint, path_style)


def test_settings_and_client_take_the_same_endpoints_and_others_read_them_alike(monkeypatch):
    monkeypatch.setattr("gc.collect", int)  # called for each module that the client loads
    table = settings.schema()
    taken = refused = 0
    for endpoint in map(table.strip, _inputs(600)):
        kept = _checked(endpoint)
        if kept:
            taken += 1
            assert _client(endpoint, True).base == _client(kept, True).base == kept
            split = urllib.parse.urlsplit(kept)
            assert (split.scheme, split.hostname, split.port) == s3_endpoint.parts(kept)
            assert botocore.utils.is_valid_endpoint_url(kept), kept
        elif endpoint:
            refused += 1
            with pytest.raises(ValueError):
                assert not _client(endpoint).base.startswith("https://"), endpoint
                raise ValueError("plain http to this machine, which a board never has")
    assert taken > 60 and refused > 200


def _asked(aws, bucket="photos", config=None):
    """Return the address that the host tools use for an object."""
    client, seen = aws.client("s3", config), []

    def answer(request, **_):
        seen.append(request.url)
        return AWSResponse(request.url, 200, {}, SimpleNamespace(stream=lambda: [b""]))

    client.meta.events.register("before-send.s3", answer)
    client.get_object(Bucket=bucket, Key="cam1/status.json")
    return seen[0]


def _place(folder, **s3):
    config = folder / "config.json"
    s3 = {"bucket": "photos", "region": "us-east-1", **s3}
    config.write_text(json.dumps({"s3": s3}))
    return options.place(None, None, None, config)


AMAZON = "https://s3.dualstack.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "path_style", "bucket"),
    [
        (None, None, "photos"),
        (None, True, "photos"),
        (None, False, "photos"),
        (None, None, "my.photos"),
        ("https://nas.lan:9000", None, "photos"),
        ("https://nas.lan:9000", False, "photos"),
        ("https://nas.lan", None, "my.photos"),
        ("https://192.168.1.20:9000", None, "photos"),
        ("https://192.168.1.20:9000", False, "photos"),
        ("https://10.0.0.2", False, "my.photos"),
        (AMAZON, True, "photos"),
        (AMAZON, None, "my.photos"),
    ],
)
def test_the_tools_ask_where_the_board_puts(tmp_path, endpoint, path_style, bucket):
    place = _place(tmp_path, bucket=bucket, endpoint=endpoint or "", path_style=path_style)
    expected = _client(endpoint, path_style, bucket).url("cam1/status.json")
    aws = place.aws(None).as_key(KEY)
    assert _asked(aws, bucket) == expected
    assert _asked(aws.in_region("us-east-1"), bucket, CONFIG) == expected
    link = urllib.parse.urlsplit(aws.presigned_url(bucket, "cam1/status.json", 60))
    assert link._replace(query="").geturl() == expected


def test_an_endpoint_of_amazon_is_no_other_store(tmp_path):
    place = _place(tmp_path, endpoint=AMAZON)
    assert setup.owner(place, None)
    owner = options.owner(place, None).as_key(KEY)
    assert owner.client("iam").meta.endpoint_url == "https://iam.amazonaws.com"
    with pytest.raises(MegacamError, match="names the store https://nas"):
        options.owner(_place(tmp_path, endpoint="https://NAS.lan/"), None)


def test_the_stand_in_for_aws_is_known_however_it_is_written(tmp_path, monkeypatch):
    for written in (
        "https://localhost:4566",
        "https://LOCALHOST:4566/",
        " https://localhost:4566",
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", written)
        assert setup.owner(_place(tmp_path, endpoint=" https://localhost:4566/"), None)
        assert not setup.owner(_place(tmp_path, endpoint="https://localhost:4567"), None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert not setup.owner(_place(tmp_path, endpoint="https://nas.lan"), None)


@pytest.mark.parametrize(
    ("endpoint", "is_amazon"),
    [("", True), (" \t", True), (AMAZON, True), ("https://nas.lan", False)],
)
def test_only_another_store_goes_without_amazons_roots(monkeypatch, endpoint, is_amazon):
    monkeypatch.setattr("megacam.board.tree.build", dict)
    wanted = deploy.tree({"s3": {"bucket": "photos", "endpoint": endpoint}})
    found = [path for path in wanted if path.startswith("roots/")]
    assert len(found) == (len(roots.amazon()) if is_amazon else 0)
