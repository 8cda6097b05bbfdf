"""What deploy and setup say about a time zone before anything is deployed."""

import datetime
import json
import os
import zoneinfo

import pytest
from command import megacam
from megacam import settings, timezones

NOW = int(datetime.datetime(2027, 7, 5, 12, 5, tzinfo=datetime.timezone.utc).timestamp())


def _config(zone):
    return {"s3": {"bucket": "photos"}, "schedule": {"timezone": zone}}


def _note(zone):
    raw = _config(zone)
    settings.check(raw)
    return timezones.note(raw, "UTC0", NOW)


def test_the_default_needs_no_words():
    assert _note("UTC0") is None
    for raw in ({}, {"schedule": {}}):
        assert timezones.note(raw, "UTC0", NOW) is None


@pytest.mark.parametrize(
    ("zone", "clock", "utc"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "14:05", "UTC+2"),
        ("IST-5:30", "17:35", "UTC+5:30"),
        ("<-0930>9:30", "02:35", "UTC-9:30"),
        ("GMT0", "12:05", "UTC"),
        ("<+01>-1", "13:05", "UTC+1"),
    ],
)
def test_the_local_time_that_follows_is_one_plain_line(zone, clock, utc):
    assert _note(zone) == ("done", f"Time zone {zone}: it is now {clock} there ({utc}).")


@pytest.mark.parametrize(
    ("zone", "people_mean"),
    [
        ("UTC+1", 60),
        ("UTC-1", -60),
        ("GMT+2", 120),
        ("UTC1", 60),
        ("UTC+5:30", 330),
        ("utc-10", -600),
    ],
)
def test_a_name_that_looks_like_an_offset_is_a_warning_with_a_way_out(zone, people_mean):
    kind, text = _note(zone)
    assert kind == "warn"
    # IANA's Etc/GMT+1 counts westward, like POSIX.
    if zone == "UTC+1":
        etc = zoneinfo.ZoneInfo("Etc/GMT+1")
        assert (
            f"it is now {datetime.datetime.fromtimestamp(NOW, etc):%H:%M} there (UTC-1)." in text
        )
    assert f"POSIX counts westwards; for {zone} in the usual sense, use " in text
    posix = text.split('"')[1]
    kind, text = _note(posix)
    meant = datetime.timezone(datetime.timedelta(minutes=people_mean))
    assert kind == "done", "the way out is no warning"
    assert f" {datetime.datetime.fromtimestamp(NOW, meant):%H:%M} " in text


def test_a_name_of_iana_is_answered_with_the_string_to_paste():
    with pytest.raises(settings.SettingsError) as refused:
        settings.check(_config("Europe/Berlin"))
    assert str(refused.value) == (
        "config.json: schedule.timezone is 'Europe/Berlin'; it must be a POSIX time zone such as "
        'UTC0 or CET-1CEST,M3.5.0,M10.5.0/3; for Europe/Berlin write "CET-1CEST,M3.5.0,M10.5.0/3"'
    )
    assert timezones.posix_of("asia/kolkata") == "IST-5:30"
    for unknown in ("Mars/Base", "../zoneinfo/Europe/Berlin", "", "tzdata.zi"):
        assert timezones.posix_of(unknown) is None


def test_a_zone_that_no_string_can_say_is_told():
    # Morocco is an hour back during Ramadan, which moves through the year. The table of tzdata
    # has these changes until 2087.
    with pytest.raises(settings.SettingsError) as refused:
        settings.check(_config("Africa/Casablanca"))
    assert 'write "' in str(refused.value)
    assert "although its clocks will differ from that this year" in str(refused.value)


def test_what_is_to_be_pasted_is_accepted_for_every_zone():
    names = [name for name in zoneinfo.available_timezones() if "/" in name]
    assert len(names) > 400
    for posix in {timezones.posix_of(name) for name in names[::7]}:
        settings.check(_config(posix))


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (
            "UTC+1",
            'there (UTC-1). POSIX counts westwards; for UTC+1 in the usual sense, use "<+01>-1".',
        ),
        ("Europe/Berlin", 'for Europe/Berlin write "CET-1CEST,M3.5.0,M10.5.0/3"'),
    ],
)
@pytest.mark.parametrize("command", [["deploy", "--dry-run"], ["deploy"], ["setup", "--dry-run"]])
def test_it_is_said_before_the_board_is_touched(tmp_path, command, zone, said):
    (tmp_path / "config.json").write_text(json.dumps(_config(zone)))
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(COLUMNS="300", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true")
    words = [*command, "--port", tmp_path / "no-board"]
    done = megacam(*words, cwd=tmp_path, environment=env)
    assert done.returncode == 1, done.stderr
    assert said in done.stdout + done.stderr
