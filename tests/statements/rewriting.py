"""Put a call before each statement of a source file."""

import ast

#: The name of the copy's module that defines covered(), see counter.py.
COUNTER = "statements_counter"
#: What a module does first. Where there is no counter, nothing is counted.
BEGIN = f"""\
try:
    covered
except NameError:
    try:
        import {COUNTER}
    except ImportError:
        covered = int
"""
# They take effect when a function is compiled.
_DECLARATIONS = (ast.Global, ast.Nonlocal)


def rewrite(text: str, first: int) -> tuple[str, list[int]]:
    """Return `text` with a call covered(number) before each statement, and the statements' lines.

    The numbers count up from `first`. Docstrings and declarations are no statements; a module
    without any is returned as it is.
    """
    tree = ast.parse(text)
    lines: list[int] = []
    _rewrite_blocks(tree, first, lines)
    if not lines:
        return text, []
    at = int(ast.get_docstring(tree) is not None)
    tree.body[at:at] = ast.parse(BEGIN).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n", lines


def _rewrite_blocks(node: ast.AST, first: int, lines: list[int]) -> None:
    for field in ("body", "orelse", "handlers", "finalbody"):
        block = getattr(node, field, None)
        if not isinstance(block, list):
            continue
        written = []
        for statement in block:
            if _counts(statement, node):
                call = ast.Call(ast.Name("covered"), [ast.Constant(first + len(lines))], [])
                lines.append(statement.lineno)
                written.append(ast.Expr(call))
            _rewrite_blocks(statement, first, lines)
            written.append(statement)
        block[:] = written


def _counts(statement: ast.AST, parent: ast.AST) -> bool:
    if not isinstance(statement, ast.stmt) or isinstance(statement, _DECLARATIONS):
        return False
    holders = ast.Module | ast.ClassDef | ast.FunctionDef
    is_docstring = isinstance(parent, holders) and ast.get_docstring(parent, False) is not None
    return not (is_docstring and statement is parent.body[0])
