"""Fixtures for all tests: MicroPython as a subprocess, and less work for garbage collection."""

import gc
import os
import signal
import subprocess
from pathlib import Path

import pytest
from megacam.sim import interpreter

ROOT = Path(__file__).parent.parent
PORT = ROOT / "tools" / "megacam" / "sim" / "port"

# A shell makes background jobs ignore SIGINT, and every process that the tests start would inherit
# that: then Ctrl-C could not end any of them.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def micropython():
    """Return run(*args, heap=, path=, stdin=, timeout_s=, env=) -> stdout; it asserts success."""

    def run(*args, heap=interpreter.HEAP, path=(), stdin=None, timeout_s=60, env=None):
        path = [*map(str, path), str(ROOT / "lib"), str(ROOT), str(PORT), ".frozen"]
        done = subprocess.run(
            interpreter.command(*map(str, args), heap=heap),
            env={**os.environ, "MICROPYPATH": ":".join(path), **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(autouse=True, scope="module")
def few_objects_to_collect():
    """Freeze live objects for CPython's collector: device code calls gc.collect() at each load."""
    gc.collect()
    gc.freeze()
