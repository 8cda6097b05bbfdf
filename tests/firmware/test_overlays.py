"""Overlays: imports that the build replaces by loads, and the loader on a real MicroPython."""

import ast
import re
import subprocess

import app_rig
import pytest
from megacam.board import overlays, tree
from megacam.sim import interpreter

OFFSETS = {"firmware.shot.key": 100, "s3.put": 200}


def linked(text):
    return overlays.link(text, OFFSETS)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("from firmware.shot import key\nkey.name(1)", "overlay(100).name(1)\n"),
        ("from s3.put import put\nput(1)", "overlay(200).put(1)\n"),
        ("from firmware.shot import key as k\nk.a()\nk.b()", "k = overlay(100)\nk.a()\nk.b()\n"),
        (
            "from firmware.shot import key, other\nkey.a()",
            "from firmware.shot import other\noverlay(100).a()\n",
        ),
        (
            "def f(c):\n    from firmware.shot import key\n    return c and key.a()",
            "def f(c):\n    return c and overlay(100).a()\n",
        ),
        (
            "from firmware.shot import key\ndef f():\n    return key.a()",
            "key = overlay(100)\n\ndef f():\n    return key.a()\n",
        ),
        (
            "while True:\n    from firmware.shot import key\n    key.a()",
            "while True:\n    overlay(100).a()\n",
        ),
        (
            "from firmware.shot import key\nwhile True:\n    key.a()",
            "key = overlay(100)\nwhile True:\n    key.a()\n",
        ),
        (
            "if c:\n    from firmware.shot import key as m\n"
            "else:\n    from s3 import put as m\nm.a()",
            "if c:\n    m = overlay(100)\nelse:\n    m = overlay(200)\nm.a()\n",
        ),
        ("import time\nfrom firmware import clock\nclock.now()", None),
    ],
)
def test_an_import_becomes_a_load_where_it_is_used(source, result):
    assert linked(source) == (result or source + "\n")


def _imports_at_the_top(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)


def test_what_stays_in_memory_imports_no_overlay_at_its_top():
    files = tree.sources()
    on_demand = {tree.module_name(path) for path in files if not overlays.is_resident(path)}
    for path, source in files.items():
        if overlays.is_resident(path):
            assert not on_demand.intersection(_imports_at_the_top(source)), path


def test_no_module_is_named_in_a_text():
    names = {tree.module_name(path) for path in tree.sources()}
    for path, source in tree.sources().items():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
                # Allowed in the loader, and in sensor.py for the user's own sensor module.
                assert path.startswith("lib/overlay") or path == "firmware/shot/sensor.py"
            if path.startswith("firmware/settings/"):
                continue  # "s3.endpoint" is the name of a setting in these files
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "." not in node.value or node.value not in names, (path, node.value)


@pytest.fixture
def micropython(tmp_path):
    """Return run(modules, program) -> output of a program next to an archive of `modules`."""

    def run(modules, program):
        archive, offsets, linked = overlays.archive(modules, {"main": program}, tree.compile_texts)
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "overlay.bin").write_bytes(archive)
        text = (tree.root() / "lib" / "overlay.py").read_text()
        compiled = tree.compile_texts({"overlay": overlays.link(text, offsets)})
        (tmp_path / "lib" / "overlay.mpy").write_bytes(compiled["overlay"])
        (tmp_path / "main.py").write_text("__import__('overlay')\n" + linked["main"])
        done = subprocess.run(
            interpreter.command("main.py"),
            cwd=tmp_path,
            env={"MICROPYPATH": f"{tmp_path}/lib:.frozen"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert not done.stderr, done.stderr
        return done.stdout.splitlines()

    return run


NESTED = {
    "pair.inner": "import socket\nWORDS = ['inner']\n",
    "pair.outer": "from pair.inner import WORDS\ndef words():\n    return WORDS + ['outer']\n",
    "pair.broken": "raise ValueError('half a module')\n",
    "pair.large": "TEXT = '" + "x" * 3000 + "'\ndef size():\n    return len(TEXT)\n",
}


def test_an_overlay_may_need_another_at_its_top_and_leaves_nothing(micropython):
    program = """
import sys
def words():
    from pair import outer
    return outer.words()
files = [name for name in sys.modules if hasattr(sys.modules[name], '__file__')]
print(words(), words(), files, sys.path[0] == '/_')
"""
    words = "['inner', 'outer']"
    [line] = micropython(NESTED, program)
    assert line == f"{words} {words} ['overlay'] False"


def test_several_names_come_from_one_load(micropython):
    program = """
def words():
    from pair.many import FIRST, SECOND, NUMBER
    return FIRST is SECOND, NUMBER
print(words())
"""
    many = "FIRST = SECOND = object()\nNUMBER = 3\n"
    assert micropython({**NESTED, "pair.many": many}, program) == ["(True, 3)"]


def test_its_memory_is_free_for_the_next(micropython):
    program = """
import gc
def size():
    from pair import large
    return large.size()
size()
gc.collect()
before = gc.mem_alloc()
for _ in range(20):
    size()
gc.collect()
print(gc.mem_alloc() - before < 200)
"""
    assert micropython(NESTED, program) == ["True"]


def test_one_that_fails_is_in_nobody_s_way(micropython):
    program = """
def broken():
    try:
        from pair import broken
        broken.f()
    except ValueError as e:
        return str(e)
def words():
    from pair import outer
    return outer.words()
print(broken(), broken(), words())
"""
    assert micropython(NESTED, program) == ["half a module half a module ['inner', 'outer']"]


_AT_THE_PROMPT = """
from firmware import clock, spool
from firmware.spool import quarantine
import s3
from s3.body import BytesBody
from s3 import S3Error, put
from arducam_mega.models import id_81
print(clock.__name__, quarantine.__name__, put.__name__, s3.__path__)
import overlay_names
overlay_names.remove()
print(s3.__path__)
"""


def test_at_the_prompt_everything_is_imported_by_its_name(tmp_path):
    with app_rig.board(tmp_path) as camera:
        said = camera.exec(_AT_THE_PROMPT).splitlines()
    assert said == ["firmware.clock firmware.spool.quarantine s3.put /names/a/lib/s3", "/a/lib/s3"]


def test_what_the_host_s_commands_import_on_a_board_keeps_its_names():
    asked = set()
    for path in (tree.root() / "tools" / "megacam").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = re.findall(r"from ((?:firmware|s3|https)[\w.]*) import (\w+)", node.value)
                asked |= {name for one, two in found for name in (one, f"{one}.{two}")}
    overlay = {
        tree.module_name(name)
        for name, path in tree.sources().items()
        if not overlays.is_resident(name) and overlays.is_code(path.read_text(encoding="utf-8"))
    }
    assert asked & overlay
    assert asked & overlay <= overlays.AT_PROMPT <= overlay
