"""Every setting of config.json: name, kind, limits, default and help, in one table.

The host uses it at deploy time, and setup.py uses it on the board (without the help texts) after
you have copied a config.json by hand. The capture loop never loads it.

White space is treated the same in config.json, prompts, environment and arguments. It includes
control characters, no-break and zero-width characters and byte order marks. It is stripped from
both ends of a text; inside, it is refused, except in location.name. A Wi-Fi name or password may
really begin or end with a space: only line ends after it and a byte order mark before it are
stripped. The limits of these two are in bytes of UTF-8 (IEEE 802.11).
"""

from firmware.errors import ConfigError
from firmware.settings import schema_camera, schema_motion

# Sizes that at least one Arducam Mega offers; the driver refuses those that yours lacks.
RESOLUTIONS = (
    "96x96", "128x128", "160x120", "320x240", "320x320",
    "640x480", "800x600", "1024x768", "1280x720", "1280x1024",
    "1600x1200", "1920x1080", "2048x1536", "2592x1936", "2592x1944",
)  # fmt: skip

# Strongest first, as in lib/s3/integrity.py, which this module must not load.
INTEGRITY = ("auto", "signed-checksum", "signed", "checksum", "etag", "none")

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Small pages that exist for devices to request, reachable everywhere.
_HTTP_URLS = (
    "http://connectivitycheck.gstatic.com/generate_204",
    "http://detectportal.firefox.com/success.txt",
)

