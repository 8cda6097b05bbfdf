"""Why the settings cannot be used; loaded only then."""

from firmware.errors import ConfigError


def missing(path):
    """Return the error of a config.json that is not there."""
    return ConfigError(f"{path} is missing; copy your config.json onto the board")


def broken(path):
    """Return the error of a config.json that is no JSON."""
    return ConfigError(f"{path} is not valid JSON; look for a missing comma or quote")


def unchecked(path):
    """Return the error of a config.json that this version has not checked."""
    return ConfigError(f"{path} has not been checked; restart the board to have boot.py do it")
