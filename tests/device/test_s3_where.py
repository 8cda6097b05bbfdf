"""The rule for endpoints, regions and buckets, and what changes when a region was learned."""

from s3 import name_rules as shape
from s3 import endpoint as where


def test_one_form_for_all_ways_to_write_an_endpoint():
    for written, normal in (
        ("https://nas.lan", "https://nas.lan"),
        ("HTTPS://NAS.lan:443/", "https://nas.lan"),
        ("https://nas.lan:09000", "https://nas.lan:9000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://192.168.1.20:9000/", "https://192.168.1.20:9000"),
    ):
        assert shape.normal(written) == normal
        assert shape.normal(normal) == normal


def test_addresses():
    for host in ("0.0.0.0", "127.0.0.1", "255.255.255.255", "10.0.0.20"):
        assert where._is_ip(host), host
    for host in (
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.-4",
        "a.b.c.d",
        "1..2.3",
    ):
        assert not where._is_ip(host), host


def test_a_learned_region_moves_whole_labels_of_amazons_names_only():
    for before, old, new, after in (
        ("https://localhost:9000", "local", "garage", "https://localhost:9000"),
        ("https://nyc3.nas.lan", "nyc3", "ams3", "https://nyc3.nas.lan"),
        (
            "https://s3.dualstack.us-east-1.amazonaws.com",
            "us-east-1",
            "eu-west-1",
            "https://s3.dualstack.eu-west-1.amazonaws.com",
        ),
        (
            "https://s3.us-east-1.amazonaws.com",
            "us-east",
            "eu-west",
            "https://s3.us-east-1.amazonaws.com",
        ),
        ("https://s3.amazonaws.com", "s", "eu-west-1", "https://s3.amazonaws.com"),
    ):
        assert shape.moved(before, old, new) == after


def test_regions():
    for region in ("eu-central-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-10"):
        assert shape.is_region(region, True) and shape.is_region(region)
    for region in (
        "auto",
        "garage",
        "nyc3",
        "fr-par",
        "us-east-005",
        "RegionOne",
        "default",
        "EU",
    ):
        assert shape.is_region(region)
    for region in ("Frankfurt", "eu-central-1a", "EU-CENTRAL-1", "auto", "eu-central-0", "eu--1",
                   "eu-1", "-eu-1", "eu-central-1-", "eu-central-x"):  # fmt: skip
        assert not shape.is_region(region, True), region
    for region in ("", "eu central", "eu/west", "a,b", "\u212aiel"):
        assert not shape.is_region(region) and not shape.is_region(region, True), region


def test_buckets():
    for name in ("abc", "garden-photos", "photos.example.com", "1.2.3", "a" * 63):
        assert shape.is_bucket(name), name
    for name in ("ab", "a" * 64, "my_photos", "MyPhotos", "s3://photos", "-photos", "photos-",
                 "my..photos", "my.-photos", ".photos", "192.168.1.20"):  # fmt: skip
        assert not shape.is_bucket(name), name
