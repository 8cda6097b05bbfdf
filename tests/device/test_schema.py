"""config.json: every error message is a sentence with the setting, its value and the remedy."""

from s3.integrity import MODES

from firmware.settings import schema
from firmware.settings import schema_camera
from firmware.settings import schema_motion
from firmware.settings import schema_pins
from firmware.settings import together
from firmware.errors import ConfigError


def _good():
    return {"s3": {"bucket": "my-photos"}}


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
    settings, secrets = schema.check(_good())
    assert settings["interval_s"] == 30
    assert settings["s3.bucket"] == "my-photos"
    assert secrets == {}
    left_out = len(schema.SECRETS) + len(schema_camera.PICTURE) + len(schema_motion.MOTION)
    assert len(settings) == len(schema.SETTINGS) - left_out


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
    assert "true or false" in _refusal(_with("watchdog", 1))
    assert "already needs the time" in _refusal(_with("clock.http_urls", ["https://nas/"]))
    assert "https://HOST" in _refusal(_with("s3.endpoint", "http://nas"))
    assert "https://HOST" in _refusal(_with("s3.endpoint", "https://nas/bucket"))
    assert "lower-case" in _refusal(_with("device", "Cam 1"))
    assert "lower-case" in _refusal({"s3": {"bucket": "my_photos"}})
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
        _with("aws.secret_access_key", hush + " " + hush),
        _with("wifi.networks", [{"ssid": "Barn", "password": hush + "\t" + hush}]),
        _with("aws.access_key_id", [hush]),
    ):
        assert hush[:4] not in _refusal(raw)


def test_a_config_that_is_no_object_is_refused():
    for raw in ([], 5, "x", None, {"s3": 5}, {"camera": []}):
        assert "must be an object" in _refusal(raw)


def test_a_checked_config_passes_again():
    settings, _ = schema.check(_good())
    assert schema.check(together.nest(settings))[0] == settings


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
        ("schedule.timezone", 5, "a string of"),
        ("schedule.hours", ["6-22"], "it must be like 06:00-22:30"),
        ("schedule.hours", "06:00-22:00", "a list of"),
        ("schedule.weekdays", ["monday"], "a list of any of mon, tue"),
        ("schedule.weekdays", [], "a list of any of mon, tue"),
        ("location.latitude", 91, "a number of degrees from -90 to 90"),
        ("location.longitude", "13", "a number of degrees from -180 to 180"),
    ):
        assert said in _refusal(_with(name, value))


# The store.


def test_an_endpoint_is_kept_in_one_form():
    for written, kept in (
        ("", ""),
        ("https://nas.lan/", "https://nas.lan"),
        (" HTTPS://NAS.lan:443", "https://nas.lan"),
        ("https://192.168.1.20:9000", "https://192.168.1.20:9000"),
    ):
        assert _one("s3.endpoint", written) == kept


def test_what_is_no_endpoint_is_refused():
    for host in ("", ":9000", "nas.lan:90000", "nas.lan:0", "nas.lan:s3", "nas.lan?x=1", "nas lan",
                 "nas.lan#x", "nas.lan/photos", "[fd00::20]:9000", "nas..lan", "1.2.3.256",
                 "s3://nas.lan", "nas.lan//", "nas_lan"):  # fmt: skip
        said = _refusal(_with("s3.endpoint", "https://" + host))
        assert said.startswith("config.json: s3.endpoint is 'https://" + host + "'; it must be ")
        assert said.endswith("HOST:PORT, where HOST is a name or an IPv4 address")
    for value in ("http://127.0.0.1", "nas.lan", "https://" + "a." * 150 + "lan", 5, None, []):
        assert "s3.endpoint is" in _refusal(_with("s3.endpoint", value))


def test_a_password_in_an_endpoint_is_not_shown():
    said = _refusal(_with("s3.endpoint", "https://key:hush@nas.lan"))
    assert "hush" not in said and "'https://***@nas.lan'" in said


def _s3(**more):
    return {"s3": dict(more, bucket="my-photos")}


def test_a_region_has_amazons_shape_at_amazon_only():
    for region in ("Frankfurt", "eu-central-1a", "EU-CENTRAL-1", "auto", "nyc3"):
        assert "an AWS region, for example eu-central-1" in _refusal(_s3(region=region))
        schema.check(_s3(region=region, endpoint="https://nas.lan"))
        amazon = "https://s3.dualstack.eu-central-1.amazonaws.com"
        assert "an AWS region" in _refusal(_s3(region=region, endpoint=amazon))
    for region in ("", "eu central", "eu/central", "x" * 33, 5, None):
        assert "s3.region is" in _refusal(_s3(region=region, endpoint="https://nas.lan"))
    assert schema.check(_s3(region="eusc-de-east-1"))[0]["s3.region"] == "eusc-de-east-1"


