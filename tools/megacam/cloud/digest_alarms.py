"""The alarms of the digest's function: an alarms.json that will do in the cloud."""

import json

from megacam.alarms import settings
from megacam.errors import MegacamError

# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
_LIMIT_BYTES = 4096


def checked(text: str) -> tuple[str, str]:
    """Return (an alarms.json without spaces, the ARN of its SNS topic or "").

    Raises MegacamError if it would not do in the cloud.
    """
    found = settings.parse(text, "alarms.json")
    if not found.senders(lambda region: None):
        raise MegacamError("alarms.json names nobody to whom a function can send")
    raw = json.loads(text)
    if found.quiet and not raw.get("timezone"):
        raise MegacamError(
            "alarms.json needs a timezone for its quiet hours: a function's clock is in UTC"
        )
    made = json.dumps(raw, separators=(",", ":"), ensure_ascii=False)
    if len(made.encode()) > _LIMIT_BYTES:
        raise MegacamError(f"alarms.json is over {_LIMIT_BYTES} bytes, which SSM does not take")
    return made, found.chosen.get("sns", {}).get("topic", "")
