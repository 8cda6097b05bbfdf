"""Every file of tests/device runs on CPython (collected by pytest) and, here, on MicroPython."""

from pathlib import Path

import pytest

DEVICE = Path(__file__).parents[1] / "device"


@pytest.mark.parametrize("name", sorted(path.stem for path in DEVICE.glob("test_*.py")))
def test_on_micropython(name, micropython):
    out = micropython(DEVICE / "run.py", name, path=[DEVICE], heap="600K")
    assert int(out.split()[-1]) > 0, out
