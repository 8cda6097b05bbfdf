"""The exported site: complete, self-contained, safe, and never overwriting other files."""

import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from dateutil import tz
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.gallery import export
from megacam.gallery.bucket import Bucket
from megacam.gallery.export import ExportError
from megacam.gallery.timelapse import CancelledError
from PIL import Image

START = at("2026-05-05T22:00:00")
END = START + timedelta(hours=4)
EVIL = "<b onload=alert(1)> & 'co'"


@pytest.fixture
def s3():
    with WireS3() as server:
        for device in ("cam1", EVIL):
            for n in range(12):
                moment = START + timedelta(minutes=20 * n)
                server.put(key_of(device, moment, n), jpeg(60 + 10 * n, size=(640, 480)))
        yield server


@pytest.fixture
def bucket(s3):
    return Bucket(s3.client(), BUCKET)


def write(bucket, folder, **options):
    return export.export(bucket, folder, START, END, zone=tz.UTC, **options)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def links(path):
    parser = _Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_every_link_of_the_site_leads_to_a_file_beside_it(bucket, tmp_path):
    site = tmp_path / "site"
    made = write(bucket, site)
    assert (made.photos, made.skipped) == (24, 0)
    pages = sorted(site.glob("*.html"))
    assert len(pages) == 5
    for page in pages:
        # Also where no script runs, as in some mail programs.
        assert any(link.startswith("thumbs/") for link in links(page).found)
        for link in links(page).found:
            if not link.startswith("#"):
                assert not re.match(r"[a-z]+:|/", link), link
                assert (site / unquote(link)).is_file(), link


def test_the_days_are_those_of_the_chosen_zone(bucket, tmp_path):
    site = tmp_path / "site"
    export.export(bucket, site, START, END, devices=["cam1"], zone=tz.gettz("Asia/Tokyo"))
    assert [page.name for page in site.glob("cam1*.html")] == ["cam1-2026-05-06.html"]


def test_photos_are_byte_for_byte_unless_a_width_is_asked_for(s3, bucket, tmp_path):
    key = sorted(key for key in s3.objects if key.startswith("cam1"))[0]
    for name, width in (("a", None), ("b", 200)):
        write(bucket, tmp_path / name, devices=["cam1"], width=width)
    name = key.removeprefix("cam1/")
    assert (tmp_path / "a/photos/cam1" / name).read_bytes() == s3.objects[key][0]
    small = (tmp_path / "b/photos/cam1" / name).read_bytes()
    assert Image.open(io.BytesIO(small)).size == (200, 150)


def test_a_devices_name_is_text_and_its_files_have_plain_names(bucket, tmp_path):
    site = tmp_path / "site"
    write(bucket, site, devices=[EVIL])
    for page in site.glob("*.html"):
        assert not [tag for tag, attrs in links(page).tags if tag == "b" and attrs]
    names = {path.name for path in (site / "photos").iterdir()}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)
    assert export.folder_name("a/b") != export.folder_name("a-b")


def test_damaged_photos_are_left_out_and_counted(s3, bucket, tmp_path):
    s3.put(sorted(s3.objects)[-1], b"\xff\xd8 cut")
    assert write(bucket, tmp_path / "site").skipped == 1


def test_archived_photos_are_left_out_and_counted(s3, bucket, tmp_path):
    s3.archived.add(sorted(s3.objects)[0])
    made = write(bucket, tmp_path / "site")
    assert (made.photos, made.skipped) == (23, 1)


def test_one_photo_an_hour_is_one_photo_an_hour(bucket, tmp_path):
    assert write(bucket, tmp_path / "site", devices=["cam1"], every_s=3600).photos == 4


def test_a_folder_with_other_files_is_left_alone(bucket, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="not empty"):
        write(bucket, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_earlier_export_is_replaced(bucket, tmp_path):
    site = tmp_path / "site"
    write(bucket, site)
    write(bucket, site, devices=["cam1"])
    assert len(list((site / "photos").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "words"), [({"devices": ["cam9"]}, "no device 'cam9'.*cam1"), ({}, "0 photos")]
)
def test_what_cannot_be_exported_is_refused_before_anything_is_written(
    bucket, tmp_path, options, words
):
    later = START + timedelta(days=40)
    with pytest.raises(ExportError, match=words):
        export.export(bucket, tmp_path / "site", later, later + timedelta(days=1), **options)
    assert not (tmp_path / "site").exists()


def test_an_export_tells_its_progress_and_can_be_cancelled(bucket, tmp_path):
    told = []
    with pytest.raises(CancelledError):
        write(
            bucket,
            tmp_path / "site",
            progress=lambda *n: told.append(n),
            cancelled=lambda: len(told) == 3,
        )
    assert told == [(1, 24), (2, 24), (3, 24)]


def test_what_somebody_put_beside_an_export_stays(bucket, tmp_path):
    site = tmp_path / "site"
    write(bucket, site)
    (site / "notes.txt").write_text("who the fox is")
    (site / "old-2020-01-01.html").write_text("a page of the last export")
    write(bucket, site)
    assert (site / "notes.txt").read_text() == "who the fox is"
    assert not (site / "old-2020-01-01.html").exists()


def test_a_folder_that_cannot_be_made_is_named(bucket, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="cannot be written"):
        write(bucket, tmp_path / "file" / "site")
