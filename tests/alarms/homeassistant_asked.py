"""Ask Home Assistant's own schemas about discovery messages, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def home_assistant_says(messages):
    """Return for each (topic, message) what Home Assistant refuses or ignores of it."""
    wheel = list((Path(sys.prefix) / "homeassistant").glob("homeassistant-*.whl"))
    if not wheel:
        words = "Home Assistant is missing: make .venv/homeassistant"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    paths = [wheel[0].parent, wheel[0], Path(__file__).parents[1]]
    asked = subprocess.run(
        [sys.executable, "-m", "alarms.homeassistant_schema"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        input=json.dumps(messages), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    return json.loads(asked.stdout)
