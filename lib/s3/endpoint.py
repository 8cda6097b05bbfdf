"""Where a bucket is: what an endpoint may be, AWS's names, and where the bucket's name goes.

One rule for the client, for whoever checks settings (s3/name_rules.py) and for computers' tools.
Its public names are few, since MicroPython keeps each forever.
AWS: "Amazon S3 endpoints and quotas", "Virtual hosting of general purpose buckets", and for the
suffix of each partition the file partitions.json of its SDKs.
"""

_SUFFIXES = (
    "cn-:amazonaws.com.cn eusc-:amazonaws.eu us-iso-:c2s.ic.gov us-isob-:sc2s.sgov.gov "
    "eu-isoe-:cloud.adc-e.uk us-isof-:csp.hci.ic.gov :amazonaws.com :api.aws"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_DIGITS = _LETTERS[26:]  # a text of ten characters would be kept forever


def parts(endpoint):
    """Return (scheme, host, port) of an endpoint; `port` is None for the usual one.

    Raises ValueError, which does not show it: there may be a password in it.
    """
    scheme, _, rest = endpoint.partition("://")
    scheme = scheme.lower()
    rest = rest[:-1] if rest[-1:] == "/" else rest
    host, colon, digits = rest.lower().partition(":")
    port = _number(digits, 65535) if colon else None
    if scheme not in ("http", "https") or port == 0 or not (_is_ip(host) or _is_name(host)):
        raise ValueError(
            "endpoint: write https://HOST or https://HOST:PORT, a name or IPv4 address"
        )
    if scheme == "http" and host != "localhost" and not (_is_ip(host) and host[:4] == "127."):
        raise ValueError(f"plain http to {host} refused: use https")
    return scheme, host, None if port == (443 if scheme == "https" else 80) else port


def _number(digits, most):
    """Return the number from 1 to `most` that is written there without a sign, else 0."""
    if not 0 < len(digits) < 6 or any(c not in _DIGITS for c in digits):
        return 0
    number = int(digits)
    return number if number <= most else 0


def _is_ip(host):
    """Return whether `host` is an IPv4 address; a zero in front would make a number octal."""
    numbers = host.split(".")
    return len(numbers) == 4 and all(str(_number(n, 255)) == n for n in numbers)


def _is_name(host):
    labels = host.split(".")
    # A name that ends in a number is a short form of an address.
    return len(host) < 254 and all(map(_is_label, labels)) and _number(labels[-1], 99999) == 0


def _is_label(label):
    return (
        0 < len(label) < 64
        and label[0] in _LETTERS
        and label[-1] in _LETTERS
        and all(c in _LETTERS or c == "-" for c in label)
    )


def amazon(region):
    """Return S3's endpoint at AWS in that region."""
    for pair in _SUFFIXES.split():
        prefix, _, suffix = pair.partition(":")
        if region[: len(prefix)] == prefix:
            return "https://s3." + region + "." + suffix


def is_aws(host):
    """Return whether `host` is one of Amazon's names."""
    return any(host.endswith("." + pair.partition(":")[2]) for pair in _SUFFIXES.split())


def is_path(bucket, host, path_style):
    """Return whether the bucket's name goes into the path, in the place of the host's name.

    `path_style` is what somebody has chosen, or None. Raises ValueError if it cannot be so.
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
