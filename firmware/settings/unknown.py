"""Refuse a setting that does not exist, and name the one that was probably meant."""

from firmware.errors import ConfigError


def refuse(name, known):
    """Raise ConfigError for `name`, with the most similar of the names `known`."""
    nearest = sorted([(_distance(name, one), one) for one in known])[0][1]
    raise ConfigError(f"config.json: there is no setting {name!r}; did you mean {nearest!r}?")


def _distance(a, b):
    # Levenshtein distance, row by row: how many letters must change to turn a into b.
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        before, row[0] = row[0], i + 1
        for j, other in enumerate(b):
            before, row[j + 1] = (
                row[j + 1],
                min(row[j + 1] + 1, row[j] + 1, before + (letter != other)),
            )
    return row[-1]
