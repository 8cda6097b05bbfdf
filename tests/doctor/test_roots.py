"""The roots that the board trusts: the right ones, complete and valid, or one clear sentence."""

import datetime
import hashlib
import ssl
import time
from pathlib import Path

import certifi
import pytest
import trustme
from megacam import roots
from megacam.roots import RootsError
from servers.running import self_signed


@pytest.fixture(scope="module")
def ca():
    return trustme.CA(organization_name="Shed")


def _pem(ca):
    return ca.cert_pem.bytes()


def _der(ca):
    return ssl.PEM_cert_to_DER_cert(_pem(ca).decode())


def _file(tmp_path, data, name="ca.pem"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_amazons_five_roots_are_what_amazon_publishes():
    found = roots.amazon()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for der in found:
        context.load_verify_locations(cadata=der)
    subjects = str([one["subject"] for one in context.get_ca_certs()])
    assert len(found) == 5
    assert sum(map(len, found)) == 4141
    for number in (1, 2, 3, 4):
        assert f"Amazon Root CA {number}" in subjects
    assert "Starfield Services Root Certificate Authority - G2" in subjects
    digests = {hashlib.sha256(der).hexdigest() for der in found}
    assert "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e" in digests


def test_a_bundle_without_one_of_them_names_it(tmp_path):
    blocks = Path(certifi.where()).read_text().split("# Issuer:")
    kept = "".join(block for block in blocks if "Amazon Root CA 3" not in block)
    with pytest.raises(RootsError, match=r"does not contain Amazon Root CA 3; .*upgrade certifi"):
        roots.amazon(_file(tmp_path, kept.encode()))


def test_a_root_that_is_over_or_not_yet_valid_is_refused():
    with pytest.raises(RootsError, match=r"'Amazon Root CA 1' .* expired on Jan 17 .* 2038"):
        roots.amazon(now_s=2_200_000_000)
    with pytest.raises(RootsError, match="check this computer's clock"):
        roots.amazon(now_s=0)


def test_a_file_may_be_pem_or_der(tmp_path, ca):
    assert roots.from_file(_file(tmp_path, _pem(ca))) == [_der(ca)]
    assert roots.from_file(_file(tmp_path, _der(ca), "ca.crt")) == [_der(ca)]


def test_a_pem_file_may_hold_several_and_words_between_them(tmp_path, ca):
    other = trustme.CA(organization_name="Attic")
    text = b"# ours\r\n" + _pem(ca).replace(b"\n", b"\r\n") + b"\n# theirs\n" + _pem(other)
    assert roots.from_file(_file(tmp_path, text)) == [_der(ca), _der(other)]


def test_what_comes_back_is_what_a_tls_client_accepts(tmp_path, ca):
    [der] = roots.from_file(_file(tmp_path, _pem(ca)))
    context = ssl.create_default_context(cadata=der)
    assert len(context.get_ca_certs()) == 1


def test_an_expired_ca_names_itself_and_its_day(tmp_path, ca):
    day = datetime.datetime(3001, 1, 1, tzinfo=datetime.timezone.utc).timestamp()
    with pytest.raises(RootsError, match=r"in .*ca\.pem expired on"):
        roots.from_file(_file(tmp_path, _pem(ca)), now_s=day)


def test_a_self_signed_servers_certificate_is_taken_with_its_name_and_day(tmp_path):
    pem, der = self_signed()[0], ssl.PEM_cert_to_DER_cert(self_signed()[0].decode())
    assert roots.from_file(_file(tmp_path, pem)) == [der]
    assert roots.describe(der) == ("localhost", "2040-01-01")
    with pytest.raises(RootsError, match=r"'localhost' in .* expired on Jan 01 .* 2040"):
        roots.from_file(_file(tmp_path, pem), now_s=2_300_000_000)


def test_a_servers_certificate_is_no_ca(tmp_path, ca):
    leaf = ca.issue_cert("nas.local").cert_chain_pems[0].bytes()
    with pytest.raises(RootsError, match="give that of the CA that signed it"):
        roots.from_file(_file(tmp_path, leaf))


def test_a_private_key_is_refused_without_a_word_of_it(tmp_path, ca):
    key = ca.private_key_pem.bytes()
    with pytest.raises(RootsError, match="contains no certificate") as refused:
        roots.from_file(_file(tmp_path, key))
    assert key.decode().split()[5] not in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\x30\x82\x01\x00" + bytes(256), b"\x89PNG" + bytes(500)],
    ids=["empty", "text", "zeros", "picture"],
)
def test_anything_else_is_not_a_certificate(tmp_path, data):
    with pytest.raises(RootsError, match="is not a certificate"):
        roots.from_file(_file(tmp_path, data))


def test_a_damaged_pem_is_not_a_certificate(tmp_path, ca):
    text = _pem(ca).replace(b"MII", b"MIJ", 1)
    with pytest.raises(RootsError, match="is not a certificate"):
        roots.from_file(_file(tmp_path, text))
    cut = _pem(ca).replace(b"MII", b"MI", 1)
    with pytest.raises(RootsError, match="is damaged; get the file again"):
        roots.from_file(_file(tmp_path, cut))


def test_bytes_behind_a_der_are_refused_as_the_board_would(tmp_path, ca):
    for tail in (b"\0", _der(ca)):
        with pytest.raises(RootsError, match="is not a certificate"):
            roots.from_file(_file(tmp_path, _der(ca) + tail))


def test_more_than_the_board_has_room_for_is_refused():
    with pytest.raises(RootsError, match="has room for 10"):
        roots.from_file(Path(certifi.where()))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RootsError, match=r"cannot read .*none\.pem"):
        roots.from_file(tmp_path / "none.pem")


def test_a_root_describes_itself(ca):
    name, day = roots.describe(_der(ca))
    assert name == "Shed"
    assert time.strptime(day, "%Y-%m-%d")
    assert roots.describe(roots.amazon()[0]) == ("Amazon Root CA 1", "2038-01-17")
