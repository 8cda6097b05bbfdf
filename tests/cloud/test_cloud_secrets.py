"""No cloud secret in any output, file or argument list, from the first key to the last."""

import logging
import sys

import pytest
import typer
from megacam import console
from megacam.cloud import create, iot
from megacam.cloud.spec import CloudSpec
from megacam.commands import cloud
from megacam.errors import MegacamError
from uploading_board import Board

pytest_plugins = ("local_aws", "role_aliases")

_children = []


def _hear(event, args):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"):
        _children.append(str(args))


@pytest.fixture
def children():
    """Return the list of all command lines that are started during the test."""
    # An audit hook cannot be removed, so there is only one, and each test clears its list.
    if not getattr(sys, "_megacam_hears", False):
        sys.addaudithook(_hear)
        sys._megacam_hears = True
    _children.clear()
    return _children


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a new home folder that receives all files that are written."""
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Faulty(Board):
    """A board that fails on request; `secrets` has every secret that it was given."""

    def __init__(self, account):
        super().__init__(account)
        self.secrets, self.fault = [], None

    def put_key(self, key):
        if isinstance(key, iot.DeviceCertificate):
            self.secrets += key.private_key_pem.split("-----")[2].split()
        else:
            self.secrets.append(key.secret_access_key)
        if self.fault == "cable":
            raise MegacamError("the cable was pulled")
        self.key = key

    def prove_key(self, key):
        if self.fault == "defect":
            raise ValueError(f"a defect that tries to print {key} and {[key]!r}")


class User:
    """Runs cloud commands with a board that fails on request."""

    def __init__(self, account, home):
        self.board, self._home = Faulty(account), home
        self._app = typer.Typer(pretty_exceptions_enable=False)
        self._app.add_typer(cloud.make_app(self.board.open), name="cloud")
        self._where = ["--bucket", account.bucket, "--region", account.aws.region]
        self.codes = []

    def types(self, line, fault=None):
        self.board.fault = fault
        words = ["cloud", *line.split(), *self._where]
        self.codes.append(console.run(self._app, words))

    def check(self, said):
        """Raise if a secret is in the output `said` or in a file; `said` has public key ids."""
        files = b"".join(one.read_bytes() for one in self._home.rglob("*") if one.is_file())
        assert self.board.secrets
        assert self.board.key.identity in said
        for secret in self.board.secrets:
            assert secret not in said
            assert secret.encode() not in files


def test_a_life_of_a_camera_leaves_no_secret_behind(account, home, children, capfd, caplog):
    caplog.set_level(logging.INFO)
    user = User(account, home)
    user.types("create -d cam1 --yes")
    user.types("rotate -d cam1 --yes")
    user.types("rotate -d cam1 --yes --json")
    user.types("rotate -d cam1 --yes", fault="cable")
    user.types("rotate -d cam1 --yes", fault="defect")
    user.types("rotate -d cam1 --yes")
    user.types("show")
    user.types("show --json")
    user.types(f"destroy --photos --yes --confirm {account.bucket}")
    assert user.codes == [0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert len(user.board.secrets) == 5
    user.check("".join(capfd.readouterr()) + caplog.text + str(children))


def test_a_private_key_is_in_no_output_and_no_file(
    account, aliases, home, children, capfd, caplog
):
    name, user = f"cam-{account.bucket.split('-')[-1]}", User(account, home)
    create.plan(account.aws, CloudSpec(account.bucket, name, iot=True)).make()
    user.types(f"rotate --iot -d {name} --yes --json")
    user.types(f"rotate --iot -d {name} --yes", fault="defect")
    user.types(f"rotate -d {name} --yes")
    user.types("show --json")
    assert user.codes == [0, 1, 0, 0]
    user.check("".join(capfd.readouterr()) + caplog.text + str(children))
