"""Films of hours that were made without: by --no-film, or before PyAV was installed."""

import pytest
from digest_rig import PLAIN, digest, fill, killed, made, read
from gallery_wire import WireS3, at, jpeg, key_of
from megacam.digest.hour import Wishes
from megacam.gallery import film

pytest.importorskip("av")
pytest_plugins = "wire_store"

NOON = at("2026-11-23T12:00")
HOUR = "cam1/_digest/2026/11/23/12/index.json"
DAY = "cam1/_digest/2026/11/23/day.json"
FILMS = Wishes()


def test_hours_that_were_made_without_a_film_get_one(s3):
    fill(s3, NOON, 8)
    digest(s3, wishes=PLAIN)
    assert read(s3, DAY)["film"] is None
    assert digest(s3, wishes=FILMS).hours_made == 2
    assert read(s3, HOUR)["film"]["frames"] == 4
    assert read(s3, DAY)["film"]["frames"] == 8
    before = dict(s3.objects)
    for wishes in (FILMS, PLAIN):
        assert digest(s3, wishes=wishes).hours_made == 0
    assert s3.objects == before


def test_what_cannot_be_made_into_a_film_is_tried_once(s3, monkeypatch):
    fill(s3, NOON, 4)

    def refuse(*_):
        raise OSError("FFmpeg does not take it")

    monkeypatch.setattr(film, "encode", refuse)
    assert digest(s3, wishes=FILMS).hours_made == 1
    assert (read(s3, HOUR)["film"], read(s3, HOUR)["film_tried"]) == (None, True)
    assert digest(s3, wishes=FILMS).hours_made == 0
    monkeypatch.undo()
    s3.put(key_of("cam1", NOON, 99), jpeg(200))
    assert digest(s3, wishes=FILMS).hours_made == 1
    assert read(s3, HOUR)["film"]["frames"] == 5 and "film_tried" not in read(s3, HOUR)


def test_an_hour_without_pictures_is_not_made_again_for_a_film(s3):
    s3.put(key_of("cam1", NOON, 1), b"rubbish")
    digest(s3, wishes=PLAIN)
    assert digest(s3, wishes=FILMS).hours_made == 0


def test_a_run_killed_while_it_adds_films_is_taken_up_by_the_next():
    with WireS3() as s3:
        fill(s3, NOON, 2)
        digest(s3, wishes=FILMS)
        wanted = made(s3)
        for key in wanted:
            del s3.objects[key]
        digest(s3, wishes=PLAIN)
        for _ in killed(s3, lambda client: digest(s3, client=client, wishes=FILMS)):
            digest(s3, wishes=FILMS)
            now = made(s3)
            assert {key: now[key] for key in wanted} == wanted
