"""What Home Assistant accepts as a device's MQTT discovery message, as a table.

From home-assistant/core, homeassistant/components/mqtt: schemas.py (DEVICE_DISCOVERY_SCHEMA,
MQTT_ENTITY_DEVICE_INFO_SCHEMA, MQTT_ORIGIN_INFO_SCHEMA, MQTT_ENTITY_COMMON_SCHEMA), image.py,
sensor.py, binary_sensor.py and discovery.py (TOPIC_MATCHER); units of device classes from
components/sensor/const.py (DEVICE_CLASS_UNITS). And the pages image.mqtt, sensor.mqtt,
binary_sensor.mqtt and mqtt of www.home-assistant.io/integrations.
"""

import re

TOPIC = re.compile(r"homeassistant/device/(?:[a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config")
AVAILABILITY = {"availability_topic", "payload_available", "payload_not_available",
                "availability_template", "availability", "availability_mode"}  # fmt: skip
REQUIRED = {"device", "origin", "components"}
OPTIONAL = AVAILABILITY | {"state_topic", "command_topic", "qos", "encoding"}
DEVICE = {"identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version",
          "serial_number", "sw_version", "via_device", "suggested_area",
          "configuration_url"}  # fmt: skip
ORIGIN = {"name", "sw_version", "support_url"}
COMMON = AVAILABILITY | {
    *(
        "platform",
        "unique_id",
        "name",
        "device",
        "origin",
        "enabled_by_default",
        "encoding",
        "qos",
    ),
    *("entity_category", "icon", "json_attributes_topic", "json_attributes_template", "object_id"),
}
VALUES = {"state_topic", "value_template", "device_class", "expire_after", "force_update"}
#: Entries of each platform, those that it must have, and its device classes with their units.
PLATFORMS = {
    "image": (
        {"content_type", "url_topic", "image_topic", "image_encoding", "url_template"}, set(), {},
    ),
    "sensor": (
        VALUES | {"state_class", "unit_of_measurement", "suggested_display_precision",
                  "last_reset_value_template", "options"},
        {"state_topic"},
        {"duration": {"d", "h", "min", "s", "ms"}, "signal_strength": {"dB", "dBm"},
         "voltage": {"V", "mV"}},
    ),
    "binary_sensor": (
        VALUES | {"off_delay", "payload_on", "payload_off"},
        {"state_topic"},
        {"problem": {None}, "battery": {None}},
    ),
}  # fmt: skip
ENTITY_CATEGORIES = {None, "config", "diagnostic"}


def faults(topic, said):
    """Return what Home Assistant would refuse or ignore, as sentences."""
    found = [] if TOPIC.fullmatch(topic) else [f"illegal discovery topic {topic}"]
    found += [f"lacks {name}" for name in REQUIRED - set(said)]
    found += [f"unknown {name}" for name in set(said) - REQUIRED - OPTIONAL]
    device, origin = said.get("device", {}), said.get("origin", {})
    found += [f"unknown device.{name}" for name in set(device) - DEVICE]
    found += [f"unknown origin.{name}" for name in set(origin) - ORIGIN]
    found += [] if device.get("identifiers") or device.get("connections") else ["no identifier"]
    found += [] if isinstance(origin.get("name"), str) else ["origin has no name"]
    for key, entity in said.get("components", {}).items():
        found += [f"{key}: {fault}" for fault in _entity_faults(entity)]
    identities = [entity.get("unique_id") for entity in said.get("components", {}).values()]
    return found + (["an identity is not unique"] if len({*identities}) < len(identities) else [])


def _entity_faults(entity):
    if entity.get("platform") not in PLATFORMS:
        return [f"platform {entity.get('platform')}"]
    allowed, required, classes = PLATFORMS[entity["platform"]]
    found = [f"unknown {name}" for name in set(entity) - allowed - COMMON]
    found += [f"lacks {name}" for name in ({"unique_id"} | required) - set(entity)]
    if entity["platform"] == "image":
        topics = {"url_topic", "image_topic"} & set(entity)
        found += [] if len(topics) == 1 else ["exactly one of url_topic and image_topic"]
        if "content_type" in entity and "url_topic" in entity:
            found.append("content_type with url_topic")
    kind = entity.get("device_class")
    if kind is not None and entity.get("unit_of_measurement") not in classes.get(kind, ()):
        found.append(f"{kind} in {entity.get('unit_of_measurement')}")
    if entity.get("entity_category") not in ENTITY_CATEGORIES:
        found.append("entity_category")
    if type(entity.get("expire_after", 1)) is not int or entity.get("expire_after", 1) < 0:
        found.append("expire_after")
    for name, value in entity.items():
        is_topic = name.endswith("_topic")
        if is_topic and (not value or set(value) & set("+#\0") or len(value) > 65_535):
            found.append(f"{name} {value!r}")
    return found
