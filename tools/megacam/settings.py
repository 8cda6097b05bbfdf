"""Read config.json on the host, check it with the firmware's schema and split off its secrets."""

import contextlib
import copy
import importlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from megacam import device_code, timezones
from megacam.errors import MegacamError

_DAY_S = 86400
_DAYS = 400  # with all weekdays, time zones and seasons in them


class SettingsError(MegacamError):
    """config.json cannot be used; the message names the setting, its value and the remedy."""


class Settings(dict[str, Any]):
    """config.json as parsed; `source` is the file's name, for messages."""

    source = "config.json"


def schema() -> Any:
    """Return the firmware's module `firmware.settings.schema`, which also runs on the host."""
    return device_code.load("firmware.settings.schema")


def where() -> Any:
    """Return the board's module `s3.endpoint`, which finds the host and path of a bucket."""
    return device_code.load("s3.endpoint")


def shape() -> Any:
    """Return the board's module `s3.name_rules`: the syntax of endpoints, regions and buckets."""
    return device_code.load("s3.name_rules")


def is_aws(endpoint: str) -> bool:
    """Return whether a normalized endpoint is one of Amazon's."""
    return where().is_aws(where().parts(endpoint)[1])


def firmware_version() -> str:
    """Return the version that the board, the tools and the user agent report."""
    schema()
    return importlib.import_module("firmware").__version__


def read(path: Path) -> Settings:
    """Return config.json as parsed, with or without a byte order mark; raises SettingsError."""
    try:
        data = path.read_bytes()
        if b"\0" in data[:4]:  # JSON begins with ASCII, so this is no UTF-8
            raise SettingsError(f"{path} is in UTF-16 or UTF-32; save it as UTF-8")
        raw = json.loads(data.decode("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} is missing; run `megacam setup`, or copy config.example.json to it"
        ) from None
    except OSError as e:
        raise SettingsError(f"cannot read {path}: {e.strerror}") from None
    except (ValueError, UnicodeDecodeError) as e:
        raise SettingsError(f"{path} is not valid JSON: {e}") from None
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} must be an object, {{...}}; see config.example.json")
    found = Settings(raw)
    found.source = str(path)
    return found


