"""A PUT with the worst that a server, proxy or network can do, byte by byte.

The cases are generated. Each must end in success or in an error that says what to do, within the
deadline of the request, without an open socket left, and within the memory of a board.
"""

import concurrent.futures
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
SLACK_MS = 1000
PROCESSES = 5


def test_there_are_enough_cases():
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def results(authority, root_der, compiled, micropython, tmp_path_factory):
    """Run all cases, each on its own port, in a few interpreters; return {name: result}."""
    folder = tmp_path_factory.mktemp("hostile")

    def run(number):
        cases = CASES[number::PROCESSES]
        steps = []
        for case in cases:
            endpoint = f"https://localhost:{server.play(case.script)}"
            job = {"limit_ms": case.limit_ms}
            steps.append({"op": "put", "key": "cam1/a.jpg", "size": case.size, "job": job})
            steps[-1]["endpoint"] = endpoint
        file = folder / f"job{number}.json"
        file.write_text(json.dumps({"roots": [str(root_der)], "steps": steps}))
        # The job itself needs some heap.
        heap = f"{80 + file.stat().st_size // 250}K"
        out = micropython("-m", SESSION.stem, file, heap=heap, path=[compiled], timeout_s=300)
        lines = [json.loads(line) for line in out.splitlines()]
        lines = [line for line in lines if "log" not in line]
        return {case.name: line for case, line in zip(cases, lines, strict=True)}

    with ScriptedServer(server_context(issue(authority))) as server:
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            parts = list(pool.map(run, range(PROCESSES)))
        assert not server.faults
    return {name: line for part in parts for name, line in part.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_ends_as_expected(case, results):
    result = results[case.name]
    assert result["ms"] <= case.limit_ms + SLACK_MS, result
    if case.expect == "success":
        assert "error" not in result, result
        assert result["status"] == 200
    elif case.expect != "any":
        assert result.get("action") == case.expect, result
    if case.started is not None:
        assert result["body_started"] is case.started, result


def test_no_socket_is_left_open(results):
    assert len({result["fds"] for result in results.values()}) == 1, _openers(results)


def test_the_heap_does_not_grow(results):
    """All kinds of failures come early and load their modules once; after that nothing is added.

    The first refusal adds 4.5 KB, a new table for the names of its modules.
    """
    for number in range(PROCESSES):
        heaps = [results[case.name]["heap"] for case in CASES[number::PROCESSES]]
        assert max(heaps[-40:]) - max(heaps[:40]) < 1_000, heaps


def _openers(results):
    """Return the names of the cases that left more descriptors open than before."""
    names = []
    for number in range(PROCESSES):
        cases = CASES[number::PROCESSES]
        for before, after in itertools.pairwise(cases):
            if results[after.name]["fds"] > results[before.name]["fds"]:
                names.append(after.name)
    return names
