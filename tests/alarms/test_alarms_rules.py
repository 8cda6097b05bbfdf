"""alarms/rules.py: what a camera's report and newest photo mean, told once, and no false alarm.

The oracle of the schedule is zoneinfo, not the camera's code, which the rules use.
"""

import functools
import json
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import astral
import pytest
from any_speed import ANY_SPEED
from astral import sun
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from megacam import timezones
from megacam.alarms import rules
from megacam.alarms.seen import see

MINUTE, HOUR, DAY = 60, 3600, 86_400
NOON = 1_795_521_600  # 2026-11-24 12:00 UTC, a Tuesday
ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = {"hours": ["00:00-24:00"], "weekdays": ALL_DAYS, "timezone": "UTC0", "daylight": False}


def report(at, **more):
    said = {
        "time": at,
        "interval_s": 30,
        "keepalive_s": 0,
        "uptime_s": 9000,
        "safe_mode": False,
        "sleeps": False,
        "battery": None,
        "schedule": ALWAYS,
        "photos": {"refused": 0, "thinned": 0},
        "spool": {"photos": 0},
        "errors": [],
    }
    return {**said, **more}


class Story:
    """Looks at one camera again and again, and keeps the events and the state."""

    def __init__(self):
        self.state = {}
        self.events = []

    def look(self, now, photo, said):
        # What the state keeps must survive JSON.
        self.state = json.loads(json.dumps(self.state))
        found, self.state = rules.decide(see("cam1", said, photo, now), self.state, now)
        self.events += found
        return [event.kind for event in found]

    @property
    def kinds(self):
        return [event.kind for event in self.events]


def test_a_camera_that_stops_is_late_then_lost_then_well_each_told_once():
    story = Story()
    for minute in range(-60, 180):
        now = NOON + minute * MINUTE
        story.look(now, min(now - 5, NOON), report(min(now - 60, NOON)))
    for minute in range(180, 240):
        now = NOON + minute * MINUTE
        story.look(now, now - 5, report(now - 60))
    assert story.kinds == ["late", "lost", "well"]
    late, lost, well = story.events
    # Three shots were due, the first of them five minutes ago.
    assert late.time == NOON + 6 * MINUTE and lost.time == NOON + 61 * MINUTE
    assert well.time == NOON + 190 * MINUTE, "ten minutes without a problem"
    assert "no photo for 6 min" in late.text and "its last report is 6 min old" in late.text
    assert "no photo for 1 h 1 min, no report for 1 h 1 min; check its power" in lost.text
    assert well.text == "well again after 3 h 4 min (late, lost)"


def test_a_camera_that_reports_but_has_no_photos_is_late_with_its_last_error():
    story = Story()
    errors = [{"time": NOON + 60, "text": "E camera failed"}]
    for minute in range(400):
        now = NOON + minute * MINUTE
        story.look(now, NOON, report(now - 60, errors=errors))
    assert story.kinds == ["late"]
    assert "it reports; its last error: E camera failed" in story.events[0].text


def test_a_lost_camera_that_reports_again_is_no_news_until_there_are_photos():
    story = Story()
    assert story.look(NOON + 2 * HOUR, NOON, report(NOON)) == ["lost"]
    assert story.look(NOON + 3 * HOUR, NOON, report(NOON + 3 * HOUR)) == []
    assert list(story.state["problems"]) == ["lost", "late"]


def test_a_camera_that_comes_and_goes_is_one_alarm():
    story = Story()
    for minute in range(200):
        now = NOON + minute * MINUTE
        # One photo every eight minutes, instead of every half.
        story.look(now, now - now % (8 * MINUTE), report(now - 60))
    assert story.kinds == ["late"]


@pytest.mark.parametrize(
    ("interval_s", "keepalive_s", "limit_s"),
    [(30, 0, 330), (600, 0, 1800), (5, 0, 305), (30, 3600, 10_800), (86_400, 0, 3 * DAY)],
)
def test_late_is_three_shots_and_five_minutes(interval_s, keepalive_s, limit_s):
    story = Story()
    photo = NOON - NOON % DAY
    said = report(photo, interval_s=interval_s, keepalive_s=keepalive_s)
    assert story.look(photo + limit_s - 1, photo, said) == []
    assert story.look(photo + limit_s + 1, photo, said) == ["late"]


def test_a_new_camera_is_late_if_its_first_photo_does_not_come():
    story = Story()
    assert story.look(NOON, None, None) == []
    assert story.look(NOON, None, report(NOON, uptime_s=60)) == []
    assert story.look(NOON + 400, None, report(NOON + 300, uptime_s=360)) == ["late"]
    assert "no photo yet" in story.events[0].text


