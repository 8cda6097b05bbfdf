"""Whether a roll-out may go on: every way in which cameras can become worse stops it."""

import dataclasses

import pytest
from megacam.update import watch
from megacam.update.watch import Sample, Seen

AT = 1_790_000_000
LATER = AT + 6 * 3600
BEFORE = Sample(reported=AT, interval_s=30, restarts=5, release=41, slot="a")
GOOD = dataclasses.replace(BEFORE, reported=LATER, restarts=6, release=42, slot="b")
SPAN_S = 6 * 3600


def _seen(before=BEFORE, photos_before=720, photos_now=715, **now):
    return Seen(before, dataclasses.replace(GOOD, **now), photos_before, photos_now, SPAN_S)


def _reasons(*seen, now=LATER):
    chosen = {f"cam{number}": one for number, one in enumerate(seen)}
    return watch.reasons(42, AT, now, chosen)


def test_cameras_that_store_as_before_let_it_go_on():
    assert _reasons(_seen(), _seen()) == []


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (_seen(restarts=8), "cam0 restarted 3 times"),
        (_seen(late="silent: check power"), "cam0 fell silent: silent: check power"),
        # It may have died before it could report what it runs.
        (_seen(release=41, late="silent"), "cam0 fell silent: silent"),
        (_seen(photos_now=500), "cam0 stored 500 photos instead of about 720"),
        (_seen(photos_now=0), "cam0 stored 0 photos instead of about 720"),
        (_seen(back="three starts"), "cam0 went back: three starts"),
        (_seen(release=41, refused="expired"), "cam0 refused it: expired"),
        (_seen(trial=True), "cam0: still on trial"),
    ],
)
def test_what_is_worse_than_before_stops_it(seen, reason):
    assert reason in _reasons(seen, _seen(), _seen())


def test_what_was_so_before_does_not_stop_it():
    late = dataclasses.replace(BEFORE, late="silent", refused="old news")
    assert _reasons(_seen(before=late, late="silent", refused="old news")) == []


def test_a_longer_interval_makes_fewer_photos():
    assert _reasons(_seen(interval_s=60, photos_now=355)) == []
    assert _reasons(_seen(interval_s=60, photos_now=200)) != []


def test_a_camera_that_waits_for_motion_owes_only_what_it_sends_in_any_case():
    assert _reasons(_seen(keepalive_s=3600, photos_now=6)) == []
    assert _reasons(_seen(keepalive_s=3600, photos_now=3)) != []


def test_a_camera_with_few_photos_proves_nothing():
    assert _reasons(_seen(photos_before=4, photos_now=0)) == []


def test_it_waits_for_the_trial_and_for_half_of_the_cameras():
    assert _reasons(_seen(), now=AT + 600) == ["it is too early to tell; look again in 50 minutes"]
    waiting = _seen(release=41)
    assert _reasons(_seen(), waiting) == []
    assert _reasons(_seen(), waiting, waiting) == ["only 1 of 3 cameras took it so far"]
    assert _reasons() == ["only 0 of 0 cameras took it so far"]


def test_photos_are_counted_at_the_same_times_of_day():
    assert watch.spans(AT, AT + 3600) == ((AT - 86_400, AT - 82_800), (AT, AT + 3600))
    three_days = AT + 3 * 86_400
    assert watch.spans(AT, three_days) == ((AT - 86_400, AT), (three_days - 86_400, three_days))
    assert watch.spans(AT, AT - 5) == ((AT - 86_400, AT - 86_400), (AT - 5, AT - 5))


@pytest.mark.parametrize(
    "report",
    [
        None,
        {},
        {"update": 3, "reboots": [], "time": "x", "version": 5},
        {"update": {"release": True, "fetching": "x", "trial": 1, "back": None, "refused": {}}},
        {"reboots": {"hard": "many"}, "time": float("inf")},
    ],
)
def test_a_report_of_another_shape_is_a_report_without_values(report):
    found = watch.sample(report)
    assert (found.reported, found.release, found.trial, found.back) == (None, None, False, "")


def test_a_report_is_read():
    found = watch.sample(
        {
            "time": AT,
            "version": "0.2.0",
            "interval_s": 30,
            "reboots": {"soft": 9, "deepsleep": 1000, "watchdog": 2, "hard": 1},
            "update": {
                "slot": "b",
                "release": 42,
                "trial": True,
                "back": "three starts",
                "refused": None,
                "fetching": [3, 12],
            },
        },
        "silent",
    )
    assert found == Sample(
        reported=AT,
        late="silent",
        version="0.2.0",
        interval_s=30,
        restarts=3,
        slot="b",
        release=42,
        trial=True,
        back="three starts",
        fetching=(3, 12),
    )
