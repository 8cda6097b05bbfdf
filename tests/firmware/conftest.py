"""The simulated board for most tests of this folder."""

import pytest
from app_rig import board


@pytest.fixture
def camera(tmp_path):
    """Yield a fast board with the firmware, default settings and one network."""
    with board(tmp_path) as board_:
        yield board_