def test_the_battery_is_told_before_the_camera_only_sleeps():
    story = Story()
    told = []
    for step, mv in enumerate([3500, 3410, 3390, 3410, 3410, 3390, 3450, 3495, 3510, 3510]):
        now = NOON + step * 15 * MINUTE
        told += story.look(now, now - 9, report(now - 60, battery={"mv": mv, "low_mv": 3300}))
    assert told == ["battery", "well"]
    assert "3,390 mV; below 3,300 mV it only sleeps" in story.events[0].text


def test_safe_mode_is_told_and_explains_that_there_are_no_photos():
    story = Story()
    for minute in range(70):
        now = NOON + minute * MINUTE
        story.look(now, NOON, report(now - 60, safe_mode=True, reset_cause="watchdog"))
    for minute in range(70, 100):
        now = NOON + minute * MINUTE
        story.look(now, now - 9, report(now - 60))
    assert story.kinds == ["safe", "well"]
    assert "last restart: watchdog" in story.events[0].text


def test_in_safe_mode_on_batteries_a_report_an_hour_is_enough():
    story = Story()
    for minute in range(300):
        now = NOON + minute * MINUTE
        at = now - (now - NOON) % (62 * MINUTE)
        story.look(now, NOON, report(at, safe_mode=True, sleeps=True))
    assert story.kinds == ["safe"]


def test_photos_that_the_store_refuses_are_told_and_old_ones_are_not():
    story = Story()
    errors = [{"time": NOON, "text": 'E s3 photo refused why="EntityTooLarge"'}]
    for step in range(20):
        now = NOON + step * 15 * MINUTE
        refused = 7 if step < 4 else 9 if step < 6 else 10
        said = report(now - 60, photos={"refused": refused, "thinned": 0}, errors=errors)
        story.look(now, now - 9, said)
    assert story.kinds == ["refused", "well"]
    assert "refused 2 photos; its last error: E s3 photo refused" in story.events[0].text


def test_counters_that_start_anew_are_no_alarm():
    story = Story()
    for step, refused in enumerate([7, 7, 0, 0]):
        now = NOON + step * 15 * MINUTE
        story.look(now, now - 9, report(now - 60, photos={"refused": refused, "thinned": 50}))
    assert story.kinds == []


def _backlogs(*steps):
    story = Story()
    for step, (waiting, thinned) in enumerate(steps):
        now = NOON + step * 15 * MINUTE
        said = report(now, spool={"photos": waiting}, photos={"refused": 0, "thinned": thinned})
        # Between two reports there is nothing new.
        for look in range(3):
            story.look(now + look * 5 * MINUTE, now + look * 5 * MINUTE - 9, said)
    return story


def test_a_backlog_that_grows_from_report_to_report_is_told():
    story = _backlogs(*[(n, 0) for n in (0, 3, 6, 9, 12, 12, 8, 7, 4, 2, 0, 0)])
    assert story.kinds == ["backlog", "well"]
    assert "9 photos wait" in story.events[0].text
    assert story.events[1].time > NOON + 8 * 15 * MINUTE, "half of the most is not growing"


def test_a_full_spool_does_not_grow_but_drops_photos():
    story = _backlogs(*[(3, n) for n in (0, 4, 9, 15, 22)])
    assert story.kinds == ["backlog"] and "15 photos dropped" in story.events[0].text


def test_what_waits_after_an_outage_is_no_alarm():
    assert _backlogs(*[(n, 40) for n in (0, 90, 60, 31, 5, 0)]).kinds == []


def test_an_update_given_up_is_told_once_and_is_no_problem():
    story = Story()
    update = {"slot": "a", "release": 42, "trial": False, "back": None, "refused": None}
    for step, more in enumerate(
        [{}, {"back": "three starts"}, {"back": "three starts"}, {"refused": "for another board"}]
    ):
        now = NOON + step * 15 * MINUTE
        story.look(now, now - 9, report(now, update={**update, **more}))
    assert story.kinds == ["update", "update"]
    assert story.events[0].text.startswith("update 42 did not work (three starts)")
    assert "refused by the camera: for another board" in story.events[1].text
    assert story.state["problems"] == {}


def test_what_was_wrong_with_an_update_before_the_first_look_is_no_news():
    story = Story()
    assert story.look(NOON, NOON, report(NOON, update={"back": "three starts"})) == []


def _photos(zone, schedule, interval_s, start, end):
    """Yield when a camera takes photos, by zoneinfo."""
    windows = [
        [int(part[:2]) * 60 + int(part[3:]) for part in text.split("-")]
        for text in schedule["hours"]
    ]

    @functools.lru_cache(1)
    def is_open(minute):
        local = datetime.fromtimestamp(60 * minute, zone)
        minute = local.hour * 60 + local.minute
        is_day = ALL_DAYS[local.weekday()] in schedule["weekdays"]
        return is_day and any(
            a <= minute < b if a < b else minute >= a or minute < b for a, b in windows
        )

    for at in range(start - start % interval_s, end, interval_s):
        if is_open(at // 60):
            yield at


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
         "America/St_Johns", "Pacific/Apia"]  # fmt: skip
