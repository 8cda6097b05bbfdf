"""The manifests in lib/ install everything that their modules import, and no file twice."""

import ast
import json
from pathlib import Path

import pytest
from megacam.board import mip

import firmware

LIB = Path(__file__).parents[2] / "lib"
PACKAGES = {path.stem for path in LIB.glob("*.py")} | {
    path.parent.name for path in LIB.glob("*/*.py")
}
MANIFESTS = sorted(LIB.glob("*.json"))


def _needs(path):
    """Return the packages of lib/ and of micropython-lib that `path` imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names & (PACKAGES | {"hmac"})


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_is_complete(manifest):
    content = json.loads(manifest.read_text())
    installed = [source for _, source in content["urls"]]
    assert len(set(installed)) == len(installed)
    assert all(target == source for target, source in content["urls"])
    given = {Path(source).parts[0].removesuffix(".py") for source in installed}
    given |= {name for name, _ in content["deps"]}
    for source in installed:
        assert _needs(LIB / source) <= given, source


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_has_the_version_of_the_project(manifest):
    assert json.loads(manifest.read_text())["version"] == firmware.__version__


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_has_the_whole_package(manifest):
    installed = {source for _, source in json.loads(manifest.read_text())["urls"]}
    for package in {Path(source).parts[0] for source in installed} & PACKAGES:
        files = {path.relative_to(LIB).as_posix() for path in (LIB / package).rglob("*.py")}
        assert files - installed <= {"arducam_mega/host_clock.py"}  # CPython only


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_hmac_is_the_version_whose_content_is_pinned(manifest):
    content = json.loads(manifest.read_text())
    assert dict(content["deps"]).get("hmac") in (None, mip.PINS["hmac"].version)
