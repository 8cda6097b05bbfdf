"""What an overlay imports from another at its top is copied into it, as far as it is needed."""

import ast

import pytest
from megacam.board import bundle

PART = """
'''Words.'''
import time
from binascii import crc32, hexlify
_LONG = 3
_OTHER = 4
def _cut(text):
    return text[:_LONG]
def short(text):
    return hexlify(_cut(text))
def unused():
    return crc32(b"") + _OTHER + time.time()
"""


def _bundled(text, part=PART, **more):
    texts = {"a": text, "b": part, **more}
    return bundle.bundle(texts, texts)["a"].strip()


def _run(text, **more):
    names = {}
    exec(_bundled(text, **more), names)  # the program under test is this text
    return names


def test_only_what_is_needed_is_copied():
    assert _bundled("from b import short\ndef f():\n    return short(b'abcd')") == "\n\n".join(
        [
            "from binascii import hexlify\n_LONG = 3",
            "def _cut(text):\n    return text[:_LONG]",
            "def short(text):\n    return hexlify(_cut(text))",
            "def f():\n    return short(b'abcd')",
        ]
    )


def test_it_does_the_same():
    assert _run("from b import short\nresult = short(b'abcd')")["result"] == b"616263"
    assert _run("from b import short as s\nresult = s(b'abcd')")["result"] == b"616263"


def test_what_has_the_same_name_in_both_is_told_apart():
    for own in ("_LONG = 1", "def _cut(x):\n    return x", "import json as hexlify"):
        names = _run(f"from b import short\n{own}\nresult = short(b'abcd')")
        assert names["result"] == b"616263"
    assert _run("_LONG = 1\nfrom b import short")["_LONG"] == 1


def test_the_same_import_in_both_stays_as_it_is():
    text = _bundled("from binascii import hexlify\nfrom b import short\nshort(hexlify(b''))")
    assert text.count("hexlify as") == 0


def test_a_name_of_the_importer_hides_no_builtin_of_the_part():
    part = "def largest(numbers):\n    return max(numbers)"
    with pytest.raises(bundle.BundleError, match="max"):
        _bundled("from b import largest\ndef max(x):\n    return 0", part)


def test_copies_of_copies():
    twice = "from b import short\ndef twice(text):\n    return short(short(text))"
    assert _run("from c import twice\nresult = twice(b'abcd')", c=twice)["result"] == b"363136"


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    from b import short\n    return short",
        "import b\nb.short",
        "from other import short\nshort",
    ],
)
def test_other_imports_stay(text):
    assert _bundled(text) == ast.unparse(ast.parse(text))


def test_modules_that_stay_in_memory_are_left_alone():
    texts = {"a": "from b import short", "b": PART}
    assert bundle.bundle(texts, ["b"])["a"] == texts["a"]


def test_a_module_of_a_package_is_no_name_in_it():
    texts = {"a": "from b import c\nc.short", "b": PART, "b.c": PART}
    assert ast.unparse(ast.parse(bundle.bundle(texts, texts)["a"])) == texts["a"]


def test_a_name_that_is_not_there_is_noticed():
    with pytest.raises(bundle.BundleError, match="long"):
        _bundled("from b import long")


def test_a_module_that_does_something_cannot_be_copied():
    with pytest.raises(bundle.BundleError, match="only define and import"):
        _bundled("from b import short", PART + "if _LONG:\n    _OTHER = 5\n")


def test_an_argument_is_not_renamed():
    part = "def number():\n    return 1\ndef add(number, n=number()):\n    return number + n"
    with pytest.raises(bundle.BundleError, match="number"):
        _bundled("from b import add\nnumber = 5", part)
