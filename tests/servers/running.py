"""Fixtures of the wire tests: certificates, compiled libraries, the S3 session on MicroPython."""

import datetime
import functools
import json
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from megacam.board import tree

from servers.scripted import ScriptedServer

LIB = Path(__file__).parents[2] / "lib"
SESSION = Path(__file__).parents[1] / "device" / "s3_session.py"
HOST = "localhost"


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def issue(authority: trustme.CA, host=HOST, **dates) -> trustme.LeafCert:
    """Return a certificate that is valid now, unless `dates` says otherwise."""
    now = datetime.datetime.now(datetime.timezone.utc)
    dates.setdefault("not_before", now - datetime.timedelta(days=2))
    dates.setdefault("not_after", now + datetime.timedelta(days=9))
    return authority.issue_cert(host, **dates)


@functools.cache
def self_signed() -> tuple[bytes, bytes]:
    """Return (certificate, key) as PEM for HOST: self-signed, and not a CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    utc = datetime.timezone.utc
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=utc))
        .not_valid_after(datetime.datetime(2040, 1, 1, tzinfo=utc))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
        .add_extension(x509.BasicConstraints(False, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return made.public_bytes(pem), key.private_bytes(pem, *form)


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def root_der(authority, tmp_path_factory):
    """Return the file with the root of `authority`, in the form that a device gets it."""
    path = tmp_path_factory.mktemp("roots") / "root.der"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode()))
    return path


@pytest.fixture
def server(authority):
    with ScriptedServer(server_context(issue(authority))) as running:
        yield running
    assert not running.faults


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Return a folder with lib/ and the session as .mpy, for the same heap use as on a board."""
    folder = tmp_path_factory.mktemp("mpy")
    session = "__import__('overlay')\n" + SESSION.read_text(encoding="utf-8")
    for name, content in tree.build({SESSION.stem: session}).items():
        if name.startswith("lib/"):
            path = folder / name.removeprefix("lib/")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return folder


@pytest.fixture
def session(micropython, compiled, tmp_path, root_der):
    """Return run(steps, **job) -> [result...]; the log's lines are in `run.log`."""

    def run(steps, heap="80K", path=(), env=None, **job):
        file = tmp_path / "job.json"
        file.write_text(json.dumps({"roots": [str(root_der)], "steps": steps, **job}))
        out = micropython(
            "-m", SESSION.stem, file, heap=heap, path=[*path, compiled], timeout_s=120, env=env
        )
        lines = [json.loads(line) for line in out.splitlines()]
        run.log = [line["log"] for line in lines if "log" in line]
        return [line for line in lines if "log" not in line]

    return run
