"""What Home Assistant's own code says about MQTT discovery messages.

    python -m alarms.homeassistant_schema < messages.json

It needs Home Assistant in PYTHONPATH (`make .venv/homeassistant`), so it is a process of its own.
From [[topic, message], ...] it makes [[what Home Assistant refuses or ignores, ...], ...].

Descriptions of whole devices are newer than the last Home Assistant for Python 3.11. So each
entity is checked as newer ones do it, with what the device shares, and the frame around them by
what their DEVICE_DISCOVERY_SCHEMA says.
"""

import importlib
import json
import sys

import voluptuous
from homeassistant.components.mqtt import discovery
from homeassistant.components.sensor import const

# homeassistant/components/mqtt/schemas.py of 2025.4: DEVICE_DISCOVERY_SCHEMA, SHARED_OPTIONS
_REQUIRED = {"device", "origin", "components"}
_SHARED = {"device", "origin", "availability_topic", "state_topic", "encoding", "qos"}


def faults(topic, said):
    """Return what Home Assistant would refuse or ignore, as sentences."""
    found = _topic_faults(topic) + _frame_faults(said)
    shared = {name: value for name, value in said.items() if name in _SHARED}
    for key, entity in said.get("components", {}).items():
        found += [f"{key}: {fault}" for fault in _entity_faults({**shared, **entity})]
    return found


def _topic_faults(topic):
    match = discovery.TOPIC_MATCHER.match(topic.removeprefix("homeassistant/"))
    return [] if match and match["component"] == "device" else [f"illegal topic {topic}"]


def _frame_faults(said):
    lacks, more = _REQUIRED - set(said), set(said) - _REQUIRED - _SHARED
    return [f"required key not provided @ data['{name}']" for name in lacks] + [
        f"extra keys not allowed @ data['{name}']" for name in more
    ]


def _entity_faults(entity):
    platform = importlib.import_module(f"homeassistant.components.mqtt.{entity['platform']}")
    found = _refusals(platform.DISCOVERY_SCHEMA, entity)
    if found:
        return found
    kept = platform.DISCOVERY_SCHEMA(entity)
    found = [f"ignores {name}" for name in entity if name not in kept and name != "platform"]
    found += [] if entity.get("unique_id") else ["has no unique_id"]
    return found + (_class_faults(kept) if entity["platform"] == "sensor" else [])


def _class_faults(kept):
    """Return what a sensor's entity complains of later, by Home Assistant's own tables."""
    kind = kept.get("device_class")
    tables = {
        "unit_of_measurement": const.DEVICE_CLASS_UNITS,
        "state_class": const.DEVICE_CLASS_STATE_CLASSES,
    }
    return [
        f"{kind} with {name} {kept.get(name)}"
        for name, table in tables.items()
        if kind in table and kept.get(name) not in table[kind]
    ]


def _refusals(schema, said):
    try:
        schema(said)
    except voluptuous.MultipleInvalid as refused:
        return [str(error) for error in refused.errors]
    except voluptuous.Invalid as refused:
        return [str(refused)]
    return []


if __name__ == "__main__":
    json.dump([faults(*one) for one in json.load(sys.stdin)], sys.stdout)
