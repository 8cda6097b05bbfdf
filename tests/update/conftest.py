"""For tests that type commands: an owner with keys beside a local S3, see owner.py."""

import functools
import shutil

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from megacam.commands import update_options
from megacam.update import keys
from megacam.update.keys import KeyFolder
from update.owner import PASSPHRASE, Owner

# Each command would prove again, in a tenth of a second, that the factors of its key are prime.
_load_once = functools.lru_cache(16)(pkcs12.load_key_and_certificates)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = KeyFolder(tmp_path_factory.mktemp("owner") / "keys")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keys, "_ROUNDS", 1000)  # else each command takes a tenth of a second
        folder.make("current", PASSPHRASE)
        folder.make("next", PASSPHRASE)
    return folder.path


@pytest.fixture
def owner(account, made, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "keys")
    monkeypatch.setenv("MEGACAM_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("MEGACAM_UPDATE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("MEGACAM_BUCKET", account.bucket)
    monkeypatch.setenv("AWS_REGION", account.aws.region)
    found = Owner(account, tmp_path / "keys", capsys)
    monkeypatch.setattr(pkcs12, "load_key_and_certificates", _load_once)
    monkeypatch.setattr(update_options, "now", lambda: found.now)
    return found
