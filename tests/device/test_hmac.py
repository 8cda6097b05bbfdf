"""The board's `hmac` with the test cases of RFC 4231 (1 to 3, 6 and 7)."""

import hashlib
import hmac
from binascii import hexlify

_CASES = (
    (
        b"\x0b" * 20,
        b"Hi There",
        b"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        b"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        b"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        b"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)


def test_rfc_4231():
    for key, message, digest in _CASES:
        assert hexlify(hmac.new(key, message, hashlib.sha256).digest()) == digest


def test_a_message_in_pieces():
    for key, message, digest in _CASES:
        mac = hmac.new(key, None, hashlib.sha256)
        mac.update(message[:5])
        mac.update(message[5:])
        assert mac.hexdigest() == digest.decode()