_BEFORE_PICTURE = (
    ("device", "name", 1, 32, "cam1", "name of this camera; every key starts with it"),
    ("interval_s", "int", 5, 86400, 30, "seconds from one shot to the next"),
    ("status_min", "int", 1, 1440, 15, "minutes from one health report to the next"),
    ("watchdog", "bool", 0, 1, True, "restart the board when it makes no progress for 3 minutes"),
    ("s3.bucket", "bucket", 3, 63, "", "bucket for the photos (required)"),
    ("s3.region", "region", 1, 32, "us-east-1", "region of the bucket"),
    ("s3.endpoint", "url", 0, 200, "", "https://HOST[:PORT] of another S3 store; empty: AWS"),
    (
        "s3.path_style",
        "optional",
        0,
        1,
        None,
        "put the bucket in the path, not in the host name; null: the endpoint decides",
    ),
    ("s3.integrity", "choice", INTEGRITY, 0, "auto", "upload protection; auto: the store decides"),
    ("cap.requests", "int", 100, 1000000, 10000, "maximum requests per day; further photos wait"),
    ("cap.mb", "int", 10, 1000000, 5000, "maximum MB sent per day; further photos wait"),
    ("camera.resolution", "choice", RESOLUTIONS, 0, "1600x1200", "width x height of a photo"),
    ("camera.quality", "choice", ("high", "medium", "low"), 0, "high", "JPEG quality"),
)
_AFTER_PICTURE = (
    ("clock.servers", "texts", 1, 8, ("pool.ntp.org", "time.google.com"), "NTP servers"),
    ("clock.http_urls", "http", 0, 8, _HTTP_URLS, "web servers for the time if NTP is blocked"),
    ("wifi.hostname", "name", 1, 32, "megacam", "name of the board on the network"),
    ("wifi.power_save", "choice", ("none", "min", "max"), 0, "none", "power saving of the radio"),
    (
        "wifi.networks",
        "networks",
        0,
        8,
        (),
        "ssid, password, hidden, address of each; kept in NVS (secret)",
    ),
    ("aws.access_key_id", "secret", 0, 0, "", "put-only AWS key; kept in NVS (secret)"),
    ("aws.secret_access_key", "secret", 0, 0, "", "its secret; kept in NVS (secret)"),
    ("schedule.hours", "hours", 0, 8, ("00:00-24:00",), "local hours in which photos are taken"),
    ("schedule.weekdays", "weekdays", 1, 7, WEEKDAYS, "days on which photos are taken"),
    ("schedule.timezone", "timezone", 4, 64, "UTC0", "POSIX time zone of hours and weekdays"),
    ("schedule.daylight", "bool", 0, 1, False, "photos only from sunrise to sunset at location"),
    ("location.name", "text", 0, 64, "", "where the camera is, for the photos' metadata"),
    ("location.latitude", "degrees", -90, 90, 0, "degrees, north is positive"),
    ("location.longitude", "degrees", -180, 180, 0, "degrees, east is positive"),
    ("photo.exif", "bool", 0, 1, True, "time, place and camera inside each photo (EXIF)"),
    ("power.deep_sleep", "bool", 0, 1, False, "sleep between photos, for batteries"),
    ("power.battery_pin", "int", -1, 39, -1, "GPIO 32 to 39 that measures the battery; -1: none"),
    ("power.divider", "int", 1, 20, 2, "battery voltage divided by the voltage at the pin"),
    ("power.low_mv", "int", 0, 60000, 3300, "battery mV below which the board only sleeps"),
    ("led.pin", "int", -1, 39, -1, "GPIO of a status LED; -1: none"),
    ("led.inverted", "bool", 0, 1, False, "the LED is on while the GPIO is low"),
    ("sensor.function", "hook", 0, 64, "", "MODULE:FUNCTION; its result goes with each photo"),
    ("sensor.limit_ms", "int", 10, 10000, 500, "milliseconds that the function may take"),
    ("spool.limit_kb", "int", 64, 16384, 1024, "KB of the flash for waiting photos"),
    ("spool.first", "bool", 0, 1, False, "write every photo to the spool before it is sent"),
    ("spool.sd.enabled", "bool", 0, 1, False, "keep waiting photos on an SD card (FAT32) instead"),
    ("spool.sd.limit_mb", "int", 1, 4095, 1000, "MB of the card for waiting photos"),
    (
        "spool.sd.sck",
        "int",
        0,
        39,
        14,
        "GPIO of the card's SCK; the card uses the other SPI bus",
    ),
    ("spool.sd.mosi", "int", 0, 39, 13, "GPIO of the card's MOSI"),
    ("spool.sd.miso", "int", 0, 39, 27, "GPIO of the card's MISO"),
    ("spool.sd.cs", "int", 0, 39, 26, "GPIO of the card's chip select"),
    ("spi.id", "int", 1, 2, 2, "SPI bus of the camera"),
    ("spi.baudrate_hz", "int", 100000, 8000000, 8000000, "SPI clock"),
    ("spi.sck", "int", 0, 39, 18, "GPIO of SCK"),
    ("spi.mosi", "int", 0, 39, 23, "GPIO of MOSI"),
    ("spi.miso", "int", 0, 39, 19, "GPIO of MISO"),
    ("spi.cs", "int", 0, 39, 5, "GPIO of the camera's chip select"),
)
# Columns: name, kind, lowest value or choices, highest value, default, help.
SETTINGS = _BEFORE_PICTURE + schema_camera.PICTURE + schema_motion.MOTION + _AFTER_PICTURE
_BEFORE_PICTURE = _AFTER_PICTURE = None  # frees 700 bytes
SECRETS = ("wifi.networks", "aws.access_key_id", "aws.secret_access_key")

_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"
_HEX = "0123456789abcdefABCDEF"
_NETWORK = ("ssid", "password", "hidden", "address")
_PASSWORD = 'a passphrase of 8 to 63 bytes (WPA, not WEP), 64 hex digits or "" (open)'
_NETWORK_SHAPE = '{"ssid": ..., "password": ..., "hidden": true, "address": [...]}'


def _refuse(name, value, wanted):
    is_secret = name in SECRETS or name == "wifi.networks.password"
    shown = "secret" if is_secret else repr(value)
    raise ConfigError(f"config.json: {name} is {shown}; it must be {wanted}")


def _is_space(c):
    return (
        c <= " "
        or "\x7f" <= c <= "\xa0"
        or "\u2000" <= c <= "\u200f"
        or "\u2028" <= c <= "\u202f"
        or c in "\u2060\u3000\ufeff"
    )


def has_space(text):
    """Return whether `text` contains white space."""
    return any(_is_space(c) for c in text)


def strip(text):
    """Return `text` without white space at both ends."""
    # MicroPython's own strip() would strip single bytes of multi-byte characters.
    start, end = 0, len(text)
    while start < end and _is_space(text[start]):
        start += 1
    while end > start and _is_space(text[end - 1]):
        end -= 1
    return text[start:end]


