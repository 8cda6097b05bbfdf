"""The root certificates that the board trusts, as DER: Amazon's five, or the user's own CA.

    roots = amazon()                      # S3 and the IoT credentials provider
    roots = from_file(Path("my-ca.pem"))  # another store

Amazon's come from the package certifi and are checked against the fingerprints below, which
https://www.amazontrust.com/repository/ publishes.
"""

import base64
import binascii
import hashlib
import re
import ssl
import time
from collections.abc import Iterable
from pathlib import Path

import certifi

from megacam.errors import MegacamError

# In order of use: S3's certificate chains now end at Amazon Root CA 1 and its cross-signer.
AMAZON = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
}
# The board reads each root into its 56 KB heap: ten of them is far more than a store needs.
_ROOTS_HIGHEST = 10
_FILE_HIGHEST_BYTES = 1 << 20
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class RootsError(MegacamError):
    """There is no usable root certificate; the message names the file and the remedy."""


def amazon(bundle: Path | None = None, now_s: float | None = None) -> list[bytes]:
    """Return Amazon's five roots as DER, from `bundle` (default: certifi's file).

    Raises RootsError if one is missing or expired.
    """
    path = bundle or Path(certifi.where())
    found = {fingerprint(der): der for der in _pem_blocks(path.read_bytes(), path)}
    missing = [name for name, digest in AMAZON.items() if digest not in found]
    if missing:
        raise RootsError(
            f"{path} does not contain {', '.join(missing)}; run `pip install --upgrade certifi`"
        )
    roots = [found[digest] for digest in AMAZON.values()]
    _check_dates(roots, path, time.time() if now_s is None else now_s)
    return roots


def from_file(path: Path, now_s: float | None = None) -> list[bytes]:
    """Return the CA certificates in the user's own file, PEM (one or several) or DER, as DER.

    A self-signed server certificate is accepted too: it works as a CA for that server.
    Raises RootsError if the file has no certificate, or a broken, expired or not yet valid one.
    """
    try:
        data = path.read_bytes()[: _FILE_HIGHEST_BYTES + 1]
    except OSError as error:
        raise RootsError(f"cannot read {path}: {error.strerror}; give your CA's file") from error
    roots = _pem_blocks(data, path) if b"-----BEGIN" in data else [data]
    if not roots:
        raise RootsError(
            f"{path} contains no certificate; give the CA's certificate, which begins with "
            "-----BEGIN CERTIFICATE-----"
        )
    if len(roots) > _ROOTS_HIGHEST:
        raise RootsError(
            f"{path} has {len(roots)} certificates and the board has room for {_ROOTS_HIGHEST}; "
            "give only the CA that signed your store's certificate"
        )
    _check_dates(roots, path, time.time() if now_s is None else now_s)
    return roots


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate in lower-case hex."""
    return hashlib.sha256(der).hexdigest()


def describe(der: bytes) -> tuple[str, str]:
    """Return (name, last day "yyyy-mm-dd") of a CA certificate that these functions returned."""
    facts = _decode(der, Path("root"))
    names = {key: value for pair in facts["subject"] for key, value in pair}
    name = names.get("commonName") or names.get("organizationName") or "?"
    end = time.gmtime(ssl.cert_time_to_seconds(facts["notAfter"]))
    return name, time.strftime("%Y-%m-%d", end)


def _pem_blocks(data: bytes, path: Path) -> list[bytes]:
    try:
        return [base64.b64decode(b"".join(body.split())) for body in _PEM.findall(data)]
    except binascii.Error as error:
        raise RootsError(f"a certificate in {path} is damaged; get the file again") from error


def _check_dates(roots: Iterable[bytes], path: Path, now_s: float) -> None:
    for der in roots:
        facts = _decode(der, path)
        name = describe(der)[0]
        if now_s > ssl.cert_time_to_seconds(facts["notAfter"]):
            raise RootsError(
                f"{name!r} in {path} expired on {facts['notAfter']}; get its successor"
            )
        if now_s < ssl.cert_time_to_seconds(facts["notBefore"]):
            raise RootsError(
                f"{name!r} in {path} is valid only from {facts['notBefore']}; check this "
                "computer's clock"
            )


def _decode(der: bytes, path: Path) -> dict:
    refusal = RootsError(f"{path} is not a certificate; give your CA's as PEM or DER")
    # MicroPython accepts one certificate without trailing bytes; OpenSSL would ignore them.
    if len(der) != _der_bytes(der):
        raise refusal
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=der)
    except ssl.SSLError as error:
        raise refusal from error
    found = context.get_ca_certs()
    return found[0] if found else _decode_self_signed(der, path)


def _decode_self_signed(der: bytes, path: Path) -> dict:
    # Python's ssl lists CAs only. The board also trusts a server certificate that is its own
    # issuer (mbedTLS: x509_crt_check_ee_locally_trusted).
    from cryptography import x509

    found = x509.load_der_x509_certificate(der)
    if found.subject != found.issuer:
        raise RootsError(
            f"the certificate in {path} is a server's; give that of the CA that signed it"
        )
    names = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    dates = {"notBefore": found.not_valid_before_utc, "notAfter": found.not_valid_after_utc}
    return {
        "subject": ((("commonName", str(names[0].value) if names else "self-signed"),),),
        **{name: date.strftime("%b %d %H:%M:%S %Y GMT") for name, date in dates.items()},
    }


def _der_bytes(der: bytes) -> int:
    # A SEQUENCE with a two-byte length: every certificate is longer than 255 bytes.
    return 4 + int.from_bytes(der[2:4], "big") if der[:2] == b"\x30\x82" else -1
