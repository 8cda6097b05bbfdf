"""The errors of the application.

They stay in memory, unlike most modules that raise them: a class that is loaded twice is two
classes. Each takes 430 bytes, so there are few.
"""


class ConfigError(Exception):
    """A setting is wrong; the message names it, its value and what would be right."""


class CredentialsError(Exception):
    """An entry in NVS is missing or damaged; the message names it and says how to provision it."""


class NetworkError(Exception):
    """No network, or no time server that can be used; the message says why, and what to change.

    `seen` tells of the neighbours' networks, for who is at the desk: the message goes into the
    health report, which leaves the house. `servers` is how many did not give a usable time.
    """

    seen = ""


class SpoolError(Exception):
    """A photo cannot be kept or read; the message says which and why. The spool works on.

    `errno` is that of the OSError behind it, else 0: then the photo is at fault, not the place.
    """

    errno = 0
