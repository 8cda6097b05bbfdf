"""What a board does with each release of tests/update/releases.py, from the first look on."""

import json
import re
from pathlib import Path

import pytest
from update import board_cases, releases

DEVICE = Path(__file__).parents[1] / "device"
CASES = releases.cases(board_cases.NOW)
# What the board says for each word of the owner's own verifier.
SAYS = {
    "length": r"has \d+ bytes|longer than",
    "signature": "not signed by a key",
    "text": "manifest (has|lacks|is)",
    "device": "another camera",
    "board": "for the board",
    "mpy": "another version of MicroPython",
    "older": "has had 41",
    "least": "needs release 42 first",
    "expired": "has expired",
    "hash": "is not what was signed",
    "size": "not (what was signed|the size)",
    "missing": "is not in the bucket",
    "seal": "sealed",
}


@pytest.fixture(scope="module")
def met(micropython, tmp_path_factory):
    """Return {name of a case: what the board did}."""
    path = tmp_path_factory.mktemp("update") / "cases.json"
    lines = [json.dumps(board_cases.described(case)) for case in CASES]
    path.write_text("".join(line + "\n" for line in lines))
    printed = micropython(
        DEVICE / "update_attacks.py", path, heap="16M", path=[DEVICE], timeout_s=300
    )
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return dict(zip([case.name for case in CASES], found, strict=True))


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.why], ids=lambda case: case.name
)
def test_a_good_release_is_kept(met, case):
    found = met[case.name]
    assert (found["slot"], found["refused"]) == ("/b", "")
    assert "release" in found["files"]
    assert not [path for path in found["files"] if path.endswith(".part")]


def test_an_endless_file_is_read_no_further_than_it_was_signed(met):
    found = met["an endless file"]
    assert (found["slot"], found["answers"]) == ("/b", met["firmware"]["answers"])
    assert found["files"] == {**met["firmware"]["files"], "release": found["files"]["release"]}


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.why and case.name != "an endless file"],
    ids=lambda case: case.name,
)
def test_any_other_changes_nothing(met, case):
    found = met[case.name]
    assert found["slot"] == "/a"
    assert found["same"], "the running slot or NVS has changed"
    if case.waits:
        assert found["refused"] == ""
    else:
        assert re.search(SAYS[case.why], found["refused"]), found["refused"]
    assert found["answers"] < 30
