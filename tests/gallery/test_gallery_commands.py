"""`megacam gallery export` and `megacam timelapse`: questions, output files and errors."""

import json
from datetime import datetime, timedelta, timezone

import av
import pytest
from dateutil import tz
from gallery_wire import at, jpeg, key_of
from megacam import console
from megacam.cli import app
from megacam.commands import times
from megacam.console import MisuseError
from megacam.errors import MegacamError
from megacam.gallery import state

pytest_plugins = "wire_store"
DAY = at("2026-05-05T00:00:00")
SPAN = ["--from", "2026-05-05", "--to", "2026-05-05", "--timezone", "UTC"]


@pytest.fixture
def s3(store):
    for n in range(12):
        store.put(key_of("cam1", DAY + timedelta(minutes=5 * n), n), jpeg(60 + 9 * n))
    return store


def run(*words):
    return console.run(app, list(words))


def test_a_film_of_a_day_is_made_from_the_command_line(s3, tmp_path, capsys):
    film = tmp_path / "day.mp4"
    assert run("timelapse", str(film), "--device", "cam1", "--fps", "6", *SPAN, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["frames"], said["path"], said["bytes"]) == (12, str(film), film.stat().st_size)
    with av.open(str(film)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 12


def test_an_export_holds_the_cameras_that_were_asked_for_and_no_other(s3, tmp_path, capsys):
    s3.put(key_of("lake", DAY, 1), jpeg(60))
    site = tmp_path / "site"

    def exported(*words):
        assert run("gallery", "export", str(site), *SPAN, *words) == 0
        return sorted(path.name for path in (site / "photos").iterdir())

    assert run("gallery", "export", str(site), *SPAN) == 2
    said = capsys.readouterr().err
    assert "cam1, lake" in said and "--all" in said and not site.exists()
    assert exported("--all") == ["cam1", "lake"]
    assert exported("-d", "lake") == ["lake"]
    (tmp_path / "config.json").write_text(json.dumps({"device": "cam1"}))
    assert exported() == ["cam1"]
    assert exported("-d", "lake") == ["lake"]
    assert exported("--all") == ["cam1", "lake"]


def test_a_site_is_written_from_the_command_line(s3, tmp_path, capsys):
    assert run("gallery", "export", str(tmp_path / "site"), *SPAN) == 0
    assert "12 photos" in capsys.readouterr().out
    assert (tmp_path / "site" / "cam1-2026-05-05.html").is_file()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["timelapse", "a.mp4", *SPAN], 2, "which camera?"),
        (["timelapse", "a.avi", "-d", "cam1", *SPAN], 1, "must end in .mp4 or .webp"),
        (["timelapse", "no/a.mp4", "-d", "cam1", *SPAN], 1, "no folder no"),
        (["timelapse", "a.mp4", "-d", "cam9", *SPAN], 1, "cam9 has no photos"),
        (["timelapse", "-d", "cam1", "--from", "yesterday"], 2, "'yesterday' is not a date"),
        (["gallery", "export", "site", *SPAN, "--timezone", "Mars/Base"], 1, "no time zone"),
        (["gallery", "export", "site", *SPAN, "-d", "cam9"], 1, "no device 'cam9'"),
        (["gallery", "export", "taken", *SPAN], 1, "taken is a file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(s3, tmp_path, capsys, words, code, sentence):
    (tmp_path / "taken").write_text("mine")
    assert run(*words) == code
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


def test_refused_credentials_are_one_sentence_with_the_remedy(s3, capsys):
    s3.refusal = (403, "AccessDenied")
    assert run("gallery", "export", "site", *SPAN) == 1
    assert "s3:ListBucket" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named_with_the_remedy(s3, capsys):
    assert run("gallery", "--port", str(s3.port), "--no-browser") == 1
    said = capsys.readouterr().err
    assert f"port {s3.port}" in said and "--port" in said


def test_a_span_is_read_in_the_viewers_zone_and_a_day_is_meant_whole():
    berlin = tz.gettz("Europe/Berlin")
    now = datetime(2026, 5, 9, tzinfo=timezone.utc)
    begin, end = times.span("2026-05-05", "2026-05-05", berlin, now)
    assert (begin, end) == (at("2026-05-04T22:00:00"), at("2026-05-05T22:00:00"))
    assert times.span(None, None, berlin, now) == (now - timedelta(days=1), now)
    begin, _ = times.span("2026-05-05T06:00+00:00", None, berlin, now)
    assert begin == at("2026-05-05T06:00:00")
    with pytest.raises(MisuseError, match="is not before"):
        times.span("2026-05-06", "2026-05-05", tz.UTC, now)


@pytest.mark.parametrize("words", ["/etc/passwd", "../x", "Europe", "Mars/Base"])
def test_what_is_no_zone_is_said(words):
    with pytest.raises(MegacamError, match=r"^no time zone "):
        state.zone_named(words)
