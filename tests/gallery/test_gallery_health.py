"""The text about a device's health, and that no odd status.json can break the page."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from any_speed import ANY_SPEED
from dateutil import tz
from gallery_wire import at, key_of
from hypothesis import given, settings
from hypothesis import strategies as st
from megacam.gallery import health, photos
from megacam.gallery.health import BAD, FAIR, GOOD

NOW = at("2026-05-05T12:00:00")
FINE = {
    "device": "cam1", "version": "1.2.3", "time": int(NOW.timestamp()), "uptime_s": 90_000,
    "interval_s": 30, "boots": 3, "reset_cause": "power-on", "reboots": {"power-on": 3},
    "photos": {"taken": 5000, "stored": 5000, "spooled": 4, "thinned": 0, "damaged": 0},
    "spool": {"photos": 0, "bytes": 0}, "clock_error_ms": 120, "rssi_dbm": [-61, -63, -60],
    "heap_free_low": 9000, "heap_largest": 2048,
    "errors": [], "config": {}, "last_key": "", "log": [],
}  # fmt: skip


def shot(seconds_ago):
    return photos.parse(key_of("cam1", NOW - timedelta(seconds=seconds_ago), 7))


def said(changes=None, seconds_ago=12):
    found = health.findings({**FINE, **(changes or {})}, shot(seconds_ago), NOW)
    return {finding.subject: (finding.level, finding.text) for finding in found}


def test_a_device_that_is_well_has_nothing_but_good_to_say():
    assert {level for level, _ in said().values()} == {GOOD}


@pytest.mark.parametrize(
    ("changes", "subject", "level", "words"),
    [
        ({"spool": {"photos": 12, "bytes": 700_000}}, "Backlog", FAIR, "12 photos (0.7 MB)"),
        ({"spool": {"photos": 400, "bytes": 2e7}}, "Backlog", BAD, "400 photos"),
        ({"rssi_dbm": [-76, -77, -75]}, "Signal", FAIR, "weak"),
        ({"rssi_dbm": [-60, -88, -90]}, "Signal", BAD, "very weak"),
        ({"reboots": {"brownout": 2}}, "Reboots", BAD, "power supply"),
        ({"reboots": {"watchdog": 1}}, "Reboots", FAIR, "1 by watchdog"),
        ({"clock_error_ms": -90_000}, "Clock", FAIR, "wrong by 2 min"),
        ({"clock_error_ms": 900_000}, "Clock", BAD, "wrong by 15 min"),
        ({"photos": {"taken": 100, "damaged": 2, "thinned": 1}}, "Losses", FAIR, "2 damaged"),
        ({"photos": {"taken": 100, "lost": 9}}, "Losses", BAD, "9 lost of 100"),
        ({"photos": {"taken": 90, "missed": 10}}, "Losses", BAD, "10 missed of 90"),
        ({"reboots": {"brownout": 2}, "uptime_s": 700_000}, "Reboots", GOOD, "none for 8 days"),
        ({"time": int(NOW.timestamp()) - 18_000}, "Health", FAIR, "reported 5 h ago"),
        ({"heap_free_low": 4095}, "Memory", FAIR, "free memory fell to 4,095 bytes"),
        ({"heap_free_low": 1200}, "Memory", FAIR, "restart the board, or turn off"),
        ({"heap_largest": 1008}, "Memory", FAIR, "largest free block is 1,008 bytes"),
        ({"heap_free_low": 0, "heap_largest": 0}, "Memory", FAIR, "fell to 0 bytes"),
        ({"heap_free_low": -4000}, "Memory", BAD, "4,000 bytes too large"),
        ({"heap_free_low": -4000}, "Memory", BAD, "uploads will fail: restart the board"),
        ({"heap_free_low": -1, "heap_largest": 16}, "Memory", BAD, "1 byte too large"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_measure(changes, subject, level, words):
    told = said(changes)[subject]
    assert told[0] == level
    assert words in told[1]


@pytest.mark.parametrize(
    ("seconds_ago", "level", "word"),
    [(80, GOOD, "on time"), (200, FAIR, "late"), (7200, BAD, "silent"), (-900, FAIR, "future")],
)
def test_lateness_is_measured_in_the_devices_own_intervals(seconds_ago, level, word):
    told = said(seconds_ago=seconds_ago)["Photos"]
    assert told[0] == level and word in told[1]
    hourly = said({"interval_s": 3600}, seconds_ago=max(80, seconds_ago))["Photos"]
    assert hourly[0] == GOOD
    patient = said({"keepalive_s": 3600}, seconds_ago=max(80, seconds_ago))["Photos"]
    assert patient[0] == GOOD, "waits for motion"
    assert said({"keepalive_s": 1e12}, seconds_ago=seconds_ago)["Photos"][0] == level


def test_by_night_a_camera_for_the_day_is_well():
    asleep = {
        "schedule": {"hours": ["06:00-07:00"]},
        "sleeps": True,
        "time": int(NOW.timestamp()) - 5 * 3600,
    }
    told = said(asleep, seconds_ago=5 * 3600 + 10)
    assert told["Photos"] == (GOOD, "last one 5 h ago; by its schedule, none is due")
    assert "Health" not in told
    # It has missed the last half hour of its day.
    assert said(asleep, seconds_ago=5 * 3600 + 1800)["Photos"][0] == BAD
    awake = said({**asleep, "sleeps": False}, seconds_ago=5 * 3600 + 10)
    assert (awake["Photos"][0], awake["Health"][0]) == (GOOD, FAIR)


@pytest.mark.parametrize(
    "changes",
    [
        {"heap_free_low": 4096, "heap_largest": 1024},
        {"heap_largest": None},
        {"heap_free_low": "few", "heap_largest": []},
    ],
)
def test_enough_memory_or_an_unknown_figure_is_no_finding(changes):
    assert "Memory" not in said(changes)


def test_the_facts_have_both_figures_of_the_memory():
    facts = dict(health.facts({**FINE, "heap_free_low": -4000}, tz.UTC))
    assert (facts["heap free low"], facts["heap largest"]) == ("-4,000", "2,048")
    assert "heap largest" not in dict(health.facts({**FINE, "heap_largest": None}, tz.UTC))


def test_the_worst_comes_first():
    found = health.findings({**FINE, "reboots": {"brownout": 1}}, shot(200), NOW)
    assert [finding.level for finding in found[:3]] == [BAD, FAIR, GOOD]
    assert health.level(found) == BAD


def test_a_device_without_a_status_or_a_photo_says_so():
    found = health.findings(None, None, NOW)
    assert [finding.subject for finding in found] == ["Photos", "Health"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=4,
)


def _details(status):
    from megacam.gallery.pages import now as page  # imports NiceGUI

    return page.details(SimpleNamespace(zone=tz.UTC), status)


@settings(**ANY_SPEED)
@given(st.dictionaries(st.sampled_from(list(FINE)), JSON, max_size=5))
def test_no_status_breaks_the_words_or_the_page(status):
    status = json.loads(json.dumps(status))
    assert health.findings(status, shot(12), NOW)
    assert health.findings(status, None, NOW)
    assert "<script" not in _details(status)


def test_what_a_device_writes_is_shown_as_text_never_as_html():
    evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    status = {
        **FINE,
        "version": evil,
        "errors": [{"time": 1, "text": evil}],
        "log": [evil],
        "photos": {evil: 3},
    }
    shown = _details(status)
    assert "<img" not in shown and "<script" not in shown
    assert shown.count("&lt;img src=x") >= 4