def strip_wifi(text):
    """Return a Wi-Fi name or password without the characters that are never part of it."""
    return (text[1:] if text[:1] == "\ufeff" else text).rstrip("\r\n")


def _clean(value):
    """Return a value, or a list of values, with all texts stripped."""
    if isinstance(value, str):
        return strip(value)
    if isinstance(value, dict):  # a Wi-Fi network
        value = dict(value)
        for key in value:
            wifi_text = key in ("ssid", "password") and isinstance(value[key], str)
            value[key] = strip_wifi(value[key]) if wifi_text else _clean(value[key])
    elif isinstance(value, (list, tuple)):
        value = type(value)([_clean(one) for one in value])
    return value


def _n_bytes(text):
    try:
        return len(text.encode())
    except ValueError:
        return 999  # half a surrogate pair, which CPython's JSON accepts


def _is_identifier(text):
    return text and not text[0].isdigit() and all(c.isalpha() or c in "_0123456789" for c in text)


def _check_text(name, kind, low, high, value):
    if not isinstance(value, str) or not low <= len(value) <= high:
        _refuse(name, value, f"a string of {low} to {high} characters")
    if kind == "name":
        bad = [c for c in value if c not in _NAME]
        if bad or value[0] == "-" or value[-1] == "-":
            _refuse(name, value, "lower-case letters, digits and inner hyphens only")
    if name == "location.name":
        if any(c < " " for c in value):
            _refuse(name, value, "one line of text")
    elif has_space(value):
        _refuse(name, value, "a string without spaces")
    names = value.split(":")
    if kind == "hook" and value and (len(names) != 2 or not all(_is_identifier(n) for n in names)):
        _refuse(name, value, "MODULE:FUNCTION, for example bme280:read")


def _check_texts(name, kind, low, high, value):
    if not isinstance(value, (list, tuple)) or not low <= len(value) <= high:
        _refuse(name, value, f"a list of {low} to {high} strings")
    for item in value:
        _check_text(name, "text", 1, 128, item)
        if kind == "http" and not item.startswith("http://"):
            _refuse(name, item, "a list of http://HOST/PATH; https:// already needs the time")


def _check_networks(name, high, value):
    if not isinstance(value, (list, tuple)) or len(value) > high:
        _refuse(name, value, f"a list of at most {high} {_NETWORK_SHAPE}")
    for network in value:
        if not isinstance(network, dict) or any(key not in _NETWORK for key in network):
            _refuse(name, value, f"a list of {_NETWORK_SHAPE}")
        ssid, password = network.get("ssid"), network.get("password", "")
        # The empty network in config.example.json means none.
        low = 1 if password else 0
        if not isinstance(ssid, str) or not low <= _n_bytes(ssid) <= 32:
            _refuse(name + ".ssid", ssid, "a string of 1 to 32 bytes")
        if not _is_password(password):
            _refuse(name + ".password", password, _PASSWORD)
        if any(c < " " or c == "\x7f" for c in password):
            _refuse(name + ".password", password, "without control characters")
        if not isinstance(network.get("hidden", False), bool):
            _refuse(name + ".hidden", network["hidden"], "true or false")
        _check_address(name + ".address", network.get("address", ()))


def _is_password(value):
    """Return whether WPA accepts `value`: a passphrase or a key, see IEEE 802.11, annex J.4."""
    size = _n_bytes(value) if isinstance(value, str) else -1
    return size == 0 or 8 <= size <= 63 or (size == 64 and all(c in _HEX for c in value))


def _check_address(name, value):
    is_good = isinstance(value, (list, tuple)) and len(value) in (0, 4)
    for text in value if is_good else ():
        numbers = text.split(".") if isinstance(text, str) else []
        is_good &= len(numbers) == 4 and all(n.isdigit() and int(n) < 256 for n in numbers)
    if not is_good:
        _refuse(name, value, 'a list of address, mask, gateway and DNS server, each "1.2.3.4"')


def _check_schedule(name, kind, low, high, value):
    if kind == "weekdays":
        is_list = isinstance(value, (list, tuple)) and low <= len(value) <= high
        if not is_list or any(item not in WEEKDAYS for item in value):
            _refuse(name, value, "a list of any of " + ", ".join(WEEKDAYS))
    elif kind == "timezone":  # together.py knows more of it, and of the hours
        _check_text(name, "text", low, high, value)
    else:
        _check_texts(name, "texts", low, high, value)


