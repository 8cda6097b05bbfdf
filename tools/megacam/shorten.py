"""Shorten the private names of the board's modules: MicroPython keeps every name in RAM for ever.

A private name begins with one underscore. It is private to a family: a module and its parts, as
`spool` with `spool_thin`. Within a family short names differ; all families share the same few,
which is what saves RAM. Nothing else changes: public names, texts and behaviour stay.
"""

import ast
import itertools
import re
import string
from collections.abc import Iterator, Mapping

from megacam.errors import MegacamError

_PRIVATE = re.compile(r"\b_(?!_)[A-Za-z]\w*\b")


class PrivacyError(MegacamError):
    """A module uses a private name of another family; the message names both."""


def shorten(sources: Mapping[str, str]) -> dict[str, str]:
    """Return {module: source} with private names shortened; raises PrivacyError.

    `sources` is one whole program by bare module names, as "s3" or "uploader".
    """
    short = {}
    for family in _families(sources):
        parts = [_Names(sources[name]) for name in family]
        owned = set().union(*(part.owned for part in parts))
        for name, part in zip(family, parts, strict=True):
            for strange in sorted(part.foreign - owned):
                raise PrivacyError(
                    f"{name} uses {strange}, which is private to another module; give it a "
                    "public name"
                )
        kept = sorted(owned.difference(*(part.folded for part in parts)))
        table = dict(zip(kept, _short_names(owned), strict=False))
        for name in family:
            short[name] = _PRIVATE.sub(
                lambda match, table=table: table.get(match[0], match[0]), sources[name]
            )
    return short


class _Names:
    """The private names in one source: `owned` by its family, or `foreign`, which it must own.

    `folded` ones are const(): the compiler puts their value in their place.
    """

    def __init__(self, text: str):
        owned: set[str] = set()
        foreign: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == "self"
                (owned if own else foreign).add(node.attr)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                owned.add(node.name)
            elif isinstance(node, ast.Name):
                owned.add(node.id)
            elif isinstance(node, ast.arg):
                owned.add(node.arg)
            elif isinstance(node, ast.alias):
                foreign.add(node.name)
        self.folded = {
            node.targets[0].id
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and ast.unparse(node.value).startswith("const(")
        }
        self.owned = set(filter(_PRIVATE.fullmatch, owned))
        self.foreign = set(filter(_PRIVATE.fullmatch, foreign))


def _families(names: Mapping[str, str]) -> list[list[str]]:
    families: dict[str, list[str]] = {}
    for name in sorted(names):
        heads = [head for head in families if name.startswith(head + "_")]
        families.setdefault(heads[0] if heads else name, []).append(name)
    return list(families.values())


def _short_names(taken: set[str]) -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = "_" + "".join(letters)
            if name not in taken:
                yield name
