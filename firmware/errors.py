"""The errors of the application that are met before the capture loop or seldom in it.

Apart from the modules that raise them, because those do not stay loaded; neither does this one.
"""


class ConfigError(Exception):
    """A setting is wrong; the message names it, its value and what would be right."""


class CredentialsError(Exception):
    """An entry in NVS is missing or damaged; the message names it and says how to provision it."""


class WiFiError(Exception):
    """No network could be joined; the message says which, why, and what to change.

    `seen` tells of the neighbours' networks, for who is at the desk: the message goes into the
    health report, which leaves the house.
    """

    seen = ""


class SpoolError(Exception):
    """A photo cannot be kept or read; the message says which and why. The spool works on.

    `errno` is that of the OSError behind it, else 0: then the photo is at fault, not the place.
    """

    errno = 0


class ClockError(Exception):
    """No time server gave a usable time; the message says which and why."""
