"""What a board does with each release of tests/update/releases.py, from the first look on.

The releases are signed when a test wants them: to make their keys takes longer than to collect a
thousand tests, and each worker collects.
"""

import json
import re
from pathlib import Path

import pytest
from update import board_cases, releases

DEVICE = Path(__file__).parents[1] / "device"
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
def cases():
    return releases.cases(board_cases.NOW)


@pytest.fixture(scope="module")
def met(cases, micropython, tmp_path_factory):
    """Return {name of a case: what the board did}."""
    path = tmp_path_factory.mktemp("update") / "cases.json"
    lines = [json.dumps(board_cases.described(case)) for case in cases]
    path.write_text("".join(line + "\n" for line in lines))
    printed = micropython(
        DEVICE / "update_attacks.py", path, heap="16M", path=[DEVICE], timeout_s=300
    )
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return dict(zip([case.name for case in cases], found, strict=True))


def test_a_good_release_is_kept(met, cases):
    good = [case.name for case in cases if not case.why]
    assert len(good) > 5
    for name in good:
        found = met[name]
        assert (found["slot"], found["refused"]) == ("/b", ""), name
        assert "release" in found["files"], name
        assert not [path for path in found["files"] if path.endswith(".part")], name


def test_any_other_changes_nothing(met, cases):
    bad = [case for case in cases if case.why]
    assert len(bad) > 60
    for case in bad:
        found = met[case.name]
        assert found["slot"] == "/a", case.name
        assert found["same"], f"{case.name}: the running slot or NVS has changed"
        assert not found["mixed"], f"{case.name}: the board might go back to a mixture"
        if case.waits:
            assert found["refused"] == "", case.name
            assert found["knows"] == (case.why != "early"), f"{case.name}: fetched each time"
        else:
            assert re.search(SAYS[case.why], found["refused"]), (case.name, found["refused"])
            is_wrong = case.name in (
                "a cut file",
                "an empty file",
                "a larger size",
                "an endless file",
            )
            said = found["refused"].endswith("has not the size that was signed")
            assert said or not is_wrong, case.name
            assert found["knows"] or not is_wrong, f"{case.name}: downloaded with each report"
        assert found["answers"] < 30, case.name
