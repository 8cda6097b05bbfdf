"""alarms.json: where alarms go, and when it is quiet. It holds secrets, so only you may read it.

    settings = read(Path("alarms.json"))  # or parse(os.environ["MEGACAM_ALARMS"])

docs/alarms.md explains each entry.
"""

import contextlib
import dataclasses
import datetime
import difflib
import json
import os
import re
import stat
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dateutil.zoneinfo

from megacam import address
from megacam.alarms import senders
from megacam.alarms.outbox import Quiet
from megacam.alarms.senders import Sender
from megacam.errors import MegacamError

#: The environment variable that can hold the text of the file instead.
VARIABLE = "MEGACAM_ALARMS"
_SENDERS: dict[str, tuple[str, ...]] = {
    "ntfy": ("url", "token"),
    "telegram": ("chat", "token", "server"),
    "webhook": ("url", "token"),
    "sns": ("topic",),
    "mqtt": ("server", "user", "password"),
}
_OPTIONAL = {
    "ntfy": ("token",),
    "webhook": ("token",),
    "telegram": ("server",),
    "mqtt": _SENDERS["mqtt"],
}
_PLAIN = ("quiet", "timezone", "link_hours")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Presigned URLs last at most 7 days.
_LINK_HOURS, _MOST_LINK_HOURS = 24, 168
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+", re.ASCII)


class AlarmsError(MegacamError):
    """alarms.json cannot be used; the message names the entry and the remedy, but no secret."""


@dataclasses.dataclass(frozen=True)
class Broker:
    """An MQTT broker; `server` is mqtt://HOST[:PORT] or, with TLS, mqtts://HOST[:PORT]."""

    server: str
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What alarms.json says; without one there are no senders, and it is never quiet."""

    chosen: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict, repr=False)
    quiet: Quiet | None = None
    link_hours: float = _LINK_HOURS

    @property
    def broker(self) -> Broker | None:
        """The MQTT broker for Home Assistant, if there is one."""
        found = self.chosen.get("mqtt", {})
        return broker(**found) if found.get("server") else None

    def senders(self, sns: Callable[[str], Any]) -> list[Sender]:
        """Return the senders; `sns` is for senders.Sns."""
        made: dict[str, Callable[..., Sender]] = {
            "ntfy": senders.Ntfy,
            "telegram": senders.Telegram,
            "webhook": senders.Webhook,
            "sns": lambda topic: senders.Sns(topic, sns),
        }
        return [made[name](**entry) for name, entry in self.chosen.items() if name in made]


def read(path: Path) -> Settings:
    """Return the settings of a file, which only its owner may read; raises AlarmsError."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AlarmsError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise AlarmsError(f"{path} is not in UTF-8; save it as UTF-8") from None
    if os.name == "posix" and mode & _OTHERS:
        raise AlarmsError(
            f"others may read {path}, which holds secrets; run `chmod 600 {path}`, and make a new "
            "token if somebody may have read it"
        )
    return parse(text, str(path))


