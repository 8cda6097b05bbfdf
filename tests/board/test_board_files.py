"""The files that the board rewrites survive a power cut at any write of the flash."""

from pathlib import Path

import pytest

DEVICE = Path(__file__).parents[1] / "device"


@pytest.mark.parametrize("name", ["config", "sequence", "counters"])
def test_a_power_cut_at_any_write_leaves_the_old_file_or_the_new_one(micropython, name):
    out = micropython(DEVICE / "board_file_cuts.py", name, path=[DEVICE], heap="4M")
    assert int(out.split()[-2]) > 0
