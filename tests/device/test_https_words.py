"""The text and the action for each error number of lwIP, mbedTLS and file systems.

The numbers are those of newlib's errno.h, lwIP's netdb.h and mbedTLS's ssl.h, x509.h and error.h.
The expected values are derived from these files, not from lib/.
"""

from https.tls_certificates import explain as refused
from https.words import explain as words
from https.errors import explain
from https.tls_errors import explain as tls

# Name, number on the ESP32 (newlib), number on Linux, a part of the text.
_ERRNO = """
EPERM 1 1 not permitted
ENOENT 2 2 not found
EIO 5 5 input or output error
EBADF 9 9 closed
EAGAIN 11 11 not ready
ENOMEM 12 12 no memory
EACCES 13 13 access denied
EBUSY 16 16 in use
EEXIST 17 17 already exists
ENODEV 19 19 no such device
ENOTDIR 20 20 not a folder
EISDIR 21 21 a folder
EINVAL 22 22 invalid value
ENFILE 23 23 no socket left
EMFILE 24 24 too many
EFBIG 27 27 too large
ENOSPC 28 28 no space left
EROFS 30 30 write-protected
EPIPE 32 32 closed
ENOSYS 88 38 not supported
EOPNOTSUPP 95 95 not supported
ECONNRESET 104 104 reset the connection
ENOBUFS 105 105 no network buffer
ENOPROTOOPT 109 92 no such option
ESHUTDOWN 110 108 closed
ECONNREFUSED 111 111 nothing listens
EADDRINUSE 112 98 in use
ECONNABORTED 113 103 aborted
ENETUNREACH 114 101 network is unreachable
ENETDOWN 115 100 down
ETIMEDOUT 116 110 no answer in time
EHOSTDOWN 117 112 down
EHOSTUNREACH 118 113 address is unreachable
EINPROGRESS 119 115 connecting
EALREADY 120 114 already connecting
EMSGSIZE 122 90 too large
EPROTONOSUPPORT 123 93 not supported
EADDRNOTAVAIL 125 99 cannot be used
EISCONN 127 106 already connected
ENOTCONN 128 107 not connected
"""
# lfs.h: littlefs returns these Linux numbers, also on the ESP32.
_LITTLEFS = "36 ENAMETOOLONG 39 ENOTEMPTY 84 EILSEQ 91 ENAMETOOLONG"

# Number, action, a part of the text. An error that anybody on the network could cause is retried.
_MBEDTLS = """
7280 retry closed the connection
7880 retry closed the connection
7780 retry refuses TLS 1.2, the ciphers or the certificate
6E00 retry no cipher
6E80 retry does not speak TLS 1.2
7200 retry does not speak TLS; check the port
7180 retry damaged
7300 retry cannot be read
7500 retry extension
6600 retry violates TLS
7700 retry unexpected TLS message
6700 retry unexpected TLS record
6800 retry does not answer
6A00 retry buffer
6C00 retry internal error in mbedTLS
6D00 retry does not match
7A00 portal certificate cannot be used
7800 retry does not know this host name
7680 fatal no root certificate
7600 fatal private key is missing
7480 retry requires a client certificate
7400 retry random
7100 retry has already ended
7080 retry TLS feature
7F80 retry hardware
7F00 retry no memory
2700 portal certificate is refused
2880 retry no memory
2180 portal certificate cannot be read
2680 portal certificate cannot be read
2562 portal certificate cannot be read
3000 retry could not be checked
3F80 retry no memory
3B00 retry key or signature
4290 retry no memory
4310 retry no memory
4D80 retry no memory
4E00 retry key or signature
4E80 retry curve
4390 retry no memory
5180 retry no memory
6180 retry no memory
6300 retry damaged
6D80 retry TLS error
6C90 retry no memory
2666 portal certificate cannot be read
236A retry no memory
6F80 retry TLS error
5F80 retry TLS error
"""


