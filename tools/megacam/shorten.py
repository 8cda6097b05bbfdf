"""Shorten names in the board's modules: MicroPython keeps every name in RAM for ever.

Two kinds are shortened. Private names begin with one underscore and belong to a family: a module
and its parts, as `spool` and `spool_thin`. Arguments belong to their function, unless some call
of the program names them. Families share the same few short names, and so do functions, which is
what saves RAM. Public names, texts and behaviour stay.
"""

import ast
import itertools
import re
import string
from collections.abc import Iterator, Mapping

from megacam.errors import MegacamError

_PRIVATE = re.compile(r"_(?!_)[A-Za-z]\w*")


class PrivacyError(MegacamError):
    """A module uses a private name of another family; the message names both."""


def shorten(sources: Mapping[str, str]) -> dict[str, str]:
    """Return {module: source} with shorter names; raises PrivacyError.

    `sources` is one whole program by bare module names, as "s3" or "uploader".
    """
    trees = {name: ast.parse(text) for name, text in sources.items()}
    keywords = {
        node.arg
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg
    }
    for family in _families(sources):
        parts = {name: _Names(trees[name]) for name in family}
        owned = set().union(*(part.owned for part in parts.values()))
        for name, part in parts.items():
            for strange in sorted(part.foreign - owned):
                raise PrivacyError(
                    f"{name} uses {strange}, which is private to another module; give it a "
                    "public name"
                )
        folded = set().union(*(part.folded for part in parts.values()))
        shared = _short_names("_", owned)
        table = dict(zip(sorted(owned - folded - keywords), shared, strict=False))
        for name in family:
            _rename(trees[name], table)
            _shorten_arguments(trees[name], keywords)
    return {name: ast.unparse(tree) + "\n" for name, tree in trees.items()}


class _Names:
    """The private names in one source: `owned` by its family, or `foreign`, which it must own.

    `folded` ones are const(): the compiler puts their value in their place.
    """

    def __init__(self, tree: ast.Module):
        owned: set[str] = set()
        foreign: set[str] = set()
        for node in ast.walk(tree):
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
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and ast.unparse(node.value).startswith("const(")
        }
        self.owned = set(filter(_PRIVATE.fullmatch, owned))
        self.foreign = set(filter(_PRIVATE.fullmatch, foreign))


def _rename(tree: ast.AST, table: Mapping[str, str]) -> None:
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name in table:
                setattr(node, field, table[name])
        if isinstance(node, ast.Global):
            node.names = [table.get(name, name) for name in node.names]


def _shorten_arguments(tree: ast.Module, keywords: set[str]) -> None:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inner = {node for outer in functions for node in ast.walk(outer) if node is not outer}
    for function in functions:
        if function not in inner:
            nodes = list(ast.walk(function))
            names = [node.arg for node in nodes if isinstance(node, ast.arg)]
            wanted = [name for name in names if name not in keywords and name != "self"]
            short = _short_names("", _bound(nodes))
            _rename_variables(nodes, dict(zip(dict.fromkeys(wanted), short, strict=False)))


def _bound(nodes: list[ast.AST]) -> set[str]:
    """Return the names that mean something in a function."""
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.name for node in nodes if isinstance(node, ast.alias | ast.FunctionDef)}
    return names | {str(node.name) for node in nodes if isinstance(node, ast.ExceptHandler)}


def _rename_variables(nodes: list[ast.AST], table: Mapping[str, str]) -> None:
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = table.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = table.get(node.arg, node.arg)


def _families(names: Mapping[str, str]) -> list[list[str]]:
    families: dict[str, list[str]] = {}
    for name in sorted(names):
        heads = [head for head in families if name.startswith(head + "_")]
        families.setdefault(heads[0] if heads else name, []).append(name)
    return list(families.values())


def _short_names(prefix: str, taken: set[str]) -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = prefix + "".join(letters)
            if name not in taken:
                yield name
