"""The short names of shorten.py: those that MicroPython has in its ROM.

A module file (.mpy) has a table of its names. Names that every MicroPython knows are numbers there
(`static_qstr_list` of py/makeqstrdata.py, fixed by the version of the format). All others are
texts: loading the module searches all names in memory for each of them, which takes longer than
anything else while a module is loaded.
"""

import ast
import itertools
import string
from collections.abc import Collection, Iterator

from megacam.board import syntax

# Only names that mean nothing as an attribute of files, texts, exceptions and other objects of the
# interpreter. Those of exceptions come last, because they would confuse most in a traceback.
_IN_ROM = """
abs all any bool builtins bytearray bytecode bytes callable chr classmethod dict dir divmod eval
exec getattr globals hasattr hash id int isalpha isdigit isinstance islower isspace issubclass
isupper iter len list locals map micropython next object open ord pow print range repr rindex round
rsplit setattr setdefault sorted staticmethod str sum super tuple type zip Ellipsis NoneType
ArithmeticError AssertionError AttributeError BaseException EOFError Exception GeneratorExit
ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError MemoryError
NameError NotImplementedError OSError OverflowError RuntimeError StopIteration SyntaxError
SystemExit TypeError ValueError ZeroDivisionError
""".split()  # noqa: SIM905 a list would be 80 lines


def short_names(taken: Collection[str]) -> Iterator[str]:
    """Yield the names in MicroPython's ROM, then _a, _b ... _aa, _ab ..., without those taken."""
    yield from (name for name in _IN_ROM if name not in taken)
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = "_" + "".join(letters)
            if name not in taken:
                yield name


def words(tree: ast.AST) -> set[str]:
    """Return all identifiers in `tree`."""
    found: set[str] = set()
    for node in syntax.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            found |= {*node.names}
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found |= {*value.split(".")}
    return found
