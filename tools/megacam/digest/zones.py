"""The time zone of a camera's days, from the words of its settings."""

import re
from datetime import timezone, tzinfo

from dateutil import tz

from megacam.errors import MegacamError

# POSIX TZ: a name, then hours west of UTC; see docs/settings.md, schedule.timezone.
_POSIX = re.compile(r"(?:<[A-Za-z0-9+-]{1,16}>|[A-Za-z]{3,})[+-]?\d")
_QUOTED = re.compile(r"<[^>]*>")


def zone_of(words: str) -> tzinfo:
    """Return the zone of a POSIX string ("CET-1CEST,M3.5.0,M10.5.0/3") or name (Europe/Berlin).

    "" is UTC. Raises MegacamError.
    """
    if not words or words in ("UTC", "UTC0"):
        return timezone.utc
    found = None
    if _POSIX.match(words):
        try:
            # dateutil knows no quoted names; the names do not matter.
            found = tz.tzstr(_QUOTED.sub("XXX", words), posix_offset=True)
        except ValueError:
            found = None
    found = found or tz.gettz(words)
    if found is None:
        raise MegacamError(f"no time zone {words!r}: write it as Europe/Berlin or UTC")
    return found