def check(raw: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return (config.json for the board, secrets {"section.name": value}); raises SettingsError.

    The board's file has every setting and no secret, so boot.py does not need to check it.
    """
    table = schema()
    try:
        with _explained({}, source(raw)):
            settings, secrets = table.check(_copy(raw))
            _check_due(settings)
    except SettingsError as e:
        raise SettingsError(timezones.explained(str(e), raw)) from None
    ordered = {row[0]: settings[row[0]] for row in table.SETTINGS if row[0] in settings}
    board = {**_together().nest(ordered), "checked": firmware_version()}
    return json.dumps(board).encode(), secrets


def _check_due(settings: Mapping[str, Any]) -> None:
    """Refuse a schedule in which no photo is ever due: nothing could show that the camera works.

    Only here, because a board has no memory for it.
    """
    is_due, longest_s = _due(settings)
    if is_due:
        return
    interval_s, hours = settings["interval_s"], settings["schedule.hours"]
    if not hours:
        text = "give hours, for example 08:00-18:00"
    elif not longest_s:
        text = "the sun does not rise in them; give others"
    else:
        text = (
            "one is due at each multiple of interval_s since 1970 (UTC); "
            f"an interval_s of at most {longest_s} fits"
        )
    raise importlib.import_module("firmware.errors").ConfigError(
        f"config.json: no photo is ever due with interval_s {interval_s} and schedule.hours "
        f"{hours}: {text}"
    )


def _due(settings: Mapping[str, Any]) -> tuple[bool, int]:
    """Return whether a photo is ever due, by the board's own plan, and the longest window in s."""
    plan = importlib.import_module("firmware.shot.day_plan").plan
    next_shot = importlib.import_module("firmware.shot.schedule").next_shot
    nested = _together().nest(settings)
    # A camera that sleeps takes a photo by its trigger at any time inside a window.
    is_any_time = settings["power.deep_sleep"] and settings.get("trigger.pin", -1) >= 0
    interval_s = 1 if is_any_time else settings["interval_s"]
    longest_s, now = 0, int(time.time())
    end = now + _DAYS * _DAY_S
    while now < end:
        windows, until = plan(now, nested["schedule"], nested["location"])
        longest_s = max([longest_s, *(last - first for first, last in windows)])
        if next_shot(now - 1, interval_s, windows) is not None:
            return True, longest_s
        now = until
    return False, longest_s


def _together() -> Any:
    schema()
    return importlib.import_module("firmware.settings.together")


def _copy(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema's check() may empty."""
    return copy.deepcopy({name: value for name, value in raw.items() if name != "checked"})


def source(raw: Mapping[str, Any]) -> str:
    """Return the name of the file that `raw` was read from."""
    return raw.source if isinstance(raw, Settings) else Settings.source


def doubts(raw: dict[str, Any]) -> list[str]:
    """Return a sentence for each risky pin in `raw`, a config.json that check() accepts."""
    settings, _ = schema().check(_copy(raw))
    return importlib.import_module("firmware.settings.schema_pins").doubts(settings)


def value(name: str, given: Any, called: Mapping[str, str]) -> Any:
    """Return the value of one setting as it is stored, without spaces around it.

    `called` is {name of a setting: the name that the user knows}. Raises SettingsError.
    """
    with _explained(called):
        found = schema().value_of(name, given)
        _together().check_schedule({name: found})
        return found


@contextlib.contextmanager
def _explained(called: Mapping[str, str], file: str = Settings.source) -> Iterator[None]:
    schema()
    errors = importlib.import_module("firmware.errors")
    try:
        yield
    except errors.ConfigError as e:
        text = str(e)
        for name, known in called.items():
            text = text.replace(f"config.json: {name} is ", f"{known} is ")
        text = re.sub("^config.json: ", lambda _: f"{file}: ", text)
        raise SettingsError(text) from None


def default(name: str) -> Any:
    """Return the default of one setting."""
    return next(row[4] for row in schema().SETTINGS if row[0] == name)


def example() -> str:
    """Return the text of config.example.json: every setting with its default."""
    table = schema()
    flat = {row[0]: row[4] for row in table.SETTINGS}
    flat["s3.bucket"] = "my-photos"
    flat["wifi.networks"] = [{"ssid": "", "password": ""}]
    return json.dumps(_together().nest(flat), indent=4) + "\n"


def table_markdown() -> str:
    """Return the table of docs/settings.md."""
    lines = ["| setting | default | range | meaning |", "|---|---|---|---|"]
    for name, kind, low, high, default, text in schema().SETTINGS:
        shown = json.dumps(default)
        lines.append(f"| `{name}` | `{shown}` | {_range(kind, low, high)} | {text} |")
    return "\n".join(lines) + "\n"


def _range(kind: str, low: Any, high: Any) -> str:
    words = {
        "bool": "true, false",
        "optional": "true, false, null",
        "url": "https://HOST[:PORT]",
        "region": "for example eu-central-1",
        "networks": f"at most {high}",
        "http": f"{low} to {high} of http://HOST/PATH",
        "hook": "MODULE:FUNCTION",
        "hours": f"{low} to {high} of HH:MM-HH:MM",
        "weekdays": "mon tue wed thu fri sat sun",
        "timezone": "for example CET-1CEST,M3.5.0,M10.5.0/3",
        "degrees": f"{low} to {high}",
        "texts": f"{low} to {high} names or addresses",
        "secret": "printable ASCII without spaces",
        "name": f"a-z 0-9 -, at most {high}",
        "mask": "24 words of . and x",
        "bucket": f"a-z 0-9 - ., {low} to {high}",
    }
    if kind == "choice":
        return ", ".join(map(str, low))
    if kind == "auto":
        return f"auto, {low} to {high}"
    return words.get(kind) or f"{low} to {high}" + ("" if kind == "int" else " characters")