def _lines(table):
    for line in table.strip().split("\n"):
        yield line.split(" ", 3)


def _naked(text):
    return not any("a" <= letter <= "z" for letter in text.replace("0x", ""))


def _shapes(code, text):
    return (OSError(code), OSError(-code), OSError(code, text), OSError(-code, text))


def test_every_number_of_a_socket_or_a_file_has_its_words_in_each_shape():
    for name, newlib, linux, part in _lines(_ERRNO):
        for platform, code in (("esp32", int(newlib)), ("linux", int(linux))):
            for error in _shapes(code, name):
                if error.args[0] == -2:
                    continue  # "host name not found"
                text = words(error, platform)
                assert part in text and f"({name})" in text, (platform, error, text)
                if code in (16, 106):
                    continue  # out of memory in mbedTLS's MPI and ASN.1
                if len(error.args) == (2 if platform == "esp32" else 1):
                    continue
                text, action = explain(error, "body", platform)
                assert part in text and f"({name})" in text, (platform, error, text)
                assert action == "retry"


def test_what_littlefs_says_has_its_words_on_the_esp32():
    items = _LITTLEFS.split()
    for i in range(0, len(items), 2):
        text = words(OSError(int(items[i])), "esp32")
        assert f"({items[i + 1]})" in text, text


def test_lwip_resets_where_others_refuse():
    for code in (104, -104):
        text, action = explain(OSError(code), "connect", "esp32")
        assert "nothing listens on that port" in text and action == "retry", text


def test_lwip_gives_a_failed_interface_no_number():
    assert "interface failed" in words(OSError(-1), "esp32")


def test_every_number_of_mbedtls_has_its_words_and_its_action():
    for line in _MBEDTLS.strip().split("\n"):
        number, action, part = line.split(" ", 2)
        code = -int(number, 16)
        for error in (OSError(code), OSError(code, "MBEDTLS_ERR_SSL_SOMETHING")):
            text, found = explain(error, "tls", "esp32")
            assert part in text and found == action, (error, text, found)
            assert not _naked(text)
        text, found = tls(code, "body")
        assert not _naked(text) and found == action, (error, text, found)
        assert part in words(error, "esp32")


def test_a_sum_of_two_numbers_of_mbedtls_is_known_by_its_greater_one():
    for low in (0x02, 0x0E, 0x12, 0x34, 0x62, 0x66, 0x6E, 0x7F):
        for number, part in ((0x7280, "closed the connection"), (0x7780, "refuses TLS 1.2")):
            assert part in explain(OSError(-number - low), "tls", "esp32")[0]


def test_after_the_handshake_an_alert_or_a_bad_record_is_something_else():
    assert "alert" in explain(OSError(-0x7780), "body")[0]
    assert "damaged" in explain(OSError(-0x7200), "reply")[0]


def test_memory_that_lacks_in_tls_is_tried_again():
    for code in (12, -12, 16, -16, 106, -106, -0x7F00, -0x7F00 - 0x10, -0x4D80 - 0x10):
        text, action = explain(OSError(code), "tls", "esp32")
        assert "no memory" in text and action == "retry", (code, text)


def test_what_nobody_knows_is_not_shown_as_a_number_alone():
    for code in range(1, 256):
        for error in (OSError(code), OSError(-code)):
            assert not _naked(words(error, "esp32")), error
    for code in range(0x1000, 0x8000, 5):
        for phase in ("tls", "body"):
            text, action = tls(-code, phase)
            assert not _naked(text) and action in ("retry", "fatal", "portal"), (code, text)
    for code in (3, 77, 129, 300, -300, -77, 5000, -5000, -32000):
        for phase in ("dns", "connect", "tls", "body"):
            text, action = explain(OSError(code), phase, "esp32")
            assert not _naked(text) and action == "retry", (code, text)
    assert words(OSError(-0x6D80), "esp32") == "TLS error (-0x6d80)"
    assert words(OSError(999, "ESOMETHING"), "esp32") == "ESOMETHING (999)"
    assert words(OSError(999), "esp32") == "unknown error (999)"


