"""The owner's keys: where they are, who may read them, and who signs. OpenSSL is the oracle."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from megacam.errors import MegacamError
from megacam.update import keys, signers, verify
from megacam.update.keys import KeyFolder
from megacam.update.ledger import Entry, Ledger
from megacam.update.watch import Sample
from update import releases

PASSPHRASE = "four words are enough"
_OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(not _OPENSSL, reason="needs the command openssl")


@pytest.fixture
def folder(tmp_path):
    return KeyFolder(tmp_path / "keys")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = KeyFolder(tmp_path_factory.mktemp("made") / "keys")
    found.make("current", PASSPHRASE)
    return found


def _openssl(*words, **how):
    assert _OPENSSL
    return subprocess.run([_OPENSSL, *map(str, words)], capture_output=True, check=True, **how)


@pytest.fixture
def pem(tmp_path):
    """Return the files of a private key without a passphrase and of its public part."""
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    key = releases.key()
    kind = serialization.PrivateFormat.PKCS8
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    )
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, kind))
    return private, public


def test_only_the_owner_can_read_the_files(made):
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.path.iterdir()}
    assert modes == {"update-current.p12": 0o600, "update-current.pub": 0o600}


def test_a_key_signs_only_with_its_passphrase(made):
    sign = signers.signer(made, "current", lambda: PASSPHRASE)
    assert verify.is_signed(sign(b"text"), b"text", made.modulus("current"))
    with pytest.raises(MegacamError, match="the passphrase is wrong"):
        signers.signer(made, "current", lambda: PASSPHRASE + "x")


@needs_openssl
def test_openssl_opens_the_key_and_verifies_what_it_signs(made, tmp_path):
    public = made.path / "update-current.pub"
    seen = _openssl(
        "pkcs12", "-in", made.path / "update-current.p12", "-nodes", "-nocerts",
        "-passin", "env:WORD", env={**os.environ, "WORD": PASSPHRASE},
    )  # fmt: skip
    assert b"PRIVATE KEY" in seen.stdout
    (tmp_path / "text").write_bytes(b"megacam release 1\n")
    sign = signers.signer(made, "current", lambda: PASSPHRASE)
    (tmp_path / "signature").write_bytes(sign(b"megacam release 1\n"))
    _openssl(
        "dgst", "-sha256", "-verify", public, "-signature", tmp_path / "signature",
        tmp_path / "text",
    )  # fmt: skip


def test_no_key_is_ever_replaced(made):
    before = (made.path / "update-current.p12").read_bytes()
    with pytest.raises(MegacamError, match="exists and is not replaced"):
        made.make("current", PASSPHRASE)
    assert (made.path / "update-current.p12").read_bytes() == before


def test_a_short_passphrase_makes_no_key(folder):
    with pytest.raises(MegacamError, match="at least 12"):
        folder.make("current", "short")
    assert not folder.path.exists()


def test_a_missing_key_is_named_with_the_remedy(folder):
    for which, remedy in (("current", "`megacam update key`"), ("next", "update key --next`")):
        with pytest.raises(MegacamError, match=remedy):
            signers.signer(folder, which, lambda: PASSPHRASE)
    assert folder.moduli() == ()


@needs_openssl
@pytest.mark.parametrize(
    ("gets", "words"),
    [
        ("text", "dgst -sha256 -sign {}"),
        ("digest", "pkeyutl -sign -inkey {} -pkeyopt digest:sha256"),
        ("digest-info", "pkeyutl -sign -inkey {}"),
    ],
)
def test_a_command_signs_instead_of_a_file(folder, pem, gets, words):
    private, public = pem
    command = f"{_OPENSSL} {words.format(private)}"
    assert signers.add(folder, "current", command, gets, public) == releases.modulus()
    sign = signers.signer(folder, "current", lambda: pytest.fail("asked for a passphrase"))
    assert verify.is_signed(sign(b"text"), b"text", releases.modulus())
    with pytest.raises(MegacamError, match="exists and is not replaced"):
        folder.make("current", PASSPHRASE)
    assert not list(folder.path.glob("*.p12"))


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("print('no signature')", "is not by the key"),
        ("raise SystemExit(3)", "failed with exit code 3"),
    ],
)
def test_a_command_that_does_not_sign_is_not_taken(folder, pem, tmp_path, program, error):
    (tmp_path / "signer.py").write_text(program)
    command = f"{sys.executable} {tmp_path / 'signer.py'}"
    with pytest.raises(MegacamError, match=error):
        signers.add(folder, "current", command, "text", pem[1])
    assert not folder.path.exists()


def test_a_command_that_is_not_there_is_named(folder, pem):
    with pytest.raises(MegacamError, match="signer no-such-command does not run"):
        signers.add(folder, "current", "no-such-command", "text", pem[1])


def test_a_key_of_another_size_is_refused(tmp_path):
    small = tmp_path / "small.pem"
    key = releases.rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    small.write_bytes(key.public_bytes(serialization.Encoding.PEM, kind))
    with pytest.raises(MegacamError, match="3072 bits"):
        keys.read_public(small)


def test_the_next_key_becomes_the_current_one_and_the_old_one_is_kept(folder):
    old = folder.put_public("current", releases.key().public_key())
    new = folder.put_public("next", releases.key("next").public_key())
    assert folder.moduli() == (old, new)
    kept = folder.promote()
    assert folder.moduli() == (new,)
    assert keys.read_public(folder.path / f"{kept}.pub")[1] == old
    with pytest.raises(MegacamError, match="there is no next key"):
        folder.promote()


def test_a_seal_is_made_once_for_each_camera(folder):
    assert folder.seal("cam1") is None
    made = folder.make_seal("cam1")
    assert len(made) == 32
    assert folder.make_seal("cam1") == folder.seal("cam1") == made
    assert folder.make_seal("cam2") != made
    assert stat.S_IMODE((folder.path / "seal-cam1").stat().st_mode) == 0o600


def test_a_counter_is_taken_once(folder):
    kept = Ledger(folder)
    assert [kept.take(1), kept.take(1), kept.take(40), kept.take(2)] == [1, 2, 40, 41]
    assert Ledger(folder).highest() == 41


def test_the_ledger_keeps_what_was_released(folder):
    kept = Ledger(folder)
    entry = Entry(kept.take(7), "my-photos", 5, 10, {"cam1": Sample(release=6, fetching=(1, 2))})
    kept.save(entry)
    kept.take(8)  # by a push that failed
    assert kept.newest("my-photos") == entry
    assert kept.newest("other") is None
    (folder.path / "releases" / "7.json").write_text("{")
    with pytest.raises(MegacamError, match=r"7\.json is damaged"):
        kept.newest("my-photos")


def test_a_fingerprint_is_that_of_the_modulus():
    assert (
        keys.fingerprint(releases.modulus())
        == (hashlib.sha256(releases.modulus()).hexdigest()[:8])
    )
