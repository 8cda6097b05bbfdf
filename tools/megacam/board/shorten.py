"""Shorten names in the board's modules, because MicroPython keeps every name in RAM forever.

Three kinds of names are shortened. Private names begin with one underscore and belong to a family:
the modules of one package, such as `firmware.spool`. Argument names belong to their function and
are kept if some call in the program passes them by keyword. Public names are shortened where only
the program itself uses them, see shorten_public.py. All families share the same few short
names, and so do all functions; this is what saves RAM. Other names, texts and behavior stay.
"""

import ast
import re
from collections.abc import Collection, Mapping

from megacam.board import syntax
from megacam.board.short_names import short_names, words
from megacam.board.shorten_public import shorten_public
from megacam.errors import MegacamError

_PRIVATE = re.compile(r"_(?!_)[A-Za-z]\w*")


class PrivacyError(MegacamError):
    """A module uses a private name of another family; the message names both."""


def shorten(
    sources: Mapping[str, str],
    api: Collection[str] = (),
    named: Collection[str] = (),
    hidden: Collection[str] = (),
) -> dict[str, str]:
    """Return {module: source} with shorter names; raises PrivacyError.

    `sources` is a complete program by module name, such as "s3.put". Modules in `api` keep the
    argument names of their public functions, because outside callers may use them as keywords;
    `named` are argument names that outside callers do use. Nobody else imports the modules in
    `hidden`.
    """
    trees = {name: ast.parse(text) for name, text in sources.items()}
    keywords = _keywords(trees) | {*named}
    private = {node for tree in trees.values() for node in syntax.walk(tree) if _is_private(node)}
    for family in _families(sources):
        _shorten_private({name: trees[name] for name in family}, keywords)
        for name in family:
            _shorten_arguments(trees[name], keywords, private if name in api else None)
    shorten_public(trees, hidden)
    return _sources(trees)


def _sources(trees: Mapping[str, ast.Module]) -> dict[str, str]:
    return {name: ast.unparse(tree) + "\n" for name, tree in trees.items()}


def _keywords(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the argument names that some call passes by keyword."""
    nodes = [node for tree in trees.values() for node in syntax.walk(tree)]
    return {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def _shorten_private(trees: Mapping[str, ast.Module], keywords: set[str]) -> None:
    parts = {name: _Names(tree) for name, tree in trees.items()}
    attributes = set().union(*(part.attributes for part in parts.values()))
    variables = set().union(*(part.variables for part in parts.values()))
    foreign = set().union(*(part.foreign for part in parts.values()))
    for name, part in parts.items():
        for strange in sorted(part.foreign - attributes - variables):
            raise PrivacyError(
                f"{name} uses {strange}, which is private to another module; give it a public name"
            )
    # A variable that another module looks up has the same short name in all modules.
    shared = foreign & variables - attributes
    taken = set().union(*(words(tree) for tree in trees.values()))
    attribute_table = _table((attributes | shared) - keywords, taken)
    shared_table = {name: attribute_table[name] for name in shared - keywords}
    taken |= {*shared_table.values()}
    for name, tree in trees.items():
        own = _table(parts[name].variables - keywords - shared, taken)
        _rename(tree, attribute_table, {**own, **shared_table})


def _table(names: set[str], taken: set[str]) -> dict[str, str]:
    return dict(zip(sorted(names), short_names(taken), strict=False))


class _Names:
    """The private names in one source, by namespace.

    `attributes` are of this family's objects, `variables` of the module and its functions;
    `foreign` are attributes of anything but self. Names of const() are left out, because the
    compiler replaces them with their values.
    """

    def __init__(self, tree: ast.Module):
        attributes, variables, foreign = set(), set(), set()
        for node in syntax.walk(tree):
            if isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == "self"
                (attributes if own else foreign).add(node.attr)
            elif isinstance(node, ast.alias):
                foreign.add(node.name)
            elif isinstance(node, ast.ClassDef):
                variables.add(node.name)
                attributes |= _class_level(node)
            elif isinstance(node, ast.Name):
                variables.add(node.id)
            elif isinstance(node, ast.arg):
                variables.add(node.arg)
        methods = {id(item) for item in syntax.walk(tree) for item in _methods(item)}
        functions = [node for node in syntax.walk(tree) if isinstance(node, ast.FunctionDef)]
        variables |= {node.name for node in functions if id(node) not in methods}
        self.attributes = set(filter(_PRIVATE.fullmatch, attributes))
        self.variables = set(filter(_PRIVATE.fullmatch, variables)) - _folded(tree)
        self.foreign = set(filter(_PRIVATE.fullmatch, foreign))


def _methods(node: ast.AST) -> list[ast.FunctionDef]:
    if not isinstance(node, ast.ClassDef):
        return []
    return [item for item in node.body if isinstance(item, ast.FunctionDef)]


def _class_level(node: ast.ClassDef) -> set[str]:
    """Return the names that the body of a class defines."""
    assigned = [
        target.id
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    ]
    return {*assigned, *(method.name for method in _methods(node))}


def _folded(tree: ast.Module) -> set[str]:
    return {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value).startswith("const(")
    }


def _rename(tree: ast.Module, attributes: Mapping[str, str], variables: Mapping[str, str]) -> None:
    in_class = set()
    for node in syntax.walk(tree):
        if isinstance(node, ast.ClassDef):
            own = _class_level(node)
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    in_class.add(id(item))
                else:
                    names = [n for n in syntax.walk(item) if isinstance(n, ast.Name)]
                    in_class |= {id(n) for n in names if n.id in own}
    for node in syntax.walk(tree):
        table = attributes if id(node) in in_class else variables
        if isinstance(node, ast.Attribute):
            node.attr = attributes.get(node.attr, node.attr)
        elif isinstance(node, ast.Name):
            node.id = table.get(node.id, node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.name = table.get(node.name, node.name)
        elif isinstance(node, ast.arg):
            node.arg = variables.get(node.arg, node.arg)
        elif isinstance(node, ast.alias | ast.ExceptHandler) and node.name:
            node.name = variables.get(node.name, node.name)
        elif isinstance(node, ast.Global):
            node.names = [variables.get(name, name) for name in node.names]


def _is_private(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and bool(_PRIVATE.fullmatch(node.name))


def _shorten_arguments(
    tree: ast.Module, keywords: set[str], only: Collection[ast.AST] | None
) -> None:
    """Shorten the arguments of all functions, or of those in `only`."""
    functions = [node for node in syntax.walk(tree) if isinstance(node, ast.FunctionDef)]
    inner = {node for outer in functions for node in syntax.walk(outer) if node is not outer}
    for function in functions:
        if function not in inner and (only is None or function in only):
            nodes = syntax.walk(function)
            names = [node.arg for node in nodes if isinstance(node, ast.arg)]
            wanted = [name for name in names if name not in keywords and name != "self"]
            short = short_names(_bound(nodes))
            _rename_variables(nodes, dict(zip(dict.fromkeys(wanted), short, strict=False)))


def _bound(nodes: list[ast.AST]) -> set[str]:
    """Return the names that already have a meaning in a function."""
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
        # A package of lib/, a package of firmware/, or a single module with its parts.
        head = ".".join(name.split(".")[: 2 if name.startswith("firmware.") else 1])
        heads = [known for known in families if head.startswith(known + "_")]
        families.setdefault(heads[0] if heads else head, []).append(name)
    return list(families.values())
