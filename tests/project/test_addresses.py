"""Addresses that a user gives: what is none gives one sentence, wherever it is given."""

import json

import pytest
from megacam import console
from megacam import settings as board_settings
from megacam.alarms import settings
from megacam.aws import Aws
from megacam.board import mip
from megacam.cli import app
from megacam.digest import models
from megacam.errors import MegacamError

_NONE = (
    "[x", "SCHEME://[x", "SCHEME://ho st", "SCHEME://a\n", "SCHEME://a\t/", "SCHEME://[::1",
    "SCHEME://a:99999", "SCHEME://a:b", "SCHEME://a:0", "SCHEME://", "SCHEME://:80",
)  # fmt: skip


def _of_alarms(entry):
    """Return what reads an alarms.json with an address, given as (name, field)."""
    name, field = entry
    more = {"telegram": {"chat": "1", "token": "t"}}.get(name, {})

    def read(address):
        settings.parse(json.dumps({name: {**more, field: address}}))

    return read


def _of_environment(address):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        Aws(region="us-east-1").client("s3")


_READERS = {
    "--mqtt": ("mqtt", settings.broker),
    "mqtt.server": ("mqtts", _of_alarms(("mqtt", "server"))),
    "ntfy.url": ("https", lambda address: _of_alarms(("ntfy", "url"))(f"{address}/topic")),
    "telegram.server": ("https", _of_alarms(("telegram", "server"))),
    "webhook.url": ("https", _of_alarms(("webhook", "url"))),
    "--labels": ("https", models.check),
    "--labels nearby": ("http", models.check),
    "--index": ("https", lambda address: mip.fetch("hmac", address)),
    "s3.endpoint": ("https", lambda address: board_settings.value("s3.endpoint", address, {})),
    "AWS_ENDPOINT_URL": ("http", _of_environment),
}


@pytest.mark.parametrize("name", _READERS)
@pytest.mark.parametrize("address", _NONE)
def test_what_is_no_address_is_one_sentence(name, address):
    scheme, read = _READERS[name]
    address = address.replace("SCHEME", scheme)
    if name == "s3.endpoint" and address.endswith("\n"):
        pytest.skip("spaces around a setting are ignored")
    with pytest.raises(MegacamError) as caught:
        read(address)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("command", ["watch", "digest"])
@pytest.mark.parametrize("server", ["[x", "mqtt://ho st", "mqtt://a\n"])
def test_a_broker_that_is_none_is_one_sentence_of_the_command(
    command, server, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    words = ["--bucket", "photos", "--region", "us-east-1", "--device", "cam1"]
    words += ["--once"] if command == "watch" else []
    assert console.run(app, [command, *words, "--mqtt", server]) == 1
    said = capsys.readouterr().err
    assert said.startswith("megacam: the MQTT server must be HOST, ") and said.count("\n") == 1
