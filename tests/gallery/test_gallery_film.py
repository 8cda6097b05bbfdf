"""Films: the same pictures give the same bytes, so that pieces of a digest keep their names."""

from datetime import datetime, timedelta

from megacam.gallery import film
from megacam.sim import scene

_NOON = datetime(2026, 11, 29, 12)


def test_the_same_pictures_give_the_same_film(tmp_path):
    pictures = [scene.draw(480, 360, _NOON + timedelta(minutes=5 * n)) for n in range(12)]
    made = set()
    for number in range(24):
        path = tmp_path / f"{number}.mp4"
        film.encode(path, iter(pictures), 24)
        made.add(path.read_bytes())
    assert len(made) == 1
