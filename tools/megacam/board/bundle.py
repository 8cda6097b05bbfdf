"""Copy into an overlay what it imports from another one at its top, so that one load brings both.

`from header_fields import fields` at the top of an overlay becomes that function, with all that it
needs of its module and nothing else. A load of its own would collect garbage once more, and take
some 200 bytes more while both are in memory.
"""

import ast
import builtins
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from megacam.errors import MegacamError

_Import = ast.Import | ast.ImportFrom


class BundleError(MegacamError):
    """A module cannot be copied into another; the message says what is in the way."""


def bundle(texts: Mapping[str, str], overlays: Collection[str]) -> dict[str, str]:
    """Return {module: source} without any `from OVERLAY import NAME` at the top of `overlays`.

    Raises BundleError.
    """
    trees = {name: ast.parse(texts[name]) for name in overlays}
    return {
        name: ast.unparse(_bundled(name, trees)) + "\n" if name in trees else text
        for name, text in texts.items()
    }


def _bundled(name: str, trees: dict[str, ast.Module]) -> ast.Module:
    """Return the tree of a module with its copies; it replaces the one in `trees`."""
    body = trees[name].body
    for node in list(body):
        if isinstance(node, ast.ImportFrom) and _is_copied(node, trees):
            at = body.index(node)
            del body[at]
            body[at:at] = _copies(_bundled(str(node.module), trees), node.names, body)
    return trees[name]


def _is_copied(node: ast.ImportFrom, trees: Collection[str]) -> bool:
    names = {f"{node.module}.{alias.name}" for alias in node.names}
    return node.module in trees and not names & {*trees}  # those are modules of a package


def _copies(
    part: ast.Module, wanted: Sequence[ast.alias], body: Sequence[ast.stmt]
) -> list[ast.stmt]:
    """Return copies of what defines `wanted` in `part`, for a module that consists of `body`."""
    table = {alias.name: alias.asname or alias.name for alias in wanted}
    needed = _needed(part, [*table])
    taken = _words(body) | {*table.values()}
    known = _bound(body)
    if missing := {*table} - {*_bound(needed)}:
        raise BundleError(f"there is no {min(missing)} to import")
    if hidden := _words(needed) & {*known} & {*dir(builtins)}:
        raise BundleError(f"{min(hidden)} is a function of Python and of a module that copies it")
    for name, origin in _bound(needed).items():
        if name not in table and name in taken and not (origin and known.get(name) == origin):
            table[name] = next(new for new in _others(name) if new not in taken | _words(needed))
            taken.add(table[name])
    return _renamed(needed, {old: new for old, new in table.items() if old != new})


def _needed(part: ast.Module, wanted: Sequence[str]) -> list[ast.stmt]:
    """Return the statements of `part` that define `wanted`, and all that those refer to."""
    kept: dict[int, set[str]] = {}
    todo = [*wanted]
    while todo:
        name = todo.pop()
        for at, node in enumerate(part.body):
            if name in _bound([node]) and name not in kept.setdefault(at, set()):
                kept[at].add(name)
                todo += [] if isinstance(node, _Import) else _words([node])
    return [_only(node, kept[at]) for at, node in enumerate(part.body) if kept.get(at)]


def _only(node: ast.stmt, names: Collection[str]) -> ast.stmt:
    """Return `node` without the imports of other names than `names`."""
    if not isinstance(node, _Import):
        return node
    aliases = [alias for alias in node.names if (alias.asname or alias.name) in names]
    if isinstance(node, ast.Import):
        return ast.Import(aliases)
    return ast.ImportFrom(node.module, aliases, node.level)


def _bound(nodes: Sequence[ast.stmt]) -> dict[str, str]:
    """Return {name: what is imported under it, or ""} of the statements of a module."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = ""
        elif isinstance(node, ast.Assign):
            targets = [name for target in node.targets for name in ast.walk(target)]
            found |= {name.id: "" for name in targets if isinstance(name, ast.Name)}
        elif isinstance(node, _Import):
            module = getattr(node, "module", "")
            found |= {a.asname or a.name: f"{module} {a.name}" for a in node.names}
        elif not isinstance(node, ast.Expr):
            raise BundleError(f"{ast.unparse(node)!r}: a module may only define and import")
    return found


def _words(nodes: Sequence[ast.stmt]) -> set[str]:
    """Return all variables, arguments and definitions in the statements."""
    words = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.arg):
            words.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            words.add(node.name)
        elif isinstance(node, ast.alias):
            words.add(node.asname or node.name)
    return words


def _others(name: str) -> Iterator[str]:
    """Yield private names for what was called `name`."""
    return (f"_{name.strip('_')}_{number}" for number in itertools.count(2))


def _renamed(nodes: Sequence[ast.stmt], table: Mapping[str, str]) -> list[ast.stmt]:
    copies = ast.parse(ast.unparse(ast.Module([*nodes], []))).body
    for node in (inner for outer in copies for inner in ast.walk(outer)):
        if isinstance(node, ast.Name):
            node.id = table.get(node.id, node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.name = table.get(node.name, node.name)
        elif isinstance(node, ast.alias) and (node.asname or node.name) in table:
            node.asname = table[node.asname or node.name]
        elif isinstance(node, ast.arg | ast.keyword) and node.arg in table:
            raise BundleError(f"{node.arg} is an argument and a name of the module")
    return copies
