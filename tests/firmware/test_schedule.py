"""firmware/shot/schedule.py and shot/day_plan.py compared with astral, on both interpreters.

The tests for time zones are in test_day_plan.py.
"""

import datetime

import astral
import astral.sun
import plan_rig
import pytest
from each import each

UTC = datetime.timezone.utc
DAY_S = 86400
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.fixture(params=plan_rig.INTERPRETERS)
def ask(request):
    return plan_rig.asker(request.param)


PLACES = [(0, 0), (52.5, 13.4), (-33.9, 151.2), (40.7, -74.0), (60.0, 25.0), (-54.8, -68.3)]


def test_the_sun_is_astrals_to_a_few_minutes(ask):
    questions, expected = [], []
    for latitude, longitude in PLACES:
        for day in range(20819, 20819 + 4 * 366, 17):
            date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
            observer = astral.Observer(latitude, longitude)
            local = datetime.timezone(datetime.timedelta(hours=longitude / 15))
            questions.append(["daylight", day, latitude, longitude])
            expected.append(
                [
                    edge(observer, date, tzinfo=local).timestamp()
                    for edge in (astral.sun.sunrise, astral.sun.sunset)
                ]
            )
    for question, ours, theirs in zip(questions, ask(questions), expected, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert abs(a - b) < 240, (question, a - b)


def test_the_midnight_sun_and_the_polar_night(ask):
    june, december = 20625 + 365, 20808 + 365  # 21 June and 21 December 2027
    for latitude in (70, 90):
        whole, none = ask([["daylight", june, latitude, 20], ["daylight", december, latitude, 20]])
        assert whole[1] - whole[0] == DAY_S
        assert none is None
    assert ask([["daylight", june, -90, 20]]) == [None]


def _utc(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _plan(now, hours=("00:00-24:00",), weekdays=EVERY_DAY, timezone="UTC0", daylight=False, **at):
    schedule = {"hours": hours, "weekdays": weekdays, "timezone": timezone, "daylight": daylight}
    return ["plan", _utc(now), schedule, {"latitude": 0, "longitude": 0, **at}]


def _spans(*texts):
    return [[_utc(a), _utc(b)] for a, b in (text.split(" to ") for text in texts)]


@pytest.mark.parametrize(
    ("question", "spans", "until"),
    [
        (
            _plan("2027-05-05T12:00"),
            ["2027-05-05T00:00 to 2027-05-06T00:00"],
            "2027-05-06T00:00",
        ),
        (
            _plan("2027-05-05T12:00", hours=["12:30-13:00", "06:00-07:15"], timezone="IST-5:30"),
            ["2027-05-05T00:30 to 2027-05-05T01:45", "2027-05-05T07:00 to 2027-05-05T07:30"],
            "2027-05-05T18:30",
        ),
        (
            # Overnight: the first and the last hours of the day.
            _plan("2027-05-05T12:00", hours=["22:00-06:00"]),
            ["2027-05-05T00:00 to 2027-05-05T06:00", "2027-05-05T22:00 to 2027-05-06T00:00"],
            "2027-05-06T00:00",
        ),
        (
            # Saturday in Auckland, still Friday in UTC.
            _plan("2027-05-07T20:00", weekdays=["sat"], timezone="NZST-12"),
            ["2027-05-07T12:00 to 2027-05-08T12:00"],
            "2027-05-08T12:00",
        ),
        (_plan("2027-05-07T10:00", weekdays=["sat"], timezone="NZST-12"), [], "2027-05-07T12:00"),
        (
            # Clocks go forward: 01:00 to 04:00 lasts two hours.
            _plan("2027-03-28T09:00", hours=["01:00-04:00"], timezone=BERLIN),
            ["2027-03-28T00:00 to 2027-03-28T02:00"],
            "2027-03-28T22:00",
        ),
        (
            # Clocks go back: the day has 25 hours.
            _plan("2027-10-31T00:30", hours=["00:00-24:00"], timezone=BERLIN),
            ["2027-10-30T22:00 to 2027-10-31T23:00"],
            "2027-10-31T23:00",
        ),
    ],
)
def test_the_windows_of_a_day(ask, question, spans, until):
    assert ask([question]) == [[_spans(*spans), _utc(until)]]


def test_daylight_and_hours_go_together(ask):
    question = _plan("2027-06-21T12:00", hours=["06:00-24:00"], daylight=True, latitude=52.5)
    [[spans, _]] = ask([question])
    assert len(spans) == 1
    assert spans[0][0] == _utc("2027-06-21T06:00")
    assert abs(spans[0][1] - _utc("2027-06-21T20:25")) < 600


def test_a_time_zone_far_from_the_place_loses_no_daylight(ask):
    # In Sydney the sun is up from about 21:00 to 07:00 UTC: at the end and the start of a UTC day.
    question = _plan("2027-03-21T12:00", daylight=True, latitude=-33.9, longitude=151.2)
    [[spans, _]] = ask([question])
    assert len(spans) == 2
    assert 11.5 * 3600 < sum(b - a for a, b in spans) < 12.5 * 3600


@each(
    "timezone",
    ["", "CET", "+1", "CET-1CEST", "CET-1CEST,J60.1,J300", "CET-1CEST,M3.5,M10.5.0", "CET-x",
     "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
     "CET-1CEST,X3.5.0,M10.5.0", "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/x"],
)  # fmt: skip
def test_a_time_zone_that_is_none_is_one_sentence(ask, timezone):
    [said] = ask([["offset_s", 1800000000, timezone]])
    assert said.startswith(f"schedule.timezone is {timezone!r}; it must be a POSIX time zone")


@each(
    "text", ["", "6-22", "06:00", "06:00-22:60", "06:00-24:01", "06:00-06:00", "6:00-22:00",
             "06:00-12:00-18:00", "aa:bb-cc:dd", "06:00-22:0"],
)  # fmt: skip
def test_hours_that_are_none_are_one_sentence(ask, text):
    assert ask([["minutes", text]]) == [
        f"schedule.hours has {text!r}; it must be like 06:00-22:30"
    ]


def test_shots_are_aligned_to_the_wall_clock(ask):
    always = [[0, 1 << 40]]
    noon = _utc("2027-05-05T12:00")
    questions = [["next_shot", noon + after, 30, always] for after in (-1, 0, 1, 29, 30)]
    assert ask(questions) == [noon, noon + 30, noon + 30, noon + 30, noon + 60]
    assert ask([["next_shot", noon + 5, 7, always]])[0] % 7 == 0


def test_a_stall_ends_without_a_burst(ask):
    always = [[0, 1 << 40]]
    asked = due = _utc("2027-05-05T12:00")
    for stall_s in (0, 100, 86400 * 3, 1):
        asked = due + stall_s
        [due] = ask([["next_shot", asked, 30, always]])
        assert asked < due <= asked + 30


def test_shots_stay_inside_the_windows(ask):
    windows = [[1000, 1100], [2000, 2030]]
    questions = [["next_shot", after, 30, windows] for after in (0, 1020, 1079, 1080, 2010, 2029)]
    assert ask(questions) == [1020, 1050, 1080, 2010, None, None]
    assert ask([["next_shot", 0, 30, []]]) == [None]


def test_a_window_shorter_than_the_interval_may_hold_no_shot(ask):
    assert ask([["next_shot", 0, 3600, [[3601, 7199]]]]) == [None]
    assert ask([["next_shot", 0, 3600, [[3600, 3601]]]]) == [3600]
