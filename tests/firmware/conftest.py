"""The simulated board of most tests here."""

import pytest
from app_rig import board


@pytest.fixture
def camera(tmp_path):
    """Give a fast board with the firmware, default settings and one network."""
    with board(tmp_path) as board_:
        yield board_
