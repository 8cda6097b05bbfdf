"""tools/megacam/sim/interpreter.py: processes forked from one that has loaded MicroPython."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from megacam.sim import interpreter


def _start(code, **options):
    return interpreter.start("-c", code, environment={}, **options)


def _ended(pid):
    """Wait until no process has this number; the fork server collects it in a moment."""
    for _ in range(6000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} still runs")


@pytest.mark.parametrize(
    ("code", "ends"),
    [("print('é')", 0), ("import sys\nsys.exit(77)", 77), ("1 // 0", 1)],
)
def test_its_exit_code_is_told(code, ends):
    process = _start(code)
    printed = process.read(60)
    assert process.wait() == process.wait() == ends
    assert ("é" in printed, "ZeroDivisionError" in printed) == (ends == 0, ends == 1)


def test_it_gets_its_environment_its_text_and_its_descriptors_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"by descriptor")
    code = """
import os, sys
print(len(sys.stdin.read()), os.getenv("HOME"), os.getenv("GIVEN"))
with open(int(os.getenv("FD")), "rb") as f:
    print(f.read(), os.getcwd())
"""
    text = "x" * 300_000  # more than a pipe holds
    with path.open("rb") as file:
        process = interpreter.start(
            *("-c", code),
            heap="4M",
            environment={"GIVEN": "1"},
            descriptors={"FD": file},
            text=text,
        )
    said = process.read(60).splitlines()
    assert said == ["300000 None 1", f"b'by descriptor' {Path.cwd()}"]


def test_what_takes_too_long_is_killed():
    process = _start("while True: pass")
    with pytest.raises(TimeoutError):
        process.read(0.2)
    assert process.wait() == -signal.SIGKILL
    _ended(process.pid)


def test_a_signal_reaches_it_and_none_reaches_one_that_has_ended():
    code = """
import time
try:
    print("runs")
    time.sleep(60)
except KeyboardInterrupt:
    print("end")
"""
    process = _start(code)
    assert process.stdout.readline() == "runs\n"
    process.send_signal(signal.SIGINT)
    assert process.read(60) == "end\n" and process.wait() == 0
    process.kill()


def test_two_live_at_once_and_the_end_of_one_is_not_the_others():
    first, second = _start("input()\nprint(1)"), _start("import time\ntime.sleep(60)")
    assert first.wait() == 1  # it has no text, so input() fails
    second.kill()
    assert second.wait() == -signal.SIGKILL


def test_it_ends_with_the_object_that_holds_it():
    process = _start("import time\ntime.sleep(60)")
    pid = process.pid
    os.kill(pid, 0)
    del process
    gc.collect()
    _ended(pid)


def test_the_next_one_starts_after_many_that_were_killed_while_they_ended():
    def use(wait):
        for number in range(60):
            process = _start("pass")
            time.sleep(number % 12 / 2000)
            process.kill()
            if wait:
                process.wait()

    users = [threading.Thread(target=use, args=(number % 2,)) for number in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert _start("print(2)").read(60) == "2\n"


def test_it_ends_with_the_program_that_started_it():
    code = """
import os, threading
from megacam.sim import interpreter
def start():
    global process
    process = interpreter.start("-c", "import time; time.sleep(60)", environment={})
    print(process.pid, flush=True)
for _ in range(2):  # the first thread's end does not end the fork server
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
os._exit(1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pids = done.stdout.split()
    assert len(pids) == 2, done.stderr
    for pid in pids:
        _ended(int(pid))
