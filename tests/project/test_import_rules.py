"""Imports go down only: firmware -> lib -> MicroPython; the host tools import neither."""

import ast
from pathlib import Path

import pytest
from each import each

ROOT = Path(__file__).parents[2]
LIB = {path.stem for path in (ROOT / "lib").glob("*") if path.suffix in ("", ".py")}
HARDWARE = {"machine", "network", "esp32"}
TOUCHES_HARDWARE = {
    "credentials/__init__.py",
    "credentials/read.py",
    "health/counters.py",
    "health/led.py",
    "network/join.py",
    "power/battery.py",
    "power/trigger.py",
    "spool/sd_card.py",
    "start/board.py",
    "start/prompt.py",
    "start/restart.py",
    "start/slot_clear.py",
    "start/slot_confirm.py",
    "start/slot_state.py",
    "start/slot_switch.py",
    "start/slot_wait.py",
    "start/supervisor.py",
    "start/watchdog.py",
    "timing/rtc.py",
    "trigger.py",
    "wifi.py",
}


def _imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def _files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@each("path", _files("lib"))
def test_lib_knows_neither_the_application_nor_the_board(path):
    assert not _imports(path) & ({"firmware", "megacam"} | HARDWARE)


@each("path", _files("firmware"))
def test_firmware_imports_lib_and_only_the_named_modules_touch_the_board(path):
    assert "megacam" not in _imports(path)
    if path.relative_to(ROOT / "firmware").as_posix() not in TOUCHES_HARDWARE:
        assert not _imports(path) & HARDWARE


@each("path", _files("tools/megacam/sim/port"))
def test_the_stand_ins_import_nothing_that_they_serve(path):
    assert not _imports(path) & ({"firmware", "megacam"} | LIB)


@pytest.mark.parametrize(
    ("name", "imports", "lines"),
    [("boot.py", {"os", "sys", "esp32", "machine", "trial", "firmware"}, 50),
     ("main.py", {"firmware"}, 20),
     ("trial.py", {"os", "sys", "time", "machine", "esp32"}, 70)],
)  # fmt: skip
def test_boot_and_main_are_short_because_no_update_replaces_them(name, imports, lines):
    assert len((ROOT / name).read_text().splitlines()) < lines
    assert _imports(ROOT / name) == imports


@each("path", _files("lib") + _files("firmware"))
def test_importing_a_module_only_defines(path):
    if path.name == "overlay.py":
        return  # it registers itself as a builtin
    body = ast.parse(path.read_text()).body
    allowed = (
        ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.AsyncFunctionDef,
        ast.ClassDef, ast.Try, ast.If,
    )  # fmt: skip
    doing = [
        node
        for node in body
        if not isinstance(node, allowed)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert not doing, f"line {doing[0].lineno}"
