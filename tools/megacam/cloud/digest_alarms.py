"""The alarms of the digest's function: an alarms.json that will do in the cloud."""

import ipaddress
import json
import urllib.parse

from megacam.alarms import settings
from megacam.errors import MegacamError

# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
_LIMIT_BYTES = 4096
# Names that only the network at home knows.
_AT_HOME = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain")


def checked(text: str) -> tuple[str, str]:
    """Return (an alarms.json without spaces, the ARN of its SNS topic or "").

    Raises MegacamError if it would not do in the cloud.
    """
    found = settings.parse(text, "alarms.json")
    raw = json.loads(text)
    if found.broker:
        _check_broker(found.broker.server)
    else:
        raw.pop("mqtt", None)  # a password that nobody needs there
    if not found.broker and not found.senders(lambda region: None):
        raise MegacamError("alarms.json names nobody to whom a function can send")
    if found.quiet and not raw.get("timezone"):
        raise MegacamError(
            "alarms.json needs a timezone for its quiet hours: a function's clock is in UTC"
        )
    made = json.dumps(raw, separators=(",", ":"), ensure_ascii=False)
    if len(made.encode()) > _LIMIT_BYTES:
        raise MegacamError(f"alarms.json is over {_LIMIT_BYTES} bytes, which SSM does not take")
    return made, found.chosen.get("sns", {}).get("topic", "")


def _check_broker(server: str) -> None:
    """Raise MegacamError unless a function can reach the broker, and safely: by the internet."""
    parts = urllib.parse.urlsplit(server)
    host = parts.hostname or ""
    try:
        is_public = ipaddress.ip_address(host).is_global
    except ValueError:
        is_public = "." in host and not host.endswith(_AT_HOME)
    if not is_public:
        raise MegacamError(
            f"a function in AWS cannot reach the MQTT broker {host} in your own network: leave "
            "mqtt out of this file, and run `megacam digest --mqtt` or `megacam watch` at home"
        )
    if parts.scheme != "mqtts":
        raise MegacamError(
            f"mqtt.server must be mqtts://{host}: password and links would cross the internet "
            "unencrypted"
        )
