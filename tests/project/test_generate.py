"""Files that are generated from the sources are up to date."""

import json

import pytest
from megacam import generate, settings
from megacam.board import tree

DERIVED = generate.derived()


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: path.name)
def test_a_derived_file_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == DERIVED[path], "run python -m megacam.generate"


def test_the_docs_have_the_table_of_the_settings():
    page = tree.root() / "docs" / "settings.md"
    assert settings.table_markdown() in page.read_text(encoding="utf-8")


def test_the_example_is_valid_and_names_every_setting():
    raw = json.loads(settings.example())
    board, secrets = settings.check(raw)
    assert secrets == {"wifi.networks": [{"ssid": "", "password": ""}]}
    assert json.loads(board)["interval_s"] == 30
    named = {}
    settings.schema()._flatten(raw, "", named)
    assert {*named} == {row[0] for row in settings.schema().SETTINGS}


def test_mip_installs_every_file_of_the_board():
    manifest = json.loads(generate.package_json())
    assert {name for name, _ in manifest["urls"]} == set(tree.sources())
    assert ["hmac", "3.4.4"] in manifest["deps"]
