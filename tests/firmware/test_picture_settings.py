"""The picture settings in config.json and the register writes that they cause."""

import importlib
import sys
import types

import pytest
from arducam_mega_rig import RESET, Rig

from firmware.settings import config, schema, together

# Register writes according to the application note "Mega SPI Camera Series", section 2.
WRITES = {
    ("3mp", "rotation", 180): [(0x2B, 1)],
    ("3mp", "brightness", 2): [(0x22, 3)],
    ("3mp", "contrast", -1): [(0x23, 2)],
    ("3mp", "saturation", 3): [(0x24, 5)],
    ("3mp", "ev", -3): [(0x25, 6)],
    ("3mp", "white_balance", "cloudy"): [(0x26, 3)],
    ("3mp", "effect", "sepia"): [(0x27, 4)],
    ("3mp", "sharpness", 5): [(0x28, 5)],
    ("3mp", "exposure", 1000): [(0x30, 1), (0x33, 0), (0x34, 3), (0x35, 0xE8)],
    ("3mp", "gain", 3): [(0x30, 0), (0x31, 0), (0x32, 0x18)],
    ("5mp", "autofocus", "continuous"): [(0x29, 0), (0x29, 2)],
    ("5mp-2025", "gain", 0): [(0x30, 0), (0x31, 0), (0x32, 0)],
}


@pytest.fixture
def prepared(monkeypatch):
    """Yield (function that sets up a rig's camera as the firmware does, list of log lines)."""
    said = []
    log = types.SimpleNamespace(log=lambda text, why: said.append(f"{text}: {why}"))
    monkeypatch.setitem(sys.modules, "firmware.log", log)
    monkeypatch.delitem(sys.modules, "firmware.shot.camera", raising=False)
    camera = importlib.import_module("firmware.shot.camera")

    def prepare(rig, **picture):
        """Set up the camera; return the register writes since the reset."""
        monkeypatch.setattr(config, "section", lambda name: _section(**picture))
        camera._prepare(rig.camera)
        return rig.writes[len(rig.writes) - rig.writes[::-1].index(RESET) :]

    yield prepare, said
    sys.modules.pop("firmware.shot.camera", None)


def _section(**picture):
    raw = {"s3": {"bucket": "photos"}, "camera": {"resolution": "640x480", **picture}}
    return together.nest(schema.check(raw)[0])["camera"]


def _has(writes, wanted):
    return any(writes[i : i + len(wanted)] == wanted for i in range(len(writes)))


@pytest.mark.parametrize("case", WRITES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_setting_is_written_at_the_start_and_after_a_reset(prepared, case):
    model, name, value = case
    with Rig(model) as rig:
        assert _has(prepared[0](rig, **{name: value}), WRITES[case])
        seen = len(rig.writes)
        rig.camera.reset()  # explicit reset: the settings are lost
        rig.camera.configure(**_section(**{name: value}))
        rig.camera.id = 0  # as after the driver has lost the camera
        rig.camera.capture().close()
        again = rig.writes[seen:]
        assert again.count(RESET) == 2
        assert _has(again[len(again) - again[::-1].index(RESET) :], WRITES[case])


@pytest.mark.parametrize("model", ["3mp", "5mp", "5mp-v2", "3mp-2025"])
def test_the_defaults_write_nothing(prepared, model):
    defaults = {row[0][7:]: row[4] for row in schema.SETTINGS if row[0].startswith("camera.")}
    quality = {"quality": defaults.pop("quality")}
    del defaults["resolution"]
    with Rig(model) as rig, Rig(model) as other:
        all_named = prepared[0](rig, **quality, **defaults)
        assert all_named == prepared[0](other, **quality)
    assert len(defaults) == 11


def test_what_a_model_lacks_costs_that_setting_only_and_is_logged(prepared):
    with Rig("5mp") as rig:
        writes = prepared[0](rig, sharpness=3, brightness=-1, effect="yellow")
        assert (0x22, 2) in writes and 0x28 not in dict(writes)
    effect, sharpness = sorted(prepared[1])
    assert effect.startswith("E camera setting refused: 5MP: effect 'yellow' is not offered;")
    assert sharpness.startswith("E camera setting refused: 5MP: no setting 'sharpness'; it has")


def test_a_wrong_value_is_refused_with_what_there_is():
    for name, value, part in (
        ("rotation", 90, "camera.rotation is 90; it must be one of 0, 180"),
        ("rotation", False, "one of 0, 180"),
        ("brightness", 5, "a whole number from -4 to 4"),
        ("sharpness", 9, '"auto" or a whole number from 1 to 8'),
        ("exposure", True, '"auto" or a whole number from 1 to 65535'),
        ("effect", "blur", "one of none, cool, warm"),
    ):
        with pytest.raises(Exception) as refused:
            _section(**{name: value})
        assert type(refused.value).__name__ == "ConfigError" and part in str(refused.value)


def test_the_ranges_hold_all_that_any_model_takes():
    models = [f"arducam_mega.models.id_{n:02x}" for n in range(0x81, 0x88)]
    tables = [importlib.import_module(name) for name in models]
    rows = {row[0]: row for row in schema.SETTINGS}
    for name, ranges in (
        ("camera.exposure", [table._EXPOSURE for table in tables]),
        ("camera.gain", [table._GAIN for table in tables]),
    ):
        low, high = rows[name][2:4]
        assert (low, high) == (min(r[0] for r in ranges), max(r[1] for r in ranges))
