"""The manifests in lib/ install everything that their modules import, and nothing twice."""

import ast
import json
from pathlib import Path

import pytest
from megacam import mip

import firmware

LIB = Path(__file__).parent.parent / "lib"
MODULES = {path.stem for path in LIB.glob("*.py")}
MANIFESTS = sorted(LIB.glob("*.json"))


def _needs(path):
    """Return the modules of lib/ and the packages of micropython-lib that `path` imports.

    Modules that are loaded by name (borrow("http_date")) are strings; those named _host are for
    CPython.
    """
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "borrow":
            names |= {part.value for part in node.args if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_MODULES":
            names |= {element.value for element in node.value.elts}
    return {name for name in names & (MODULES | {"hmac"}) if not name.endswith("_host")}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_is_complete(manifest):
    content = json.loads(manifest.read_text())
    installed = [source for _, source in content["urls"]]
    assert len(set(installed)) == len(installed)
    assert all(target == source for target, source in content["urls"])
    given = {Path(source).stem for source in installed} | {name for name, _ in content["deps"]}
    for source in installed:
        assert _needs(LIB / source) <= given, source


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_has_the_version_of_the_project(manifest):
    assert json.loads(manifest.read_text())["version"] == firmware.__version__


def test_every_module_for_s3_is_in_its_manifest():
    content = json.loads((LIB / "iot_credentials.json").read_text())
    others = {path.stem for path in LIB.glob("arducam*.py")} | {"jpeg"}
    assert {Path(source).stem for _, source in content["urls"]} >= MODULES - others


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_hmac_is_the_version_whose_content_is_pinned(manifest):
    content = json.loads(manifest.read_text())
    assert dict(content["deps"]).get("hmac") in (None, mip.PINS["hmac"].version)