def test_path_style_may_be_left_to_the_endpoint():
    assert schema.check(_good())[0]["s3.path_style"] is None
    for value in (True, False, None):
        assert schema.check(_s3(path_style=value))[0]["s3.path_style"] is value
    for value in (0, "", "auto"):
        assert "true or false, or null" in _refusal(_s3(path_style=value))


def test_a_dotted_bucket_needs_path_style():
    dotted = {"bucket": "my.photos"}
    for more in ({}, {"path_style": True}, {"path_style": False, "endpoint": "https://10.0.0.2"}):
        more.update(dotted)
        schema.check({"s3": more})
    said = _refusal({"s3": {"bucket": "my.photos", "path_style": False}})
    assert said == (
        "config.json: s3.path_style is False; it must be true or null with s3.bucket 'my.photos': "
        "a dot in the bucket's name breaks TLS in BUCKET.HOST, whose certificate is for *.HOST"
    )


def test_a_bucket_in_the_endpoint_is_told_before_photos_land_in_a_folder_of_its_name():
    there = {"endpoint": "https://my-photos.nyc3.example"}  # as a store's console may show it
    said = _refusal(_s3(**there))
    assert "without the bucket's name in front" in said and "s3.path_style true" in said
    schema.check(_s3(path_style=True, **there))
    schema.check(_s3(endpoint="https://nyc3.example"))


# Spaces, as typed and pasted.

_SPACES = (
    " ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\u00a0",
    "\u200b",
    "\u200e",
    "\u202f",
    "\u2060",
    "\ufeff",
)


def _one(name, value):
    settings, secrets = schema.check(_with(name, value))
    return secrets[name] if name in schema.SECRETS else settings[name]


