"""config.json on the host: its encoding, and flags and environment variables that override it."""

import json

import pytest
from megacam import settings
from megacam.commands import options
from megacam.console import MisuseError
from usb_board import CONFIG


def _saved(folder, encoding):
    path = folder / "config.json"
    path.write_bytes(json.dumps(CONFIG, indent=4).replace("\n", "\r\n").encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_skipped(tmp_path, encoding):
    assert settings.read(_saved(tmp_path, encoding)) == CONFIG


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_one_sentence(tmp_path, encoding):
    with pytest.raises(settings.SettingsError, match="is in UTF-16 or UTF-32; save it as UTF-8"):
        settings.read(_saved(tmp_path, encoding))


def test_half_a_key_in_config_json_is_said_to_everybody_who_reads_it():
    with pytest.raises(settings.SettingsError, match=r"set both .* or neither"):
        settings.check({**CONFIG, "aws": {"access_key_id": "minioadmin"}})


def test_half_a_character_is_refused():
    network = {"ssid": "\ud83d", "password": "hay hay hay"}  # JSON allows it, UTF-8 does not
    with pytest.raises(settings.SettingsError, match=r"wifi\.networks"):
        settings.check({**CONFIG, "wifi": {"networks": [network]}})


@pytest.mark.parametrize("space", [" ", "\r\n", "\u00a0", "\ufeff"])
def test_spaces_around_where_the_photos_are_are_dropped(tmp_path, space):
    path = tmp_path / "config.json"
    there = {name: f"{space}{name}{space}" for name in ("bucket", "region")}
    path.write_text(
        json.dumps(
            {"device": f"yard{space}", "s3": {**there, "endpoint": "https://X.lan/" + space}}
        )
    )
    found = options.place(None, None, None, path)
    assert (found.bucket, found.device, found.region) == ("bucket", "yard", "region")
    assert found.endpoint == "https://x.lan"
    given = options.place(f"b{space}", f"{space}d", f"eu-north-1{space}", tmp_path / "none.json")
    assert (given.bucket, given.device, given.region) == ("b", "d", "eu-north-1")


def test_a_space_within_is_misuse_that_names_the_flag(tmp_path):
    for given, name in (
        (("my photos", None, None), "--bucket"),
        ((None, "my cam", None), "--device"),
        ((None, None, "eu central"), "--region"),
    ):
        with pytest.raises(MisuseError, match=f"{name} is '.* .*'; it must be a string without"):
            options.place(*given, tmp_path / "none.json")


def test_a_setting_that_is_no_text_names_no_place(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"device": 5, "s3": {"bucket": None}}))
    assert options.place(None, None, None, path) == options.Place("", "", "", "", None)


@pytest.mark.parametrize("region", ["Frankfurt", "eu-central-1a", "EU-CENTRAL-1", "nyc3"])
def test_a_region_that_amazon_cannot_have_is_misuse(tmp_path, monkeypatch, region):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    path = tmp_path / "config.json"
    with pytest.raises(MisuseError, match="must be an AWS region name, for example eu-central-1"):
        options.place("photos", "cam1", region, path)
    path.write_text(json.dumps({"s3": {"endpoint": "https://nas.lan"}}))
    assert options.place("photos", "cam1", region, path).region == region


def test_an_endpoint_that_the_board_would_refuse_is_refused_by_every_command(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"s3": {"endpoint": "https://nas.lan:s3"}}))
    with pytest.raises(settings.SettingsError, match="endpoint is 'https://nas"):
        options.place(None, None, None, path)


def test_what_is_wrong_names_the_file_that_was_read(tmp_path):
    path = tmp_path / "yard.json"
    path.write_text(json.dumps({**CONFIG, "interval_s": 1}))
    with pytest.raises(settings.SettingsError, match=r"^\S+yard.json: interval_s is 1; it must"):
        settings.check(settings.read(path))
    path.write_text("{}")
    with pytest.raises(MisuseError, match=r"add --bucket NAME, or s3.bucket to \S+yard.json"):
        options.place(None, None, None, path).need_bucket()
    with pytest.raises(MisuseError, match=r"or --config FILE that has device$"):
        options.place(None, None, None, tmp_path / "none.json").need_device()


_DAY = {"hours": ["08:00-18:00"]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schedule": {"hours": []}}, r"schedule\.hours \[\]: give hours"),
        ({"interval_s": 86400, "schedule": _DAY}, "86400 .*08:00-18:00.*at most 36000 fits"),
        ({"interval_s": 43200, "schedule": {"hours": ["06:00-11:00"]}}, "at most 18000 fits"),
        ({"interval_s": 86400, "schedule": {**_DAY, "timezone": "CET-1"}}, "at most 36000 fits"),
        ({"schedule": {"hours": ["00:00-01:00"], "daylight": True}}, "the sun does not rise"),
    ],
)
def test_settings_under_which_no_photo_is_ever_due_are_refused(changes, says):
    says = f"^config.json: no photo is ever due .*{says}"
    with pytest.raises(settings.SettingsError, match=says):
        settings.check({**CONFIG, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"interval_s": 36000, "schedule": _DAY},
        {"interval_s": 86400, "schedule": {"hours": ["00:00-00:01"]}},
        # Midnight in UTC is within the hours of that zone.
        {"interval_s": 86400, "schedule": {**_DAY, "timezone": "JST-9"}},
        {"interval_s": 43200, "schedule": {"weekdays": ["sun"], "daylight": True}},
        {"schedule": {"daylight": True}, "location": {"latitude": 90}},
        # While it sleeps, the trigger takes photos at all times within the hours.
        {
            "interval_s": 86400,
            "schedule": _DAY,
            "power": {"deep_sleep": True},
            "trigger": {"pin": 33},
        },
    ],
)
def test_a_photo_that_is_seldom_due_is_enough(changes):
    settings.check({**CONFIG, **changes})
