"""config.json: every mistake is one sentence that names the setting, its value and the remedy."""

from s3_setup import MODES

from firmware import schema
from firmware.errors import ConfigError

_GOOD = {"s3": {"bucket": "my-photos"}}


def _refusal(raw):
    try:
        schema.check(raw)
    except ConfigError as e:
        return str(e)
    raise AssertionError("accepted")


def _with(name, value):
    raw = {"s3": {"bucket": "my-photos"}}
    section, _, inner = name.partition(".")
    if inner:
        raw.setdefault(section, {})[inner] = value
    else:
        raw[section] = value
    return raw


def test_a_minimal_config_gets_every_default():
    settings, secrets = schema.check(_GOOD)
    assert settings["interval_s"] == 30
    assert settings["s3.bucket"] == "my-photos"
    assert secrets == {}
    assert len(settings) == len(schema.SETTINGS) - len(schema.SECRETS)


def test_every_mode_of_the_client_can_be_chosen():
    assert schema.INTEGRITY == ("auto",) + MODES
    for mode in schema.INTEGRITY:
        settings, _ = schema.check({"s3": {"bucket": "my-photos", "integrity": mode}})
        assert settings["s3.integrity"] == mode


def test_secrets_are_split_off():
    raw = _with("wifi.networks", [{"ssid": "Barn", "password": "hay hay hay"}])
    raw["aws"] = {"access_key_id": "AKIA0123456789ABCDEF", "secret_access_key": "s" * 40}
    settings, secrets = schema.check(raw)
    assert sorted(secrets) == sorted(schema.SECRETS)
    for name in schema.SECRETS:
        assert name not in settings


def test_an_unknown_setting_names_the_nearest_known_one():
    assert _refusal(_with("intervall", 30)) == (
        "config.json: there is no setting 'intervall'; did you mean 'interval_s'?"
    )
    assert "did you mean 'camera.resolution'?" in _refusal(_with("camera.resolutoin", "1"))
    assert "did you mean 's3.bucket'?" in _refusal({"s3": {"buckett": "x"}})


def test_a_wrong_value_names_the_setting_the_value_and_what_would_be_right():
    assert _refusal(_with("interval_s", 2)) == (
        "config.json: interval_s is 2; it must be a whole number from 5 to 86400"
    )
    for value in (True, "30", 30.5, None, [], 86401):
        assert "interval_s is" in _refusal(_with("interval_s", value))
    assert "one of 96x96, 128x128" in _refusal(_with("camera.resolution", "1x1"))
    assert "true or false" in _refusal(_with("s3.path_style", 1))
    assert "https://HOST" in _refusal(_with("s3.endpoint", "http://nas"))
    assert "https://HOST" in _refusal(_with("s3.endpoint", "https://nas/bucket"))
    assert "lower-case" in _refusal(_with("device", "Cam 1"))
    assert "lower-case" in _refusal({"s3": {"bucket": "my.photos"}})
    assert "clock.servers" in _refusal(_with("clock.servers", "pool.ntp.org"))
    assert "clock.servers" in _refusal(_with("clock.servers", [1]))


def test_the_bucket_is_required():
    assert "s3.bucket is ''; it must be the name of your bucket" in _refusal({})


def test_a_refusal_never_shows_a_secret():
    hush = "hush-hush-hush"
    for raw in (
        _with("wifi.networks", [{"ssid": "Barn", "password": hush, "kanal": 6}]),
        _with("wifi.networks", {"ssid": "Barn", "password": hush}),
        _with("wifi.networks", [{"ssid": 5, "password": hush}]),
        _with("wifi.networks", [{"ssid": "Barn", "password": hush * 9}]),
        _with("wifi.networks", [{"ssid": "Barn", "password": hush[:7]}]),
        _with("aws.secret_access_key", hush),
        _with("aws.access_key_id", [hush]),
    ):
        assert hush[:4] not in _refusal(raw)


def test_a_config_that_is_no_object_is_refused():
    for raw in ([], 5, "x", None, {"s3": 5}, {"camera": []}):
        assert "must be an object" in _refusal(raw)


def test_a_checked_config_passes_again():
    settings, _ = schema.check(_GOOD)
    assert schema.check(schema.nest(settings))[0] == settings


def test_a_network_may_be_open_hidden_and_have_an_address_of_its_own():
    address = ["192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
    networks = [{"ssid": "Barn"}, {"ssid": "B" * 32, "hidden": True, "address": address}]
    assert schema.check(_with("wifi.networks", networks))[1]["wifi.networks"] == networks


def test_a_wrong_network_is_named():
    for network, part in (
        ({"ssid": "\u00e4" * 17}, "ssid"),
        ({"ssid": "Barn", "password": "short"}, "password"),
        ({"ssid": "Barn", "password": None}, "password"),
        ({"ssid": "Barn", "hidden": 1}, "hidden"),
        ({"ssid": "Barn", "address": "192.168.1.9"}, "address"),
        ({"ssid": "Barn", "address": ["192.168.1.9"]}, "address"),
        ({"ssid": "Barn", "address": ["1.2.3.256", "1.2.3.4", "1.2.3.4", "1.2.3.4"]}, "address"),
        ({"ssid": "Barn", "address": [1, 2, 3, 4]}, "address"),
        ({"ssid": "Barn", "address": 5}, "address"),
    ):
        assert "wifi.networks." + part in _refusal(_with("wifi.networks", [network]))


def test_a_sensor_is_a_module_and_a_function():
    for good in ("", "bme280:read", "my_probe:_read2"):
        assert schema.check(_with("sensor.function", good))[0]["sensor.function"] == good
    for bad in ("bme280", "a.b:read", "bme280:read()", ":", "1a:b", "a:b:c", 5, "a:" + "b" * 70):
        assert "sensor.function is" in _refusal(_with("sensor.function", bad))


def test_a_schedule_is_checked_where_it_is_written():
    berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
    assert schema.check(_with("schedule.timezone", berlin))[0]["schedule.timezone"] == berlin
    for name, value, said in (
        ("schedule.timezone", "Europe/Berlin", "must be a POSIX time zone"),
        ("schedule.timezone", 5, "a text of"),
        ("schedule.hours", ["6-22"], "it must be like 06:00-22:30"),
        ("schedule.hours", "06:00-22:00", "a list of"),
        ("schedule.weekdays", ["monday"], "a list of some of mon, tue"),
        ("schedule.weekdays", [], "a list of some of mon, tue"),
        ("location.latitude", 91, "a number of degrees from -90 to 90"),
        ("location.longitude", "13", "a number of degrees from -180 to 180"),
    ):
        assert said in _refusal(_with(name, value))
