"""Shortened private names change nothing but the names, and save as much as promised."""

import ast
import functools
import io
import itertools
import symtable

import pytest
from each import each
from megacam.board import overlays
from megacam.board import tree as device_tree
from megacam.board.short_names import short_names
from megacam.board.shorten import PrivacyError, shorten

SOURCES = {
    device_tree.module_name(name): path.read_text()
    for name, path in device_tree.sources().items()
    if "/" in name
}


_A, _B, _C, _D = itertools.islice(short_names(()), 4)


@functools.cache
def _short():
    return shorten(SOURCES)


@functools.cache
def _hidden():
    paths = {device_tree.module_name(name): name for name in device_tree.sources()}
    names = {name for name in SOURCES if not overlays.is_resident(paths[name])}
    return shorten(SOURCES, hidden=names - overlays.AT_PROMPT)


def _nameless(text):
    """Return the tree of a source without any identifier."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg", "asname"):
            if hasattr(node, field):
                setattr(node, field, None)
        if isinstance(node, ast.Global):
            node.names = []
    return ast.dump(tree)


def _other_names(before, after):
    """Return the names that changed and that are neither private nor variables of functions."""
    trees = ast.parse(before), ast.parse(after)
    functions = [node for node in ast.walk(trees[0]) if isinstance(node, ast.FunctionDef)]
    inside = {node for function in functions for node in ast.walk(function)}
    found = set()
    for old, new in zip(*map(ast.walk, trees), strict=True):
        is_variable = old in inside and isinstance(old, ast.Name | ast.arg)
        for field in ("id", "attr", "name", "arg", "asname"):
            name = getattr(old, field, None)
            if name and name != getattr(new, field) and name[0] != "_" and not is_variable:
                found.add(name)
    return found


@each("name", sorted(SOURCES))
def test_nothing_but_names_changes(name):
    assert _nameless(_short()[name]) == _nameless(SOURCES[name])
    assert not _other_names(SOURCES[name], _short()[name])


@each("name", sorted(SOURCES))
def test_every_variable_of_a_function_stays_the_same_variable(name):
    before, after = (symtable.symtable(t, name, "exec") for t in (SOURCES[name], _short()[name]))
    for one, other in zip(_scopes(before), _scopes(after), strict=True):
        assert len(one.get_symbols()) == len(other.get_symbols())
        assert len(one.get_globals()) == len(other.get_globals())


@each("name", sorted(SOURCES))
def test_what_only_the_program_uses_may_have_any_name(name):
    before, after = SOURCES[name], _hidden()[name]
    assert _nameless(after) == _nameless(before)
    scopes = (_scopes(symtable.symtable(text, name, "exec")) for text in (before, after))
    for one, other in zip(*scopes, strict=True):
        assert len(one.get_symbols()) == len(other.get_symbols())
        assert len(one.get_globals()) == len(other.get_globals())


def test_every_name_that_a_module_imports_from_another_exists_there():
    trees = {name: ast.parse(text) for name, text in _hidden().items()}
    asked = 0
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in trees:
                there = {name for one in trees[node.module].body for name in _defined(one)}
                names = {alias.name for alias in node.names}
                assert not {one for one in names - there if f"{node.module}.{one}" not in trees}
                asked += len(names & there)
    assert asked > 50


def _defined(node):
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    return [node.name] if hasattr(node, "name") else []


def test_the_program_needs_fewer_public_names():
    assert len(_public(_short())) - len(_public(_hidden())) > 75


def _public(sources):
    return {
        word
        for text in sources.values()
        for node in ast.walk(ast.parse(text))
        for field in ("id", "attr", "name")
        if (word := getattr(node, field, None)) and word[0] != "_"
    }


def _scopes(table):
    yield from (scope for scope in [table] if isinstance(scope, symtable.Function))
    for child in table.get_children():
        yield from _scopes(child)


def _tables(files):
    """Return the texts in the tables of names of .mpy files, and how many names are numbers."""
    texts, numbers = [], 0
    for content in files:
        stream = io.BytesIO(content[4:])
        count, _ = _number(stream), _number(stream)
        for _ in range(count):
            size = _number(stream)
            if size & 1:
                numbers += 1
            else:
                texts.append(stream.read((size >> 1) + 1)[:-1].decode())
    return texts, numbers


def _number(stream):
    value = 0
    while True:
        byte = stream.read(1)[0]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value


def test_every_short_name_is_in_the_rom_of_every_micropython():
    names = list(itertools.islice(short_names(()), 80))
    function = "def f(x):\n    " + "; ".join(f"x.{name}" for name in names if name[0] != "_")
    texts, numbers = _tables(device_tree.compile_texts({"m": function}).values())
    assert sorted(texts) == ["f", "m", "x"]
    assert numbers > 70


def test_the_whole_program_has_few_names_that_a_load_has_to_search():
    texts, numbers = _tables(device_tree.compile_texts(_hidden()).values())
    own = [text for text in texts if text[:1] == "_" and text[:2] != "__"]
    assert len(own) < 10, own
    assert numbers > len(texts) * 0.8


def test_attributes_differ_within_a_family_and_are_shared_between_families():
    short = shorten(
        {
            "spool.spool": "class Spool:\n    _new = 1\n    def _write(self): self._limit = 1",
            "spool.thin": "def _victim(): return spool._limit",
            "clock": "class Clock:\n    def _parse(self): return self._time",
        }
    )
    assert f"def {_C}(self):\n        self.{_A} = 1" in short["spool.spool"]
    assert f"{_B} = 1" in short["spool.spool"]
    assert f"return spool.{_A}" in short["spool.thin"]
    assert f"def {_A}(self):\n        return self.{_B}" in short["clock"]


def test_variables_of_modules_are_short_in_each():
    short = shorten({"a": "_x = 1\ndef _f(): return _x", "a.b": "def _g(): return _h\n_h = 2"})
    assert short["a"] == f"{_B} = 1\n\ndef {_A}():\n    return {_B}\n"
    assert short["a.b"] == f"def {_A}():\n    return {_B}\n{_B} = 2\n"


@pytest.mark.parametrize("use", ["import a\nprint(a._limit)", "from a import _limit"])
def test_a_variable_that_another_module_looks_up_is_short_in_both(use):
    short = shorten({"a": "_limit = 1\n_b = _limit", "a.b": use + "\n_own = 2"})
    assert short["a"] == f"{_A} = 1\n{_B} = {_A}\n"
    assert short["a.b"] == use.replace("_limit", _A) + f"\n{_B} = 2\n"


def test_arguments_are_short_unless_a_call_names_them():
    source = "def put(key, body, a):\n    return key + a\nput('x', body=1, a=2)"
    assert f"def put({_A}, body, a):\n    return {_A} + a" in shorten({"s3": source})["s3"]


def test_a_library_keeps_the_arguments_of_its_public_functions():
    source = "def put(key):\n    return _put(key)\n\ndef _put(key):\n    return key\n"
    expected = f"def put(key):\n    return {_A}(key)\n\ndef {_A}({_B}):\n    return {_B}\n"
    assert shorten({"s3": source}, ["s3"])["s3"] == expected


def test_an_argument_never_takes_the_name_of_something_else():
    source = (
        f"def f(text):\n    from os import {_A}\n    try: text\n    except OSError as {_B}: {_C}"
    )
    assert f"def f({_D}):" in shorten({"s3": source})["s3"]


def test_constants_that_the_compiler_folds_use_up_no_short_name():
    short = shorten({"a": "_LIMIT = const(3)\ndef _look(): return _LIMIT"})
    assert short["a"] == f"_LIMIT = const(3)\n\ndef {_A}():\n    return _LIMIT\n"


@pytest.mark.parametrize("use", ["camera._reg(1)", "from arducam_mega import _reg"])
def test_a_private_name_of_another_family_is_refused(use):
    with pytest.raises(PrivacyError, match="app uses _reg, which is private to another module"):
        shorten({"app": use, "arducam_mega": "def _reg(): pass"})


@pytest.mark.parametrize("text", ["__name__", "x_y", "('_private',)", "_"])
def test_what_only_looks_private_stays(text):
    assert shorten({"a": f"{text}\n_private = 1"})["a"].startswith(text)


def test_arguments_that_others_name_are_kept():
    short = shorten({"chip": "def read(block, offset): _read(block)"}, named=["offset"])
    assert short["chip"] == f"def read({_B}, offset):\n    {_A}({_B})\n"


def _hide(use, module="def f():\n    return 1\n"):
    short = shorten({"app": use, "room.key": module}, hidden=["room.key"])
    return short["app"], short["room.key"]


@pytest.mark.parametrize(
    ("use", "short"),
    [
        ("from room import key\nkey.f()", f"from room import key\nkey.{_A}()\n"),
        ("from room.key import f\nf()", f"from room.key import {_A} as f\nf()\n"),
        ("from room import key as k\nk.f()", f"from room import key as k\nk.{_A}()\n"),
        (
            "def g():\n    from room import key\n    return key.f()",
            f"def g():\n    from room import key\n    return key.{_A}()\n",
        ),
    ],
)
def test_a_hidden_name_is_short_where_it_is_and_where_it_is_used(use, short):
    assert _hide(use) == (short, f"def {_A}():\n    return 1\n")


@pytest.mark.parametrize(
    "use",
    [
        "def g(key):\n    return key.f()",  # any object
        "from room import key\n'f'",  # getattr()
        "from room import key\nkey = 1\nkey.f()",
        "from room import key\nif 1:\n    from room import other as key\nkey.f()",
        "g(f=1)",
    ],
)
def test_a_hidden_name_that_something_else_may_have_is_kept(use):
    assert _hide(use)[1] == "def f():\n    return 1\n"


@pytest.mark.parametrize(
    "module",
    [
        "f = const(1)",  # with an underscore, the compiler would leave it out
        "const = int",
        "def f():\n    return 1\n\ndef g():\n    f = 2",
        "class C:\n\n    def f(self):\n        pass\n\ndef f():\n    pass",
    ],
)
def test_a_name_with_two_meanings_in_its_module_is_kept(module):
    kept = _hide("from room import key", module)[1]
    assert {"f", "const"} & _public({"": kept})


def test_an_overlay_s_own_imports_are_short_too():
    use = "from room import other\n\ndef f():\n    return other.g(other.x)"
    assert _hide("", use)[1] == (
        f"from room import other\n\ndef {_A}():\n    return other.g(other.x)\n"
    )
    short = shorten({"room.key": use, "room.other": "def g(): pass"}, hidden=["room.key"])
    assert short["room.key"].startswith(f"from room import other as {_B}\n\ndef {_A}():")
