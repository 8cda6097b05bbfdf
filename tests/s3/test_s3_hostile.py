"""A PUT with the worst that a server, proxy or network can do, byte by byte.

The cases are generated. Each must end in success or in an error that says what to do, within the
deadline of the request, without an open socket left, and within the memory of a board.
"""

import itertools
import json

import pytest
from hostile_puts import CASES
from servers.running import (
    SESSION,
    authority,
    compiled,
    issue,
    root_der,
    server_context,
)
from servers.scripted import ScriptedServer

__all__ = ["authority", "compiled", "root_der"]

# How much a busy machine may exceed a deadline; the client itself does not exceed it.
SLACK_MS = 10_000
PARTS = 5


def test_there_are_enough_cases():
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)


def _run(number, server, micropython, compiled, root_der, folder):
    """Run a part of the cases in one interpreter, each on its own port; return their results."""
    cases = CASES[number::PARTS]
    steps = []
    for case in cases:
        # The deadline of a request to a server that stalls passes without being waited for.
        stalled = folder / f"{case.name}.stalled"
        endpoint = f"https://localhost:{server.play(case.script, stalled)}"
        job = {"limit_ms": case.limit_ms, "stalled": str(stalled)}
        steps.append({"op": "put", "key": "cam1/a.jpg", "size": case.size, "job": job})
        steps[-1]["endpoint"] = endpoint
    file = folder / "job.json"
    file.write_text(json.dumps({"roots": [str(root_der)], "steps": steps}))
    # The job itself needs some heap.
    heap = f"{80 + file.stat().st_size // 250}K"
    out = micropython("-m", SESSION.stem, file, heap=heap, path=[compiled], timeout_s=300)
    lines = [json.loads(line) for line in out.splitlines()]
    return [line for line in lines if "log" not in line]


def _is_as_expected(case, result):
    if result["ms"] > case.limit_ms + SLACK_MS:
        return False
    if case.started is not None and result["body_started"] is not case.started:
        return False
    if case.expect == "success":
        return "error" not in result and result["status"] == 200
    return case.expect == "any" or result.get("action") == case.expect


# A part is one test, so that no case runs twice, in whatever worker.
@pytest.mark.parametrize("number", range(PARTS))
def test_each_case_ends_as_expected_and_leaves_neither_socket_nor_garbage(
    number, authority, root_der, compiled, micropython, tmp_path
):
    with ScriptedServer(server_context(issue(authority))) as server:
        results = _run(number, server, micropython, compiled, root_der, tmp_path)
        assert not server.faults
    cases = CASES[number::PARTS]
    wrong = {
        case.name: result
        for case, result in zip(cases, results, strict=True)
        if not _is_as_expected(case, result)
    }
    assert not wrong
    descriptors = [result["fds"] for result in results]
    steps = zip(cases[1:], itertools.pairwise(descriptors), strict=True)
    assert len({*descriptors}) == 1, [case.name for case, (one, two) in steps if two > one]
    # All kinds of failures come early and load their modules once; after that nothing is added.
    # The first refusal adds 4.5 KB, a new table for the names of its modules.
    heaps = [result["heap"] for result in results]
    assert max(heaps[-40:]) - max(heaps[:40]) < 1_000, heaps
