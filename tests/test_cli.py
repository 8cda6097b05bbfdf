"""The command line as it is installed: its commands, without any extra."""

import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).parent.parent / "tools"
# What the extras bring; whoever looks after a camera needs none of it.
EXTRAS = ("PIL", "littlefs", "micropython_unix", "ministack", "nicegui", "trustme")


def _megacam(*words, without=()):
    body = (
        f"import sys; sys.path.insert(0, {str(TOOLS)!r})\n"
        f"for name in {without!r}: sys.modules[name] = None\n"
        "from megacam import cli, console\n"
        f"sys.exit(console.run(cli.app, {words!r}))"
    )
    command = [sys.executable, "-c", body]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_tools_of_the_cloud_need_no_extra():
    board = [[name, "--help"] for name in ("setup", "flash", "deploy", "provision", "doctor")]
    for words in (["--help"], ["cloud", "--help"], ["status", "--help"], ["cost"], *board):
        done = _megacam(*words, without=EXTRAS)
        assert (done.returncode, done.stderr) == (0, "")


def test_nothing_typed_shows_the_help_and_is_misuse():
    done = _megacam()
    assert done.returncode == 2
    assert "Commands:" in done.stdout + done.stderr


def test_help_in_a_pipe_is_plain():
    done = _megacam("cloud", "create", "--help")
    assert not set(done.stdout) & set("│─╭┃━\x1b")


def test_a_command_that_needs_an_extra_names_it_in_one_sentence():
    for words, extra in ((["demo"], "demo"), (["gallery", "--bucket", "b"], "gallery")):
        done = _megacam(*words, without=EXTRAS)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert f"pip install 'megacam[{extra}]'" in done.stderr
