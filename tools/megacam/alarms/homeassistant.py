"""What Home Assistant is told by MQTT discovery: one device with its entities a camera. Pure.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import re
import zlib
from typing import Any

from megacam.alarms.look import Look

# Where Home Assistant looks for new devices, and where it says that it has started.
PREFIX = "homeassistant"
BIRTH_TOPIC = f"{PREFIX}/status"
ONLINE, OFFLINE = "online", "offline"


# {entity: (its name, its value in the state, what Home Assistant knows about such a value)}
_SENSORS = {
    "age": ("Age of the photo", "age_s", {"device_class": "duration", "unit_of_measurement": "s"}),
    "backlog": ("Backlog", "backlog", {"unit_of_measurement": "photos"}),
    "signal": (
        "Signal",
        "signal_dbm",
        {
            "device_class": "signal_strength",
            "unit_of_measurement": "dBm",
            "entity_category": "diagnostic",
        },
    ),
    "battery": (
        "Battery",
        "battery_mv",
        {
            "device_class": "voltage",
            "unit_of_measurement": "mV",
            "entity_category": "diagnostic",
        },
    ),
}


class Topics:
    """The MQTT topics of the cameras of one bucket."""

    def __init__(self, bucket: str):
        self._bucket = _word(bucket)
        #: Whether a watcher that stays is there: its last will says that it is not.
        self.availability = f"megacam/{self._bucket}/availability"

    def identity(self, device: str) -> str:
        """Return a name for Home Assistant that no other camera has."""
        return f"megacam_{self._bucket}_{_word(device)}"

    def discovery(self, device: str) -> str:
        """Return where the entities of a camera are described."""
        return f"{PREFIX}/device/{self.identity(device)}/config"

    def state(self, device: str) -> str:
        """Return where the values of a camera are, as JSON."""
        return f"megacam/{self._bucket}/{_word(device)}/state"

    def image(self, device: str) -> str:
        """Return where the link to its newest photo is."""
        return f"megacam/{self._bucket}/{_word(device)}/image"


def discovery(topics: Topics, found: Look, version: str, expire_s: int) -> dict[str, Any]:
    """Return the description of a camera; `version` is megacam's.

    Entities are unavailable after `expire_s` seconds without a new value; an image never is.
    """
    device = found.seen.device
    name = topics.identity(device)
    return {
        "device": {
            "identifiers": [name],
            "name": device,
            "manufacturer": "megacam",
            "model": "ESP32 with Arducam Mega",
            **({"sw_version": found.seen.version} if found.seen.version else {}),
        },
        "origin": {"name": "megacam", "sw_version": version},
        "availability_topic": topics.availability,
        "components": {
            key: {"unique_id": f"{name}_{key}", **entity}
            for key, entity in _entities(topics, found, expire_s).items()
        },
    }


def values(found: Look, now: int) -> dict[str, Any]:
    """Return the values of a camera at `now`, UTC seconds since 1970; unknown ones are None."""
    seen = found.seen
    return {
        "age_s": max(0, now - seen.photo_time) if seen.photo_time is not None else None,
        "backlog": seen.waiting,
        "signal_dbm": seen.rssi_dbm,
        "battery_mv": seen.battery_mv,
        "problem": "ON" if found.problems else "OFF",
        "attributes": {"problems": list(found.problems.values())},
    }


def _entities(topics: Topics, found: Look, expire_s: int) -> dict[str, dict[str, Any]]:
    state = topics.state(found.seen.device)

    def valued(name: str, value: str, platform: str, about: dict[str, Any]) -> dict[str, Any]:
        return {
            "platform": platform,
            "name": name,
            "state_topic": state,
            "value_template": f"{{{{ value_json.{value} }}}}",
            "expire_after": expire_s,
            **about,
        }

    problem = {
        "device_class": "problem",
        "json_attributes_topic": state,
        "json_attributes_template": "{{ value_json.attributes | tojson }}",
    }
    sensors = {
        key: valued(name, value, "sensor", {**about, "state_class": "measurement"})
        for key, (name, value, about) in _SENSORS.items()
        if key != "battery" or found.seen.battery_mv is not None
    }
    return {
        "photo": {
            "platform": "image",
            "name": "Photo",
            "url_topic": topics.image(found.seen.device),
        },
        "problem": valued("Problem", "problem", "binary_sensor", problem),
        **sensors,
    }


def _word(name: str) -> str:
    """Return `name` with no character but those of a discovery topic, unlike any other name."""
    word = re.sub(r"[^A-Za-z0-9_-]", "_", name, flags=re.ASCII)
    return word if word == name else f"{word}_{zlib.crc32(name.encode()):08x}"
