"""The digest's Lambda function in the tests: wheels for its code, and how to run it.

pytest_plugins = ["local_aws", "cloud_function"]
"""

import json
import zipfile

import pytest
from megacam.cloud import digest_function, function_zip


def wheel(folder, requirement, tag="py3-none-any", size=0):
    """Write a wheel with nothing in it but a note; the code itself is installed here."""
    name, _, version = requirement.partition("==")
    plain = name.replace("-", "_")
    path = folder / f"{plain}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        about = f"{plain}-{version}.dist-info"
        words = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        made.writestr(f"{about}/METADATA", words)
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: " + tag)
        made.writestr(f"{about}/RECORD", "")
        made.writestr(f"{plain}_note.txt", bytes(size) or b"x")
    return path


# `pip download --dest FOLDER REQUIREMENT...`: the real one takes half a second to start.
_PIP = """
import os, pathlib, shutil, sys

folder, *wanted = sys.argv[sys.argv.index("--dest") + 1 :]
there = pathlib.Path(os.environ["PIP_FIND_LINKS"])
for name in wanted:
    [wheel] = there.glob(name.replace("-", "_").replace("==", "-") + "-*.whl")
    shutil.copy(wheel, folder)
"""


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """Let pip find wheels in a folder and ask nobody else; return the folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for requirement in function_zip.requirements(film=True):
        wheel(folder, requirement)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return folder


@pytest.fixture
def wheels(downloads, tmp_path, monkeypatch):
    """Put those wheels into the function without pip."""
    package = tmp_path / "quick" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(_PIP)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return downloads


def invoke(account, event, device="cam1"):
    """Run the function and return its answer."""
    name = digest_function.name_of(account.bucket, device)
    answer = account.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def trust(account, device="cam1", **more):
    """Let the function trust the certificate of the local AWS; `more` are variables for it."""
    client = account.client("lambda")
    name = {"FunctionName": digest_function.name_of(account.bucket, device)}
    told = client.get_function_configuration(**name)["Environment"]["Variables"]
    told |= {
        "AWS_CA_BUNDLE": str(account.store.ca_pem),
        "AWS_ENDPOINT_URL": account.store.endpoint,
        **more,
    }
    client.update_function_configuration(**name, Environment={"Variables": told})
