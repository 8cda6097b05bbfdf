"""The power is cut at every change of flash and NVS, from the first look to trial and return."""

import json
from pathlib import Path

import pytest
from update import releases
from update.board_cases import described, entry, named

DEVICE = Path(__file__).parents[1] / "device"
A, B = 16, 32  # the slot has worked; see firmware/start/slot_state.py


@pytest.mark.parametrize(
    "name, kind, worked",
    [
        ("firmware", "good", A),
        ("firmware", "good", A | B),
        ("firmware", "bad", A),
        ("brings a next key", "good", A),
        ("a sealed Wi-Fi change", "good", A),
        ("a sealed Wi-Fi change", "bad", A | B),
    ],
)
def test_one_slot_is_whole_and_the_board_ends_where_it_would(
    micropython, tmp_path, name, kind, worked
):
    case = tmp_path / "case.json"
    case.write_text(json.dumps(described(named(name))))
    script = DEVICE / "update_power_cuts.py"
    printed = micropython(script, case, kind, str(worked), heap="8M", path=[DEVICE], timeout_s=600)
    end = json.loads(printed.splitlines()[-1])
    assert end["cuts"] > 60
    entries, is_new = end["entries"], kind == "good"
    # The counter only goes up; b works and is not on trial, or a is back after three starts.
    assert int(entries["slot"]) == releases.COUNTER << 6 | (0b110001 if is_new else 0b010000)
    assert entries.get("back", "0") == ("0" if is_new else "1")
    assert ("new router" in entries["wifi"]) == (is_new and "sealed" in name)
    assert "wifi_before" not in entries
    is_renewed = entries["update_next"] != str(bytes.fromhex(entry(releases.modulus("next"))))
    assert is_renewed == (is_new and "next key" in name)
    assert ("release" in end["files"]) == is_new
