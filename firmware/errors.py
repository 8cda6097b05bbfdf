"""The errors of the application.

They stay in memory, unlike most modules that raise them: loading a class twice would make two
different classes. Each class takes 430 bytes of RAM, so there are few.
"""


class ConfigError(Exception):
    """A setting is wrong; the message names it, its value and the valid values."""


class CredentialsError(Exception):
    """An entry in NVS is missing or damaged; the message names it and says how to provision it."""


class NetworkError(Exception):
    """No network, or no usable time server; the message says why, and what to change.

    `seen` lists the neighbors' networks, for the serial console only: the message also goes into
    the health report, which leaves the house. `servers` is the number of time servers that gave
    no usable time.
    """

    seen = ""


class SpoolError(Exception):
    """A photo cannot be kept or read; the message says which and why. The spool stays usable.

    `errno` is that of the OSError that caused it, or 0 if the photo is at fault, not the storage.
    """

    errno = 0
