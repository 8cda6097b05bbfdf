"""Addresses that a user gives: SCHEME://HOST[:PORT][/PATH]."""

import os
import urllib.parse

from megacam.errors import MegacamError


def split(text: str) -> urllib.parse.SplitResult:
    """Return the parts of an address, which has a host and no port out of range.

    Raises ValueError if it is none. urlsplit() alone drops line breaks, keeps spaces, and refuses
    a port only when asked for it.
    """
    if not text.isprintable() or " " in text:
        raise ValueError("an address has no spaces or control characters")
    parts = urllib.parse.urlsplit(text)
    if not parts.hostname or parts.port == 0:
        raise ValueError("an address is like https://HOST or https://HOST:PORT")
    return parts


def of_environment(service: str) -> str | None:
    """Return the address that AWS's variables give a service; raises MegacamError."""
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if text := os.environ.get(name):
            try:
                split(text)
            except ValueError:
                raise MegacamError(
                    f"{name} must be an address such as https://HOST or https://HOST:PORT"
                ) from None
            return text
    return None