def test_spaces_around_a_string_are_dropped():
    for name, value in (
        ("device", "barn"),
        ("s3.region", "eu-central-1"),
        ("s3.endpoint", "https://nas.lan:9000"),
        ("wifi.hostname", "porch"),
        ("camera.quality", "low"),
        ("location.name", "Back  garden \u00e0"),
        ("schedule.timezone", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("sensor.function", "bme280:read"),
    ):
        for space in _SPACES:
            assert _one(name, space + value + space + space) == value
    assert _one("clock.servers", [" a.example\r", "b.example\u00a0"]) == ["a.example", "b.example"]
    assert schema.check({"s3": {"bucket": "\ufeffmy-photos\r\n"}})[0]["s3.bucket"] == "my-photos"


def test_spaces_within_a_string_are_refused_except_in_the_place():
    for space in _SPACES:
        for name, value in (
            ("device", "barn{}door"),
            ("s3.region", "eu-central{}1"),
            ("s3.endpoint", "https://nas{}lan"),
            ("schedule.timezone", "UTC{}0"),
        ):
            assert name + " is " in _refusal(_with(name, value.format(space)))
        said = _refusal(_with("clock.servers", [f"a{space}b"]))
        assert "clock.servers is " in said and "without spaces" in said
    assert "one line of text" in _refusal(_with("location.name", "Back\ngarden"))


def _key(identity, secret):
    aws = {"access_key_id": identity, "secret_access_key": secret}
    return {"s3": {"bucket": "my-photos"}, "aws": aws}


def test_keys_of_every_store_are_taken_whatever_their_length():
    for identity, secret in (
        ("minioadmin", "minioadmin"),
        ("accessKey1", "verySecretKey1"),
        ("a", "b"),
        ("GK" + "0" * 24, "9" * 64),
        ("AKIA0123456789ABCDEF", "ab+cd/ef=" + "g" * 300),
    ):
        for space in ("",) + _SPACES:
            secrets = schema.check(_key(identity + space, space + secret + space))[1]
            assert secrets["aws.access_key_id"] == identity
            assert secrets["aws.secret_access_key"] == secret


def test_a_key_is_printable_and_whole():
    for identity, secret, named in (
        ("two words", "s", "aws.access_key_id"),
        ("k", "two\nlines", "aws.secret_access_key"),
        ("k", "p\u00e4ss", "aws.secret_access_key"),
        ("k\x00k", "s", "aws.access_key_id"),
    ):
        said = _refusal(_key(identity, secret))
        assert named + " is secret; it must be printable ASCII" in said
    for identity, secret in (("k", ""), ("", "s"), ("k", " \r\n")):
        assert _refusal(_key(identity, secret)) == (
            "config.json: set both aws.access_key_id and aws.secret_access_key, or neither"
        )
    assert schema.check(_key(" ", "\n"))[1] == {}


def _network(ssid, password=""):
    return _one("wifi.networks", [{"ssid": ssid, "password": password}])[0]


def test_a_wifi_name_and_password_keep_their_spaces_but_no_line_end():
    for text in (" Barn 2 ", "\u00a0Barn 2\u200b", "Barn\t2\u00e0", "\u00a0" * 8):
        for end in ("", "\r", "\n", "\r\n", "\n\n"):
            assert _network(text + end)["ssid"] == text
            assert _network("\ufeff" + text + end)["ssid"] == text
    for end in ("\r", "\n", "\r\n"):
        assert _network("Barn", " hay hay " + end) == {"ssid": "Barn", "password": " hay hay "}
    for inner in ("hay\thay hay", "\rhay hay hay", "hay\nhay hay", "hay hay\x7f", "hay\0hay hay"):
        said = _refusal(_with("wifi.networks", [{"ssid": "Barn", "password": inner}]))
        assert "wifi.networks.password is secret; it must be without control characters" in said
    address = ["192.168.1.9 ", "255.255.255.0\r", " 192.168.1.1", "192.168.1.1\n"]
    found = _one("wifi.networks", [{"ssid": "Barn", "address": address}])[0]
    assert found["address"] == ["192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.1"]


def test_wifi_limits_are_bytes_as_in_ieee_802_11():
    bee = "\U0001f41d"  # four bytes
    for ssid in ("B", "B" * 32, bee * 8):
        assert _network(ssid)["ssid"] == ssid
    for ssid in ("B" * 33, bee * 8 + "B", "\u00e4" * 17):
        assert "wifi.networks.ssid" in _refusal(_with("wifi.networks", [{"ssid": ssid}]))
    for ssid in ("", "\r\n"):
        raw = _with("wifi.networks", [{"ssid": ssid, "password": "hay hay hay"}])
        assert "wifi.networks.ssid is ''; it must be a string of 1 to 32 bytes" in _refusal(raw)
    for password in ("", "h" * 8, "h" * 63, bee * 2, bee * 15 + "hay", "0123456789abcdefABCDEF" * 2
                     + "0123456789abcdefABCD"):  # fmt: skip
        assert _network("Barn", password)["password"] == password
    # 5 characters are for WEP; 64 are only valid as a key in hex.
    for password in ("h" * 5, bee, "h" * 7, "g" * 64, "0" * 65, bee * 16, "\u00e4" * 32):
        said = _refusal(_with("wifi.networks", [{"ssid": "Barn", "password": password}]))
        assert "a passphrase of 8 to 63 bytes (WPA, not WEP), 64 hex digits" in said


def _pinned(**sections):
    return dict(sections, s3={"bucket": "my-photos"})


def test_a_pin_that_cannot_do_it_is_refused_with_the_reason():
    for raw, text in (
        (_pinned(spi={"sck": 6}), "spi.sck is 6; the flash uses GPIO 6 to 11; choose another"),
        (_pinned(spi={"miso": 11}), "spi.miso is 11; the flash uses GPIO 6 to 11"),
        (_pinned(spi={"cs": 24}), "spi.cs is 24; the ESP32 has no GPIO 24; choose another"),
        (_pinned(spi={"cs": 40}), "spi.cs is 40; it must be a whole number from 0 to 39"),
        (_pinned(spi={"mosi": 34}), "spi.mosi is 34; GPIO 34 to 39 are inputs only"),
        (_pinned(led={"pin": 35}), "led.pin is 35; GPIO 34 to 39 are inputs only"),
        (_pinned(led={"pin": 18}), "led.pin is 18; GPIO 18 is already spi.sck; choose another"),
        (_pinned(power={"battery_pin": 4}), "power.battery_pin is 4; only GPIO 32 to 39 can"),
        (
            _pinned(spool={"sd": {"enabled": True, "cs": 5}}),
            "spool.sd.cs is 5; GPIO 5 is already spi.cs",
        ),
    ):
        assert text in _refusal(raw)
    schema.check(_pinned(spi={"miso": 39}, power={"battery_pin": 36}, led={"pin": 2}))
    schema.check(_pinned(spool={"sd": {"cs": 5}}))  # no card, no pins


def test_a_pin_that_may_keep_the_board_from_its_start_has_a_word():
    def doubts(**sections):
        return schema_pins.doubts(schema.check(_pinned(**sections))[0])

    assert doubts() == []
    assert doubts(led={"pin": 2}) == [
        "led.pin is GPIO 2: if pulled high, `megacam flash` cannot reach the board"
    ]
    for pin in (0, 2, 5, 12, 15, 1, 3):
        found = doubts(spi={"miso": pin, "cs": 21})
        assert len(found) == 1 and found[0].startswith(f"spi.miso is GPIO {pin}: ")
