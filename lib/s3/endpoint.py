"""Locate a bucket: valid endpoints, AWS's host names, and where the bucket's name goes.

The client, the check of settings (s3/name_rules.py) and the host tools all use these rules.
There are few public names, because MicroPython keeps each forever.
AWS: "Amazon S3 endpoints and quotas", "Virtual hosting of general purpose buckets", and for the
suffix of each partition the file partitions.json of its SDKs.
"""

_SUFFIXES = (
    "cn-:amazonaws.com.cn eusc-:amazonaws.eu us-iso-:c2s.ic.gov us-isob-:sc2s.sgov.gov "
    "eu-isoe-:cloud.adc-e.uk us-isof-:csp.hci.ic.gov :amazonaws.com :api.aws"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_DIGITS = _LETTERS[26:]  # MicroPython would intern a string of ten characters


def parts(endpoint):
    """Return (scheme, host, port) of an endpoint; `port` is None for the default port.

    Raises ValueError without the endpoint in its message, because it may contain a password.
    """
    scheme, _, rest = endpoint.partition("://")
    scheme = scheme.lower()
    rest = rest[:-1] if rest[-1:] == "/" else rest
    host, colon, digits = rest.lower().partition(":")
    port = _number(digits, 65535) if colon else None
    if scheme not in ("http", "https") or port == 0 or not (_is_ip(host) or _is_name(host)):
        raise ValueError("endpoint: use https://HOST or https://HOST:PORT, a name or IPv4 address")
    if scheme == "http" and host != "localhost" and not (_is_ip(host) and host[:4] == "127."):
        raise ValueError(f"plain http to {host} is not allowed; use https")
    return scheme, host, None if port == (443 if scheme == "https" else 80) else port


def _number(digits, most):
    """Return the number in `digits` if it is from 1 to `most` and has no sign, else 0."""
    if not 0 < len(digits) < 6 or any(c not in _DIGITS for c in digits):
        return 0
    number = int(digits)
    return number if number <= most else 0


def _is_ip(host):
    """Return whether `host` is an IPv4 address; a leading zero would make a number octal."""
    numbers = host.split(".")
    return len(numbers) == 4 and all(str(_number(n, 255)) == n for n in numbers)


def _is_name(host):
    labels = host.split(".")
    # A name that ends in a number would be a short form of an address.
    return len(host) < 254 and all(map(_is_label, labels)) and _number(labels[-1], 99999) == 0


def _is_label(label):
    return (
        0 < len(label) < 64
        and label[0] in _LETTERS
        and label[-1] in _LETTERS
        and all(c in _LETTERS or c == "-" for c in label)
    )


def amazon(region):
    """Return AWS's S3 endpoint in that region."""
    for pair in _SUFFIXES.split():
        prefix, _, suffix = pair.partition(":")
        if region[: len(prefix)] == prefix:
            return "https://s3." + region + "." + suffix


def is_aws(host):
    """Return whether `host` is one of AWS's host names."""
    return any(host.endswith("." + pair.partition(":")[2]) for pair in _SUFFIXES.split())


def is_path(bucket, host, path_style):
    """Return whether the bucket's name goes into the path instead of the host name.

    `path_style` is the user's choice, or None. Raises ValueError if that choice cannot work.
    """
    if _is_ip(host):
        return True
    if path_style is None:
        return "." in bucket or not is_aws(host)
    if not path_style and "." in bucket:
        raise ValueError(
            "a dot in the bucket's name breaks TLS in BUCKET.HOST, whose certificate is for *.HOST"
        )
    return path_style
