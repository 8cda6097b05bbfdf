"""The application's modules that use the hardware, on a simulated board."""

import json

import pytest
from megacam import settings
from megacam.board import tree
from megacam.sim import flash
from megacam.sim.board import Board

BARN = {"ssid": "Barn", "password": "hay hay hay", "rssi": -61}


@pytest.fixture
def board(tmp_path):
    with Board(
        tmp_path, tree.placed(tree.build(at_prompt=True)), networks=[BARN], fast=True
    ) as board:
        yield board


def _boot(board):
    lines = []
    board.start(lines.append)
    assert board.join(30)
    return lines


def _config(**extra):
    return {"s3": {"bucket": "photos"}, **extra}


def _new_board(tmp_path, config, slot=None):
    """Return a board with a `config` copied by hand; `slot` are settings that it has checked."""
    files = tree.placed({**tree.build(at_prompt=True), "main.py": b""})
    files |= {"a/config.json": settings.check(slot)[0]} if slot else {}
    return Board(tmp_path, {**files, "config.json": config.encode()}, networks=[BARN], fast=True)


SECRET = "wJalrXUtnFEMI/K7MDENG"


def test_secrets_of_a_config_copied_by_hand_move_into_nvs(tmp_path):
    config = _config(
        wifi={"networks": [{"ssid": "Barn", "password": BARN["password"]}]},
        aws={"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET},
    )
    with _new_board(tmp_path, json.dumps(config)) as board:
        lines = _boot(board)
        assert lines[:3] == [
            "I boot cause=power-on start=1",
            "I config checked",
            "W restart why=config",
        ]
        assert lines[3] == "I boot cause=config start=2", "without the schema's names in memory"
        assert lines[4].startswith("I wifi joined ssid=Barn")
        assert SECRET in board.exec(
            "from firmware import credentials as c\nprint(c.load_key().secret_access_key)"
        )
        assert _boot(board)[1].startswith("I wifi joined"), "checked only once"
    image = flash.read_image(board.image)
    assert SECRET not in image["a/config.json"].decode()
    assert BARN["password"] not in image["a/config.json"].decode()
    assert json.loads(image["a/config.json"])["interval_s"] == 30


def test_a_sealed_change_that_has_ended_does_not_undo_the_networks_of_a_copy(tmp_path):
    config = _config(wifi={"networks": [{"ssid": "Barn", "password": BARN["password"]}]})
    with _new_board(tmp_path, json.dumps(config)) as board:
        old = [{"ssid": "Gone", "password": "with the old router"}]
        board.exec(f"from firmware import credentials as c\nc.save('wifi_before', {old})")
        lines = _boot(board)
    assert lines[4].startswith("I wifi joined ssid=Barn")


def test_what_was_pasted_into_a_config_by_hand_is_cleaned_on_the_board(tmp_path):
    config = _config(
        wifi={"networks": [{"ssid": "Barn\r", "password": BARN["password"] + "\r\n"}]},
        aws={"access_key_id": "minioadmin\u00a0", "secret_access_key": " " + SECRET + "\n"},
        device=" yard\t",
    )
    with _new_board(tmp_path, "\ufeff" + json.dumps(config)) as board:
        assert _boot(board)[4].startswith("I wifi joined ssid=Barn")
        key = board.exec(
            "from firmware import credentials as c\nk = c.load_key()\n"
            "print([k.access_key_id, k.secret_access_key])"
        )
    assert key.strip() == f"['minioadmin', '{SECRET}']"
    assert json.loads(flash.read_image(board.image)["a/config.json"])["device"] == "yard"


def test_half_a_key_leaves_nvs_as_it_was(tmp_path):
    config = _config(
        wifi={"networks": [{"ssid": "Barn", "password": BARN["password"]}]},
        aws={"access_key_id": "minioadmin"},
    )
    with _new_board(tmp_path, json.dumps(config)) as board:
        assert "or neither" in _boot(board)[1]
        assert board.exec("from firmware import credentials as c\nprint(c.has('wifi'))") == (
            "False\n"
        )


def test_damaged_wifi_credentials_are_said_and_the_start_goes_on(tmp_path):
    config = _config(wifi={"networks": [{"ssid": "Barn", "password": BARN["password"]}]})
    with _new_board(tmp_path, json.dumps(config)) as board:
        _boot(board)
        board.exec(
            "from esp32 import NVS\nn = NVS('megacam')\nn.set_blob('wifi', b'half')\nn.commit()"
        )
        lines = _boot(board)
    (said,) = [line for line in lines if line.startswith("E credentials unusable")]
    assert "run `megacam provision`" in said
    assert not [line for line in lines if "rror:" in line or line.startswith("Traceback")]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "/config.json is not valid JSON"),
        ("[]", "must be an object"),
        ('{"intervall": 3}', "did you mean 'interval_s'?"),
        ("{}", "s3.bucket is ''"),
        (json.dumps(_config(aws={"access_key_id": "A" * 20})), "set both aws.access_key_id"),
    ],
)
def test_a_wrong_config_is_one_sentence_and_is_left_as_it_was(tmp_path, config, sentence):
    with _new_board(tmp_path, config) as board:
        lines = _boot(board)
    assert len(lines) == 2
    assert lines[1].startswith("E config refused")
    assert sentence in lines[1]
    assert flash.read_image(board.image)["config.json"].decode() == config


@pytest.mark.parametrize("config", ["{", '{"intervall": 3}', "{}"])
def test_a_copy_that_is_refused_leaves_a_camera_that_works_with_its_settings(tmp_path, config):
    with _new_board(tmp_path, config, _config(device="yard")) as board:
        before = flash.read_image(board.image)["a/config.json"]
        first, second = _boot(board), _boot(board)
    assert first[1].startswith("E config refused, the settings before stay")
    assert "file=/config.refused" in first[1]
    assert first[2:4] == ["W restart why=config", "I boot cause=config start=2"]
    assert not [line for line in second if "config" in line]
    image = flash.read_image(board.image)
    assert image["a/config.json"] == before
    assert (image["config.refused"].decode(), image.get("config.json")) == (config, None)


def test_a_copy_that_is_accepted_replaces_the_settings_of_the_slot(tmp_path):
    config = json.dumps(_config(device="roof"))
    with _new_board(tmp_path, config, _config(device="yard")) as board:
        board.exec("with open('/config.refused', 'w') as f:\n f.write('{')")
        assert _boot(board)[1] == "I config checked"
    image = flash.read_image(board.image)
    assert json.loads(image["a/config.json"])["device"] == "roof"
    assert not {"config.json", "config.refused"} & {*image}
