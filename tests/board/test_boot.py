"""boot.py chooses the slot; the cases are in tests/device/boot_cases.py and run on MicroPython."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "device" / "boot_cases.py"
NAMES = [
    node.name
    for node in ast.parse(CASES.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]


@pytest.mark.parametrize("name", NAMES)
def test_boot(micropython, name):
    out = micropython(CASES, name, ROOT, path=[CASES.parent], heap="4M")
    assert out.splitlines()[-1] == "done"
