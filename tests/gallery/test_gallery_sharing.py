"""Stars that are kept, the page with the stars, and links that expire; without a browser."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import boto3
import botocore.credentials
import botocore.session
import pytest
from dateutil import tz
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam import console
from megacam.cli import app
from megacam.gallery import export, photos, sharing
from megacam.gallery.bucket import CONFIG, Bucket
from megacam.gallery.export import ExportError
from megacam.gallery.favourites import LIMIT, Favourites, FavouritesError
from megacam.gallery.sharing import SharingError
from megacam.gallery.thumbnails import Thumbnails

NOW = at("2026-05-05T16:00:00")
DAY = timedelta(days=1)
KEYS = [key_of("cam1", NOW - DAY * n, n) for n in range(3)]
PHOTO = photos.parse(KEYS[0])


@pytest.fixture
def s3():
    with WireS3() as server:
        for n, key in enumerate(KEYS):
            server.put(key, jpeg(60 + 20 * n))
        yield server


def kept(folder):
    return Favourites(folder, "http://store", BUCKET)


def test_stars_stay_in_order_of_time_and_belong_to_their_bucket(tmp_path):
    for key in KEYS:
        kept(tmp_path).put(key, True)
    kept(tmp_path).put(KEYS[1], False)
    assert [photo.key for photo in kept(tmp_path).photos()] == [KEYS[2], KEYS[0]]
    assert not Favourites(tmp_path, "http://store", "other").photos()
    assert not Favourites(tmp_path, "http://elsewhere", BUCKET).photos()
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"keys": 7}', b'{"keys": [null, "../x", 3]}', b"\xff" * 9],
)
def test_a_broken_file_of_stars_is_no_stars_and_is_written_anew(tmp_path, content):
    kept(tmp_path).path.write_bytes(content)
    assert kept(tmp_path).photos() == []
    kept(tmp_path).put(KEYS[0], True)
    assert kept(tmp_path).keys() == {KEYS[0]}


def test_stars_have_a_bound_and_a_disk_that_refuses_is_told(tmp_path):
    many = [key_of("cam1", NOW + timedelta(seconds=n), n) for n in range(LIMIT)]
    kept(tmp_path).path.write_text(json.dumps({"keys": many}))
    with pytest.raises(FavouritesError, match="remove a star"):
        kept(tmp_path).put(KEYS[1], True)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FavouritesError, match="is not saved"):
        kept(tmp_path / "file").put(KEYS[0], True)


def test_thumbnails_that_make_room_never_take_the_stars(s3, tmp_path):
    kept(tmp_path).put(KEYS[0], True)
    with Thumbnails(Bucket(s3.client(), BUCKET), tmp_path, bound_bytes=1) as thumbnails:
        for key in KEYS:
            thumbnails.submit(key).result()
    assert kept(tmp_path).keys() == {KEYS[0]}


def test_favourites_become_one_page_that_needs_no_server(s3, tmp_path):
    bucket = Bucket(s3.client(), BUCKET)
    starred = [photos.parse(key) for key in KEYS[:2]]
    s3.put(KEYS[1], b"\xff\xd8 cut")
    made = export.export_favourites(bucket, tmp_path / "site", starred, zone=tz.UTC)
    assert (made.photos, made.skipped) == (1, 1)
    page = (tmp_path / "site" / "index.html").read_text()
    assert KEYS[0].removeprefix("cam1/") in page and KEYS[1].removeprefix("cam1/") not in page
    assert "Tuesday, 05 May 2026 · cam1" in page and "<script" not in page
    with pytest.raises(ExportError, match="no favourites"):
        export.export_favourites(bucket, tmp_path / "other", [])
    assert not (tmp_path / "other").exists()


def test_the_command_writes_the_page_of_favourites(s3, tmp_path, monkeypatch, capsys):
    environment(monkeypatch, s3, tmp_path)
    site = tmp_path / "site"
    assert console.run(app, ["gallery", "export", str(site), "--favourites"]) == 1
    assert "there are no favourites" in capsys.readouterr().err
    folder = tmp_path / "cache" / "megacam" / "thumbnails"
    for key in KEYS:
        Favourites(folder, s3.endpoint, BUCKET).put(key, True)
    since = ["--from", f"{NOW - DAY:%Y-%m-%d}", "--timezone", "UTC"]
    assert console.run(app, ["gallery", "export", str(site), "--favourites", *since]) == 0
    assert "2 photos" in capsys.readouterr().out


def environment(monkeypatch, s3, tmp_path):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "MEGACAM_BUCKET": BUCKET,
        "NO_PROXY": "127.0.0.1", "AWS_ENDPOINT_URL_S3": s3.endpoint,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def test_the_command_prints_a_link_with_its_end(s3, tmp_path, monkeypatch, capsys):
    environment(monkeypatch, s3, tmp_path)
    assert console.run(app, ["gallery", "share", KEYS[0], "--hours", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert parse_qs(urlsplit(said["url"]).query)["X-Amz-Expires"] == ["7200"]
    assert console.run(app, ["gallery", "share", KEYS[0], "--timezone", "UTC"]) == 0
    assert "Ends " in capsys.readouterr().out
    gone = key_of("cam1", NOW, 77)
    assert console.run(app, ["gallery", "share", gone]) == 1
    assert "not in the bucket" in capsys.readouterr().err
    assert console.run(app, ["gallery", "share", "status.json"]) == 2
    assert "is not the key of a photo" in capsys.readouterr().err


def client(s3, credentials=None):
    core = botocore.session.Session()
    core.set_credentials("AKIAEXAMPLE", "example")
    if credentials:
        core._credentials = credentials
    session = boto3.Session(botocore_session=core, region_name="us-east-1")
    return session.client("s3", endpoint_url=s3.endpoint, config=CONFIG)


def refreshable(ends):
    return botocore.credentials.RefreshableCredentials(
        "ASIAEXAMPLE", "example", "token", ends, lambda: None, "sso", lambda: NOW
    )


def test_a_link_is_one_photo_signed_for_so_long_and_no_longer_than_seven_days(s3):
    link = sharing.share(client(s3), BUCKET, PHOTO, DAY, NOW)
    asked = parse_qs(urlsplit(link.url).query)
    assert asked["X-Amz-Expires"] == ["86400"] and "X-Amz-Signature" in asked
    assert link.ends == NOW + DAY
    assert link.words(link.ends) == "Ends Wednesday, 06 May 2026, 16:00."
    assert urlopen(link.url).read() == s3.objects[PHOTO.key][0]
    sharing.share(client(s3), BUCKET, PHOTO, 7 * DAY, NOW)
    for wanted in (7 * DAY + timedelta(seconds=1), timedelta(0)):
        with pytest.raises(SharingError, match="7 days"):
            sharing.share(client(s3), BUCKET, PHOTO, wanted, NOW)


def test_a_link_that_ends_with_the_session_says_so(s3):
    ends = NOW + timedelta(hours=3)
    link = sharing.share(client(s3, refreshable(ends)), BUCKET, PHOTO, DAY, NOW)
    assert link.ends == ends
    assert link.words(ends) == (
        "Ends Tuesday, 05 May 2026, 19:00, with the session of your AWS sign-in."
    )
    later = refreshable(NOW + 2 * DAY)
    assert sharing.share(client(s3, later), BUCKET, PHOTO, DAY, NOW).session == ""
    unknown = botocore.credentials.Credentials("ASIAEXAMPLE", "example", "token")
    link = sharing.share(client(s3, unknown), BUCKET, PHOTO, DAY, NOW)
    assert "or before, when the session" in link.words(link.ends)