def parse(text: str, source: str = VARIABLE) -> Settings:
    """Return the settings of a JSON text; raises AlarmsError, which never shows a value."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise AlarmsError(
            f"{source} is not valid JSON{where}; docs/alarms.md has an example"
        ) from None
    if not isinstance(raw, dict):
        raise AlarmsError(f"{source} must be an object, {{...}}; docs/alarms.md has an example")
    _known(source, raw, (*_SENDERS, *_PLAIN))
    chosen = {name: _entry(source, name, raw[name]) for name in _SENDERS if name in raw}
    return Settings(chosen, _quiet(source, raw), _link_hours(source, raw))


def broker(server: str, user: str = "", password: str = "") -> Broker:
    """Return the broker of HOST, HOST:PORT or a URL; raises AlarmsError."""
    url = server if "://" in server else f"mqtt://{server}"
    try:
        parts = address.split(url)
    except ValueError:
        parts = None
    is_right = parts and parts.scheme in ("mqtt", "mqtts") and not parts.path.strip("/")
    if not parts or not is_right or "@" in parts.netloc:
        raise AlarmsError(
            "the MQTT server must be HOST, HOST:PORT, mqtt://HOST or, with TLS, mqtts://HOST; "
            "user and password belong into alarms.json"
        )
    return Broker(url, user, password)


def _entry(source: str, name: str, raw: Any) -> dict[str, str]:
    if not isinstance(raw, dict):
        example = ", ".join(f'"{one}": "..."' for one in _SENDERS[name])
        raise AlarmsError(f"{source}: {name} must be an object such as {{{example}}}")
    _known(f"{source}: {name}", raw, _SENDERS[name])
    found: dict[str, str] = {}
    for key in _SENDERS[name]:
        value = raw.get(key, "")
        value = str(value) if key == "chat" and type(value) is int else value
        if not isinstance(value, str) or not (value or key in _OPTIONAL.get(name, ())):
            raise AlarmsError(f"{source}: {name}.{key} must be a text")
        # A line break would end an HTTP header.
        if not value.isprintable() or (name != "mqtt" and " " in value):
            raise AlarmsError(f"{source}: {name}.{key} must have no spaces or control characters")
        if value:
            found[key] = value
    _check(source, name, found)
    return found


def _check(source: str, name: str, found: dict[str, str]) -> None:
    for key in ("url", "server"):
        if name != "mqtt" and key in found:
            _check_url(f"{source}: {name}.{key}", found[key], name == "ntfy")
    if name == "sns" and not _ARN.fullmatch(found["topic"]):
        raise AlarmsError(
            f"{source}: sns.topic must be like arn:aws:sns:eu-central-1:123456789012:alarms"
        )
    if name == "mqtt" and found.get("server"):
        broker(found["server"])


def _check_url(what: str, url: str, needs_topic: bool) -> None:
    try:
        parts = address.split(url)
    except ValueError:
        parts = None
    if not parts or not (parts.scheme == "https" or parts.hostname in _LOOPBACK):
        raise AlarmsError(
            f"{what} must begin with https://HOST or https://HOST:PORT, because it carries links "
            "to photos"
        )
    if needs_topic and not parts.path.strip("/"):
        raise AlarmsError(f"{what} must end with the topic, like https://ntfy.sh/TOPIC")


def _known(what: str, raw: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in raw:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"it can have {', '.join(names)}"
            raise AlarmsError(f"{what} has the unknown entry {name[:40]!r}; {hint}")


def _quiet(source: str, raw: dict[str, Any]) -> Quiet | None:
    text, name = raw.get("quiet", ""), raw.get("timezone", "")
    zone = None
    if name:
        zone = _zone(source, name)
    if not text:
        return None
    found = re.fullmatch(
        r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", text if isinstance(text, str) else ""
    )
    if found:
        start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
        if max(start, end) <= 1440 and start != end:
            return Quiet(start % 1440, end % 1440, zone)
    raise AlarmsError(f"{source}: quiet is {text!r}; it must be like 22:00-07:00")


def _zone(source: str, name: Any) -> datetime.tzinfo:
    with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return zoneinfo.ZoneInfo(name)
    # A Lambda may have no time zones of its own; dateutil brings some.
    found = dateutil.zoneinfo.get_zonefile_instance().zones.get(str(name))
    if found is None:
        raise AlarmsError(
            f"{source}: timezone is {name!r}; it must be a name such as Europe/Berlin"
        )
    return found


def _link_hours(source: str, raw: dict[str, Any]) -> float:
    value = raw.get("link_hours", _LINK_HOURS)
    if type(value) not in (int, float) or not 0 < value <= _MOST_LINK_HOURS:
        raise AlarmsError(
            f"{source}: link_hours is {value!r}; it must be up to {_MOST_LINK_HOURS}"
        )
    return value