def test_a_name_that_is_not_found_is_said_so_by_every_resolver():
    errors = [OSError(code) for code in (200, 202, 204, 210, 211, 213)]  # lwIP, netdb.h
    errors += [OSError(-code) for code in (2, 200, 202, 204)]
    errors += [OSError(-3), OSError("[addrinfo error -2]"), OSError("[addrinfo error -3]")]
    errors += [OSError(-2, "Name or service not known")]
    for error in errors:
        for text in (explain(error, "dns", "esp32")[0], words(error, "esp32")):
            assert "name not found" in text, (error, text)
            assert explain(error, "dns")[1] == "retry"
    for code in (203, -203):
        assert "no memory" in explain(OSError(code), "dns")[0]
        assert "no memory" in words(OSError(code), "esp32")


def test_what_the_idf_says_keeps_its_name():
    assert words(OSError(-0x107, "ESP_ERR_TIMEOUT"), "esp32") == "ESP_ERR_TIMEOUT"
    assert "ESP_ERR_NVS_NOT_FOUND" in words(OSError(-0x1102, "ESP_ERR_NVS_NOT_FOUND"), "esp32")


def test_errors_without_a_number_have_words_too():
    assert words(OSError("too slow")) == "too slow"
    assert words(OSError()) == "no reason given"
    assert words(MemoryError("allocating 4092 bytes")) == "no memory left"
    assert words(ValueError("no port")) == "no port"
    assert words(ValueError()) == "no reason given"
    assert explain(ValueError("bad name"), "dns")[0] == "bad name"


def test_every_reason_to_refuse_a_certificate_has_its_words_and_its_action():
    # mbedTLS, x509_crt.c: the text and the bit for each flag.
    table = (
        (8, "The certificate is not correctly signed by the trusted CA", "a known root", "portal"),
        (
            4,
            "The certificate Common Name (CN) does not match with the expected CN",
            "another host",
            "portal",
        ),
        (1, "The certificate validity has expired", "expired", "clock"),
        (0x200, "The certificate validity starts in the future", "not valid yet", "clock"),
        (2, "The certificate has been revoked (is on a CRL)", "revoked", "portal"),
        (0x40, "Certificate was missing", "sent no certificate", "portal"),
        (0x800, "Usage does not match the keyUsage extension", "not for servers", "portal"),
        (0x1000, "Usage does not match the extendedKeyUsage extension", "for servers", "portal"),
        (0x2000, "Usage does not match the nsCertType extension", "for servers", "portal"),
        (0x4000, "The certificate is signed with an unacceptable hash.", "too weak", "portal"),
        (
            0x8000,
            "The certificate is signed with an unacceptable PK alg (eg RSA vs ECDSA).",
            "too weak",
            "portal",
        ),
        (
            0x10000,
            "The certificate is signed with an unacceptable key (eg bad curve, RSA too short).",
            "too weak",
            "portal",
        ),
        (0x100, "Other reason (can be used by verify callback)", "is refused", "portal"),
        (0, "invalid cert", "cannot be read", "portal"),
        (0, "invalid key", "cannot be used", "portal"),
        (0, "", "is refused: no reason", "portal"),
    )
    for bit, said, part, action in table:
        for error in (ValueError(said), ValueError(said + "\n")):
            text, found = explain(error, "tls")
            assert part in text and found == action, (said, text, found)
        if bit:
            for error in (ValueError(hex(bit)), ValueError(bit), ValueError(str(bit))):
                assert part in refused(error)[0], (bit, refused(error))
    both = table[2][1] + "\n" + table[0][1]
    assert "known root" in explain(ValueError(both), "tls")[0]
    assert "known root" in refused(ValueError(0x9))[0]
