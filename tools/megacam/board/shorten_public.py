"""Shorten the public names of modules that only our own program imports, see shorten.py.

    shorten_public(trees, hidden)

An overlay is reached through the imports that the build links, so nobody else needs the names of
its functions and classes. A name is shortened only if it is gone from the program afterwards:
what is also an attribute of some object, or a text, stays in the board's memory anyway.
"""

import ast
from collections.abc import Collection, Mapping

from megacam.board import syntax
from megacam.board.short_names import short_names

_Function = ast.FunctionDef | ast.Lambda
# The compiler knows it by its name.
_CONST = "const"


def shorten_public(trees: Mapping[str, ast.Module], hidden: Collection[str]) -> None:
    """Shorten the public names of the modules `hidden` in {module: tree}, in place.

    `trees` is a complete program. Short names begin with an underscore, like those of private
    names, which are in memory anyway.
    """
    modules = {name: _Module(tree, trees) for name, tree in trees.items()}
    unclear = set().union(*(one.unclear for one in modules.values()))
    table: dict[tuple[str, str], str] = {}
    for name in hidden:
        own = modules[name]
        short = short_names(own.words)
        wanted = sorted(own.public - unclear)
        table |= {(name, old): new for old, new in zip(wanted, short, strict=False)}
    for name, one in modules.items():
        one.rename({old: new for (where, old), new in table.items() if where == name}, table)


class _Module:
    """The names of one module.

    `public` are those that it defines once, at its top; `words` are all identifiers in it;
    `unclear` are attributes of what may be any object, and texts.
    """

    def __init__(self, tree: ast.Module, program: Collection[str]):
        self._tree = tree
        self._program = program
        self._scopes = _Scopes(tree)
        #: {attribute: the module whose name it is}
        self._resolved: dict[ast.Attribute, str] = {}
        self.unclear: set[str] = set()
        self.words: set[str] = set()
        for node in syntax.walk(tree):
            self._note(node)
        self.public = self._public()

    def rename(self, own: Mapping[str, str], table: Mapping[tuple[str, str], str]) -> None:
        """Rename the module's own names, and in `table`, {(module, old): new}, what it imports."""
        for attribute, module in self._resolved.items():
            attribute.attr = table.get((module, attribute.attr), attribute.attr)
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                node.name = own.get(node.name, node.name)
        for node in syntax.walk(self._tree):
            if isinstance(node, ast.Name):
                node.id = own.get(node.id, node.id)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                for alias in node.names:
                    old = alias.asname or alias.name
                    local = own.get(old, old) if node in self._tree.body else old
                    alias.name = table.get((module or "", alias.name), alias.name)
                    alias.asname = None if local == alias.name else local

    def _note(self, node: ast.AST) -> None:
        self.words |= _bound_by(node)
        if isinstance(node, ast.Attribute):
            self.words.add(node.attr)
            module = self._module(node.value)
            if module:
                self._resolved[node] = module
            else:
                self.unclear.add(node.attr)
        elif isinstance(node, ast.Name):
            self.words.add(node.id)
        elif isinstance(node, ast.keyword):
            self.unclear.add(node.arg or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.unclear.add(node.value)

    def _module(self, value: ast.expr) -> str | None:
        """Return the module of the program that `value` surely is."""
        if not isinstance(value, ast.Name):
            return None
        scope: ast.AST | None = value
        while scope := self._scopes.outer.get(scope):
            if value.id in self._scopes.bound[scope]:
                return self._scopes.modules(scope, value.id, self._program)
        return None

    def _imported(self, node: ast.Import | ast.ImportFrom) -> set[str]:
        """Return the local names of what `node` imports from the program."""
        ours = set()
        for alias in node.names:
            places = {alias.name, getattr(node, "module", None) or ""}
            if isinstance(node, ast.ImportFrom):
                places.add(f"{node.module}.{alias.name}")
            if places & {*self._program}:
                ours.add(alias.asname or alias.name)
        return ours

    def _public(self) -> set[str]:
        """Return the functions, classes and variables of the module that nothing shadows."""
        found: set[str] = set()
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign) and not _is_const(node.value):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            elif isinstance(node, ast.Import | ast.ImportFrom):
                found |= self._imported(node)
        shadows = [names for scope, names in self._scopes.bound.items() if scope is not self._tree]
        top = {*self._tree.body}
        shadows += [
            _bound_by(node)
            for node in syntax.walk(self._tree)
            if node not in top and not isinstance(node, ast.Name)
        ]
        found -= {_CONST}.union(*shadows)
        return {name for name in found if not name.startswith("_")}


class _Scopes:
    """Which scope a node lies in, and the names that each scope binds.

    `outer` is {node: the innermost scope around it}; `bound` is {scope: names}. Functions, lambdas
    and classes are scopes, and so is the module.
    """

    def __init__(self, tree: ast.Module):
        self.outer: dict[ast.AST | None, ast.AST] = {}
        self.bound: dict[ast.AST, set[str]] = {tree: set()}
        self._imports: dict[ast.AST, list[ast.Import | ast.ImportFrom]] = {tree: []}
        self._others: dict[ast.AST, set[str]] = {tree: set()}
        self._walk(tree, tree)

    def _walk(self, node: ast.AST, scope: ast.AST) -> None:
        for child in syntax.children(node):
            self.outer[child] = scope
            self.bound[scope] |= _bound_by(child)
            if isinstance(child, ast.Import | ast.ImportFrom):
                self._imports[scope].append(child)
            else:
                self._others[scope] |= _bound_by(child)
            inner = child if isinstance(child, _Function | ast.ClassDef) else scope
            if inner is not scope:
                self.bound[inner], self._others[inner], self._imports[inner] = set(), set(), []
            self._walk(child, inner)

    def modules(self, scope: ast.AST, local: str, program: Collection[str]) -> str | None:
        """Return the one module that imports bind to `local` in `scope`, or None if not sure."""
        found = set()
        for node in self._imports[scope]:
            for alias in node.names:
                if (alias.asname or alias.name) == local:
                    prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                    found.add(prefix + alias.name)
        if len(found) != 1 or local in self._others[scope]:
            return None
        return next((name for name in found if name in program), None)


def _bound_by(node: ast.AST) -> set[str]:
    """Return the names that a node binds in its scope."""
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
        return {node.name} if node.name else set()
    return set()


def _is_const(value: ast.expr) -> bool:
    return ast.unparse(value).startswith(f"{_CONST}(")