def _is_whole(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _check(name, kind, low, high, value):
    if kind == "int":
        if not _is_whole(value, low, high):
            _refuse(name, value, f"a whole number from {low} to {high}")
    elif kind == "bool":
        if not isinstance(value, bool):
            _refuse(name, value, "true or false")
    elif kind == "optional":
        if value is not None and not isinstance(value, bool):
            _refuse(name, value, "true or false, or null to let s3.endpoint decide")
    elif kind == "auto":
        if value != "auto" and not _is_whole(value, low, high):
            _refuse(name, value, f'"auto" or a whole number from {low} to {high}')
    elif kind == "choice":
        if not any(value == word and type(value) is type(word) for word in low):
            _refuse(name, value, "one of " + ", ".join([str(word) for word in low]))
    elif kind in ("url", "bucket", "region"):
        from firmware.settings import schema_place

        wanted = schema_place.wanted(kind, low, high, value)
        if wanted:
            _refuse(name, *wanted)
    elif kind in ("texts", "http"):
        _check_texts(name, kind, low, high, value)
    elif kind in ("hours", "weekdays", "timezone"):
        _check_schedule(name, kind, low, high, value)
    elif kind == "mask":
        from firmware.settings import motion_rules

        if not motion_rules.is_mask(value):
            _refuse(name, value, 'a list of 24 words of 24 marks, "." or "x", or empty')
    elif kind == "degrees":
        if (
            not isinstance(value, (int, float))
            or isinstance(value, bool)
            or not low <= value <= high
        ):
            _refuse(name, value, f"a number of degrees from {low} to {high}")
    elif kind == "networks":
        _check_networks(name, high, value)
    elif kind == "secret":
        # The length differs from store to store.
        if not isinstance(value, str) or not all("!" <= c <= "~" for c in value):
            _refuse(name, value, "printable ASCII without spaces")
    elif value != "" or name == "device":
        _check_text(name, kind, low, high, value)


def _flatten(raw, section, flat):
    """Move the settings of `raw` to `flat`, so that they are in memory only once."""
    for key in list(raw):
        name = section + key
        value = raw.pop(key)
        if not any(row[0].startswith(name + ".") for row in SETTINGS):
            if not any(row[0] == name for row in SETTINGS):
                from firmware.settings import unknown

                unknown.refuse(name, [row[0] for row in SETTINGS])
            flat[name] = value
        elif not isinstance(value, dict):
            raise ConfigError(f"config.json: {name} must be an object, {{ ... }}")
        else:
            _flatten(value, name + ".", flat)


def value_of(name, value):
    """Return the normalized `value` of setting `name`; raises ConfigError if it is wrong."""
    kind, low, high = next(row[1:4] for row in SETTINGS if row[0] == name)
    value = _clean(value)
    _check(name, kind, low, high, value)
    if kind == "url" and value:
        from firmware.settings import schema_place

        return schema_place.normal(value)
    return value


def check(raw):
    """Return (settings, secrets), both {"section.name": value}, with every default filled in.

    Raises ConfigError with one sentence for the first error. `raw` is empty afterwards. A board
    does both parts itself, because together they do not fit into its memory.
    """
    settings, secrets = values(raw)
    from firmware.settings import together

    together.check(settings, secrets)
    return settings, secrets


def values(raw):
    """Return what check() returns, before together.py has checked it; raises ConfigError.

    Picture settings (schema_camera.py) at their default are left out: the camera has them anyway.
    `raw` is the parsed config.json; it is empty afterwards, which frees memory that a board needs.
    `secrets` holds only the given ones; `settings` holds no secret.
    """
    if not isinstance(raw, dict):
        raise ConfigError("config.json: the top level must be an object, { ... }")
    settings, secrets = {}, {}
    _flatten(raw, "", settings)
    for row in SETTINGS:
        name, default = row[0], row[4]
        value = value_of(name, settings.pop(name, default))
        if name not in SECRETS:
            if value != default or row not in schema_camera.PICTURE:
                settings[name] = value
        elif value:
            secrets[name] = value
    return settings, secrets
