"""Explain what the number of an OSError means; loaded only then.

text = words.explain(error)  # for any exception; never a number alone

Plain sockets and files raise positive numbers. TLS sockets raise the same numbers below 0, since
MicroPython 1.28 together with a text. The ESP32 has newlib's numbers; every other port has those
of Linux, or knows their names.
"""

import sys

# Format as in https/errors.py, which has the errors of sockets. littlefs uses Linux's numbers on
# the ESP32 too: 36, 39, 84.
_ERRORS = (
    """
1 EPERM not permitted, or the network interface failed
2 ENOENT not found
5 EIO an input or output error
9 EBADF it is already closed
11 EAGAIN it is not ready
12 ENOMEM no memory left
13 EACCES access denied, or the folder is full
16 EBUSY it is in use or absent
17 EEXIST it already exists
19 ENODEV no such device, or no file system on it
20 ENOTDIR part of the path is not a folder
""",
    """
21 EISDIR it is a folder
22 EINVAL an invalid value
23 ENFILE no socket left
24 EMFILE too many files or sockets are open
27 EFBIG the file is too large
28 ENOSPC no space left
30 EROFS it is write-protected
36 ENAMETOOLONG the name is too long
39 ENOTEMPTY the folder is not empty
84 EILSEQ the file system is damaged
88,38 ENOSYS not supported
91 ENAMETOOLONG the name is too long
""",
    """
95 EOPNOTSUPP not supported
105 ENOBUFS no network buffer left
106,97 EAFNOSUPPORT addresses of this kind are not supported
109,92 ENOPROTOOPT the socket has no such option
110,108 ESHUTDOWN the connection is closed
112,98 EADDRINUSE the port is in use
115,100 ENETDOWN the network is down
117,112 EHOSTDOWN the other side is down
119,115 EINPROGRESS it is still connecting
""",
    """
120,114 EALREADY it is already connecting
122,90 EMSGSIZE the packet is too large
123,93 EPROTONOSUPPORT the protocol is not supported
125,99 EADDRNOTAVAIL the address cannot be used
127,106 EISCONN it is already connected
""",
)


def explain(error, platform=sys.platform):
    """Return a text for `error`, whether it has a number of any kind, a text, both or nothing."""
    from https import errors

    value = errors.code(error)
    if isinstance(error, MemoryError):
        return "no memory left"
    if not value:
        return str(error) or "no reason given"
    said = str(error.args[1]) if len(error.args) > 1 else ""
    if said[:1] == "E" and value < -255:
        return said  # ESP_ERR_..., of the IDF
    if value <= -4096:
        from https import tls_errors

        return tls_errors.explain(value, "", said)[0]
    if _is_of_dns(value):
        return errors.host(value)
    if not said:
        said = "unknown error"
    text = errors.words(abs(value), platform) or errors.words(abs(value), platform, _ERRORS)
    return text or said + f" ({value})"


def _is_of_dns(code):
    """Return whether only getaddrinfo() gives the number `code`."""
    return 200 <= abs(code) < 214 or code in (-2, -3)
