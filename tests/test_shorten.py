"""Short private names change nothing but the names, and save what they promise."""

import ast

import pytest
from megacam import device_tree
from megacam.shorten import PrivacyError, shorten

SOURCES = {
    path.stem: path.read_text()
    for name, path in device_tree.sources().items()
    if "/" in name and not name.endswith("__init__.py")
}


def _without_names(text):
    """Return the tree of a source with every private name replaced by one word."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg"):
            if getattr(node, field, None) and getattr(node, field)[0] == "_":
                setattr(node, field, "_")
        if isinstance(node, ast.Global):
            node.names = ["_" if name[0] == "_" else name for name in node.names]
    return ast.dump(tree)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_nothing_but_private_names_changes(name):
    assert _without_names(shorten(SOURCES)[name]) == _without_names(SOURCES[name])


def _private(texts):
    return {
        getattr(node, field)
        for text in texts
        for node in ast.walk(ast.parse(text))
        for field in ("id", "attr", "name", "arg")
        if getattr(node, field, None) and getattr(node, field)[0] == "_"
    }


def test_the_whole_program_needs_a_quarter_fewer_private_names():
    before = _private(SOURCES.values())
    after = _private(shorten(SOURCES).values())
    assert len(after) - len(before) < -len(before) / 4


def test_names_differ_within_a_family_and_are_shared_between_families():
    short = shorten(
        {
            "spool": "class Spool:\n    def _write(self): self._limit = 1",
            "spool_thin": "def _victim(spool): return spool._limit",
            "clock": "def _parse(text): return text",
        }
    )
    assert short["spool"] == "class Spool:\n    def _c(self): self._a = 1"
    assert short["spool_thin"] == "def _b(spool): return spool._a"
    assert short["clock"] == "def _a(text): return text"


def test_constants_that_the_compiler_folds_use_up_no_short_name():
    short = shorten({"a": "_LIMIT = const(3)\ndef _look(): return _LIMIT"})
    assert short["a"] == "_LIMIT = const(3)\ndef _a(): return _LIMIT"


@pytest.mark.parametrize("use", ["camera._reg(1)", "from arducam_mega import _reg"])
def test_a_private_name_of_another_family_is_refused(use):
    with pytest.raises(PrivacyError, match="app uses _reg, which is private to another module"):
        shorten({"app": use, "arducam_mega": "def _reg(): pass"})


@pytest.mark.parametrize("text", ["__name__", "x_y", "'x_private_z'", "_"])
def test_what_only_looks_private_stays(text):
    assert shorten({"a": f"{text}\n_private_z = 1"})["a"].startswith(text)
