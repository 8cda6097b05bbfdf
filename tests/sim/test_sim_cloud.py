"""`megacam sim cloud`: with the environment that it prints, every command works."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest
from megacam import cli, console
from megacam.sim.pty_board import PtyBoard
from usb_board import WIFI


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cloud:
    """The command as it runs in its own terminal; `said` is its output."""

    def __init__(self, folder, *options):
        argv = [sys.executable, "-m", "megacam", "sim", "cloud", *options]
        self._process = subprocess.Popen(
            argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        timer = threading.Timer(90, self._process.kill)
        timer.start()
        for line in self._process.stdout:
            self.said += line
            if line.startswith("  megacam gallery"):
                break
        timer.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self.said += self._process.communicate(timeout=120)[0]
        self.code = self._process.returncode

    def commands(self):
        """Return the arguments of each command that it suggests."""
        lines = re.findall(r"^  megacam (.*)$", self.said, re.MULTILINE)
        return [line.split() for line in lines]


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "MEGACAM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *words):
    code = console.run(cli.app, words)
    out, err = capsys.readouterr()
    return code, out + err


def test_every_command_works_with_what_it_prints(home, monkeypatch, capsys):
    with (
        Cloud(home, "--port", str(_free_port())) as cloud,
        PtyBoard(home / "sim-board", {}, networks=[WIFI], camera=["--scene"]) as board,
    ):
        board.plug_in()
        for name, value in re.findall(r"^  export (\w+)=(.*)$", cloud.said, re.MULTILINE):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MEGACAM_WIFI_SSID", WIFI["ssid"])
        monkeypatch.setenv("MEGACAM_WIFI_PASSWORD", WIFI["password"])
        start, *commands = cloud.commands()
        assert start == ["sim", "board", "--pty"]
        for command in ("create", "rotate"):
            code, said = _run(capsys, "cloud", command, "--iot", "--yes")
            assert code == 1
            assert re.search(r"--iot needs AWS IoT, which https://localhost:\d+ does not", said)
        for words in commands:
            # The gallery would run as a web server; the export reads the same photos.
            words = ["gallery", "export", "site"] if words == ["gallery"] else words
            more = ["--yes"] if words[-1] == "sim-board/tty" else []
            code, said = _run(capsys, *words, *more)
            assert code == 0, (words, said)
        assert list((home / "site").rglob("*.jpg"))
    assert cloud.code == 0
    assert json.loads((home / "config.json").read_text())["s3"]["bucket"] == "megacam-demo"


def test_a_config_for_another_store_stays_and_is_named(home, capsys):
    (home / "config.json").write_text('{"s3": {"bucket": "mine"}}')
    with Cloud(home, "--port", str(_free_port())) as cloud:
        assert "! config.json names another store; stop this and name" in cloud.said
    assert (home / "config.json").read_text() == '{"s3": {"bucket": "mine"}}'
    with Cloud(home, "--port", str(_free_port()), "--config", "sim.json") as cloud:
        assert "wrote sim.json" in cloud.said
        assert all(words[-1] == "sim.json" for words in cloud.commands()[1:])


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_is_one_sentence(home, kind):
    with socket.socket(type=kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = str(other.getsockname()[1])
        with Cloud(home, "--port", port) as cloud:
            pass
    assert cloud.code == 1
    assert cloud.said.count("\n") == 1
    assert f"port {port}: Address already in use; choose another with --port" in cloud.said