# Days around which clocks change somewhere, and one on which they do not.
CHANGES = [datetime(2027, *day) for day in ((3, 14), (3, 28), (4, 4), (10, 3), (10, 31), (6, 1))]


# A case is small already, and days of looks take long to shrink.
@settings(max_examples=20, phases=(Phase.explicit, Phase.generate), **ANY_SPEED)
@given(
    zone=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    hours=st.sampled_from(
        [["00:00-24:00"], ["06:00-22:30"], ["22:00-06:00"], ["12:00-12:01"],
         ["01:30-03:15", "20:00-21:00"], []]
    ),
    weekdays=st.sampled_from([ALL_DAYS, ["mon", "tue", "wed", "thu", "fri"], ["sun"]]),
    interval_s=st.sampled_from([10, 60, 600, 7200]),
    sleeps=st.booleans(),
    look_s=st.sampled_from([900, 3600]),
)  # fmt: skip
def test_no_schedule_and_no_change_of_clocks_is_a_false_alarm(
    zone, change, hours, weekdays, interval_s, sleeps, look_s
):
    schedule = {"hours": hours, "weekdays": weekdays, "timezone": timezones.posix_of(zone),
                "daylight": False}  # fmt: skip
    start = int((change - timedelta(days=2)).replace(tzinfo=timezone.utc).timestamp())
    end = start + 4 * DAY
    before = _photos(ZoneInfo(zone), schedule, interval_s, start - 7 * DAY, end)
    # A sleeping camera wakes up to 5 % too late, and then takes the photo at once.
    taken, last = [], None
    for at in before:
        late_s = 0.049 * min(at - last, DAY) if sleeps and last else 0
        taken.append(int(at + late_s))
        last = at
    story = Story()
    position, newest, reported = 0, None, start
    for now in range(start, end, look_s):
        while position < len(taken) and taken[position] <= now - 20:
            newest = taken[position]
            position += 1
        reported = (newest or start) if sleeps else now - 60
        said = report(reported, interval_s=interval_s, sleeps=sleeps, schedule=schedule)
        story.look(now, newest, said)
    assert story.kinds == []


@pytest.mark.parametrize("hours", [["06:00-22:30"], ["22:00-06:00"]])
def test_a_camera_that_dies_outside_of_its_schedule_is_late_when_photos_are_due(hours):
    schedule = {**ALWAYS, "hours": hours, "timezone": "CET-1CEST,M3.5.0,M10.5.0/3"}
    # In winter, 6 and 22 o'clock in Berlin are 5 and 21 o'clock UTC.
    opens = NOON - 12 * HOUR + {"06:00-22:30": 5, "22:00-06:00": 21}[hours[0]] * HOUR
    photo = opens - 7 * HOUR - 30
    story = Story()
    for now in range(photo, opens + 90 * MINUTE, MINUTE):
        story.look(now, photo, report(photo, schedule=schedule))
    assert story.kinds == ["late", "lost"]
    assert story.events[0].time - opens in range(5 * MINUTE, 6 * MINUTE + 1)


def test_daylight_is_waited_for():
    schedule = {**ALWAYS, "daylight": True, "latitude": 52.5, "longitude": 13.4}
    observer = astral.Observer(52.5, 13.4)
    sunset = int(sun.sunset(observer, datetime(2026, 11, 24)).timestamp())
    sunrise = int(sun.sunrise(observer, datetime(2026, 11, 25)).timestamp())
    story = Story()
    photo = sunset - sunset % 600
    for now in range(sunset, sunrise + 15 * MINUTE, 300):
        story.look(now, photo, report(now - 60, schedule=schedule, interval_s=600))
    assert story.kinds == []
    for now in range(sunrise + 15 * MINUTE, sunrise + HOUR, 300):
        story.look(now, photo, report(now - 60, schedule=schedule, interval_s=600))
    assert story.kinds == ["late"]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["06:00-22:30", "CET-1CEST,M3.5.0,M10.5.0/3", "mon"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(sorted(report(0)) + sorted(ALWAYS) + ["update", "mv",
                      "low_mv", "back", "text", "latitude"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=75, **ANY_SPEED)
@given(said=st.dictionaries(st.sampled_from([*report(0), "update"]), ANY), photo=st.booleans())
def test_no_report_however_wrong_stops_the_watcher(said, photo):
    story = Story()
    story.look(NOON, NOON - 60 if photo else None, said)
    story.look(NOON + DAY, NOON if photo else None, {**report(NOON), **said})
    assert all(event.text for event in story.events)
