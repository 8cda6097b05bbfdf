"""A user of the commands cloud, cost and status at a local account.

pytest_plugins = ("local_aws", "role_aliases", "cloud_user")
def test_something(user): user.types("cloud show"), user.code, user.out, user.err
"""

import json

import pytest
import typer
from megacam import console
from megacam.commands import cloud, cost, status
from uploading_board import Board


class User:
    """Runs commands; `out`, `err` and `code` are those of the last one."""

    def __init__(self, account, capsys):
        self.account, self.board = account, Board(account)
        self._capsys = capsys
        self.said = ""
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.add_typer(cloud.make_app(self.board.open), name="cloud")
        app.command("cost")(cost.cost_command)
        app.command("status")(status.status_command)
        self._app = typer.main.get_command(app)

    def types(self, line):
        words = line.replace("BUCKET", self.account.bucket).split()
        self.code = console.run(self._app, words)
        self.out, self.err = self._capsys.readouterr()
        self.said += self.out + self.err
        return self.out

    def data(self, line):
        return json.loads(self.types(line + " --json"))


@pytest.fixture
def user(account, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", account.aws.region)
    monkeypatch.setenv("MEGACAM_BUCKET", account.bucket)
    return User(account, capsys)
