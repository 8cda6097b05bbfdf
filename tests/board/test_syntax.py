"""A walk meets the nodes that ast.walk() meets, in its order, but for the contexts of names."""

import ast

from megacam.board import syntax, tree


def test_a_walk_of_each_module_meets_what_the_walk_of_ast_meets():
    for path in tree.sources().values():
        parsed = ast.parse(path.read_text())
        wanted = [node for node in ast.walk(parsed) if not isinstance(node, ast.expr_context)]
        assert syntax.walk(parsed) == wanted, path
