"""Slots and gaps of a day: outages, pauses and thinned spools."""

from datetime import date, timedelta, timezone

import pytest
from any_speed import ANY_SPEED
from dateutil import tz
from gallery_wire import at, key_of
from hypothesis import given, settings
from hypothesis import strategies as st
from megacam.gallery import days, photos
from megacam.gallery.days import OUTAGE, PAUSE, THINNED

DAY = at("2026-05-05T00:00:00")
END = DAY + timedelta(days=1)


def every(seconds, start, end):
    count = int((end - start).total_seconds() // seconds)
    moments = [start + timedelta(seconds=seconds * n) for n in range(count)]
    return [photos.parse(key_of("cam1", moment, n)) for n, moment in enumerate(moments)]


def hours(first, last):
    return every(30, DAY + timedelta(hours=first), DAY + timedelta(hours=last))


def test_a_day_without_a_missing_shot_has_no_gaps():
    assert days.gaps(hours(0, 24), DAY, END) == []


def test_two_missing_shots_are_no_gap_and_a_quarter_of_an_hour_is():
    taken = hours(0, 24)
    assert days.gaps([*taken[:100], *taken[102:]], DAY, END) == []
    (gap,) = days.gaps([*taken[:100], *taken[130:]], DAY, END)
    assert gap.kind == OUTAGE
    assert gap.seconds == 31 * 30


def ago(number, taken):
    """Return photos at the same times as `taken`, `number` days earlier."""
    moved = timedelta(days=number)
    return [photos.parse(key_of("cam1", p.taken - moved, p.seq)) for p in taken]


def kinds(taken, *earlier):
    return [gap.kind for gap in days.gaps(taken, DAY, END, earlier)]


def test_a_night_is_a_pause_from_the_third_day_on_that_has_it():
    like = hours(6, 20)
    assert kinds(like) == [OUTAGE, OUTAGE]
    assert kinds(like, ago(1, like)) == [OUTAGE, OUTAGE]
    assert kinds(like, ago(1, like), ago(2, hours(0, 24))) == [OUTAGE, OUTAGE]
    assert kinds(like, ago(1, like), ago(2, like)) == [PAUSE, PAUSE]


def test_an_outage_after_the_first_evening_of_a_camera_is_no_pause():
    taken = [*hours(0, 6), *hours(8, 24)]
    assert kinds(taken, ago(1, hours(20, 24)), []) == [OUTAGE]
    assert kinds(taken, ago(1, hours(20, 24)), ago(2, hours(0, 24))) == [OUTAGE]


def test_a_day_that_ends_early_is_an_outage_even_after_a_night_of_pause():
    like = hours(6, 20)
    assert kinds(hours(6, 15), ago(1, like), ago(2, like)) == [PAUSE, OUTAGE]


def test_dead_days_excuse_nothing():
    assert kinds([], [], []) == [OUTAGE]
    assert kinds(hours(6, 24), [], []) == [OUTAGE]


def test_a_spool_that_was_thinned_evenly_is_told_from_an_outage():
    thin = hours(8, 10)[::4]
    taken = [*hours(0, 8), *thin, *hours(10, 24)]
    found = days.gaps(taken, DAY, END)
    assert [gap.kind for gap in found] == [THINNED]
    assert timedelta(hours=1.9) < found[0].end - found[0].start < timedelta(hours=2.1)


def test_what_has_not_happened_yet_is_no_gap():
    now = DAY + timedelta(hours=12)
    taken = hours(0, 12)
    assert days.gaps(taken, DAY, now) == []
    cells = days.slots(taken, DAY, END, 3600, [])
    assert [len(cell.photos) for cell in cells] == [120] * 12 + [0] * 12
    assert all(cell.gap is None for cell in cells)


@settings(**ANY_SPEED)
@given(st.sets(st.integers(0, 86_399), max_size=60), st.sampled_from([60, 300, 1800, 3600]))
def test_every_photo_is_in_one_slot(seconds, slot_s):
    taken = [
        photos.parse(key_of("cam1", DAY + timedelta(seconds=s), n))
        for n, s in enumerate(sorted(seconds))
    ]
    cells = days.slots(taken, DAY, END, slot_s, days.gaps(taken, DAY, END))
    assert [photo for cell in cells for photo in cell.photos] == taken
    assert all(cell.start <= p.taken < cell.end for cell in cells for p in cell.photos)


@pytest.mark.parametrize(
    ("day", "hours_long"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 5), 24)],
)
def test_a_day_of_berlin_has_as_many_hours_as_it_has(day, hours_long):
    start, end = days.bounds(day, tz.gettz("Europe/Berlin"))
    assert end - start == timedelta(hours=hours_long)
    assert start.tzinfo is timezone.utc
    offsets = days.offsets(start, end, tz.gettz("Europe/Berlin"))
    assert len(offsets) == (1 if hours_long == 24 else 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1 h 30 min"),
     (36_000, "10 h"), (200_000, "2 days"), (-4, "0 s")],
)  # fmt: skip
def test_a_length_of_time_is_told_as_a_person_says_it(seconds, words):
    assert days.words(seconds) == words
