"""For all tests: MicroPython as a subprocess, one build of the firmware, less to collect."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from megacam.board import builds
from megacam.sim import interpreter

ROOT = Path(__file__).parent.parent
PORT = ROOT / "tools" / "megacam" / "sim" / "port"

# A shell makes background jobs ignore SIGINT, and every process that the tests start would inherit
# that: then Ctrl-C could not end any of them.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Workers and commands load the same modules hundreds of times, so these are compiled only once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config):
    """Let all processes of this run share what one of them has built; workers find it set."""
    if builds.FOLDER not in os.environ:
        os.environ[builds.FOLDER] = folder = tempfile.mkdtemp(prefix="megacam-builds-")
        # A developer's own update keys are for nobody's tests.
        os.environ["MEGACAM_KEYS"] = f"{folder}/no-keys"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def micropython():
    """Return run(*args, heap=, path=, stdin=, timeout_s=, env=) -> stdout; it asserts success."""

    def run(*args, heap=interpreter.HEAP, path=(), stdin=None, timeout_s=60, env=None):
        path = [*map(str, path), str(ROOT / "lib"), str(ROOT), str(PORT), ".frozen"]
        environment = {**os.environ, "MICROPYPATH": ":".join(path), **(env or {})}
        args = list(map(str, args))
        if "LD_PRELOAD" in environment:  # a new process loads it, a fork does not
            done = subprocess.run(
                interpreter.command(*args, heap=heap), env=environment, input=stdin,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s
            )  # fmt: skip
            printed, code = done.stdout, done.returncode
        else:
            process = interpreter.start(
                *args, heap=heap, environment=environment, text=stdin or ""
            )
            printed = process.read(timeout_s)
            code = process.wait()
        assert code == 0, printed
        return printed

    return run


@pytest.fixture(autouse=True, scope="module")
def few_objects_to_collect():
    """Freeze live objects for CPython's collector: device code calls gc.collect() at each load."""
    gc.collect()
    gc.freeze()
