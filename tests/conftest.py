"""Fixtures shared by all tests: the MicroPython interpreter as a subprocess."""

import gc
import os
import signal
import subprocess
from pathlib import Path

import pytest
from megacam.sim import interpreter

ROOT = Path(__file__).parent.parent
PORT = ROOT / "tools" / "megacam" / "sim" / "port"

# Whoever runs the tests in the background of a shell has Ctrl-C ignored, and all that they start
# inherits it: then nothing could be ended by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def micropython():
    """Return run(*args, heap=, path=, stdin=, timeout_s=, env=) -> stdout; it must succeed."""

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
    """Keep what is alive out of CPython's collector: device code collects before each load."""
    gc.collect()
    gc.freeze()
