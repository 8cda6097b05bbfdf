"""Where a bucket is: what an endpoint may be, AWS's names, and where the bucket's name goes.

One rule for whoever checks settings, for the client that uses them and for a computer's tools.
AWS: "Amazon S3 endpoints and quotas", "Virtual hosting of general purpose buckets", and for the
suffix of each partition the file partitions.json of its SDKs.
"""

#: What an endpoint has to look like.
ENDPOINT = "https://HOST or https://HOST:PORT, HOST a name or an IPv4 address"
#: Why a bucket's name cannot stand in the host's name.
DOTTED = "a dot in the bucket's name breaks TLS in BUCKET.HOST, whose certificate is for *.HOST"

# In one text each: MicroPython would keep short ones for ever.
_SUFFIXES = (
    "cn-=amazonaws.com.cn eusc-=amazonaws.eu us-iso-=c2s.ic.gov us-isob-=sc2s.sgov.gov "
    "eu-isoe-=cloud.adc-e.uk us-isof-=csp.hci.ic.gov =amazonaws.com"
)
_DUAL_STACK = ".api.aws"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_DIGITS = "0123456789"


def parts(endpoint):
    """Return (scheme, host, port) of an endpoint; `port` is None for the usual one.

    Raises ValueError, which shows neither user nor password.
    """
    scheme, _, rest = endpoint.partition("://")
    scheme = scheme.lower()
    rest = rest[:-1] if rest[-1:] == "/" else rest
    host, colon, digits = rest.lower().partition(":")
    port = _number(digits, 65535) if colon else None
    if scheme not in ("http", "https") or port == 0 or not (is_ip(host) or _is_name(host)):
        raise ValueError(f"endpoint {shown(endpoint)}: write {ENDPOINT}")
    if scheme == "http" and host != "localhost" and not (is_ip(host) and host[:4] == "127."):
        raise ValueError(f"plain http to {host} refused: use https")
    return scheme, host, None if port == (443 if scheme == "https" else 80) else port


def normal(endpoint):
    """Return an endpoint in the one form that all ways to write it share; raises ValueError."""
    scheme, host, port = parts(endpoint)
    return scheme + "://" + with_port(host, port)


def with_port(host, port):
    """Return "host" or "host:port"."""
    return host + ":" + str(port) if port else host


def shown(endpoint):
    """Return an endpoint without the user and the password that may stand in it."""
    user, at, host = endpoint.rpartition("@")
    scheme, colon, _ = user.partition("://")
    return (scheme + colon if colon else "") + "***@" + host if at else endpoint


def _number(digits, most):
    """Return the number from 1 to `most` that is written there without a sign, else 0."""
    if not 0 < len(digits) < 6 or any(c not in _DIGITS for c in digits):
        return 0
    number = int(digits)
    return number if number <= most else 0


def is_ip(host):
    """Tell whether `host` is an IPv4 address; a zero in front would make a number octal."""
    numbers = host.split(".")
    return len(numbers) == 4 and all(
        n == "0" or (_number(n, 255) and n[0] != "0") for n in numbers
    )


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


def is_bucket(name):
    """Tell whether `name`, of 3 to 63 characters, can be a bucket's."""
    return 2 < len(name) < 64 and all(map(_is_label, name.split("."))) and not is_ip(name)


def is_region(region, is_aws=False):
    """Tell whether `region` has a region's shape; AWS's are like eu-central-1."""
    if not is_aws:
        # Stores give theirs any name, as auto, nyc3, garage or RegionOne.
        return region != "" and all(c in _LETTERS or "A" <= c <= "Z" or c in "-_." for c in region)
    *words, number = region.split("-")
    letters = [c for word in words for c in word]
    return (
        1 < len(words) < 4
        and all(words)
        and all(c in _LETTERS and c not in _DIGITS for c in letters)
        and _number(number, 99) != 0
    )


def amazon(region):
    """Return S3's endpoint at AWS in that region."""
    return "https://s3." + region + "." + _suffix(region)


def _suffix(region):
    for pair in _SUFFIXES.split():
        prefix, _, suffix = pair.partition("=")
        if region[: len(prefix)] == prefix:
            return suffix


def is_aws(host):
    """Tell whether `host` is one of Amazon's names."""
    if host.endswith(_DUAL_STACK):
        return True
    return any(host.endswith("." + pair.partition("=")[2]) for pair in _SUFFIXES.split())


def moved(endpoint, old, new):
    """Return an endpoint at AWS with region `new` in the place of `old`; others stay."""
    scheme, host, port = parts(endpoint)
    if not is_aws(host):
        return endpoint
    labels = [new if label == old else label for label in host.split(".")]
    return scheme + "://" + with_port(".".join(labels), port)


def is_path(bucket, host, path_style):
    """Tell whether the bucket's name goes into the path, in the place of the host's name.

    `path_style` is what somebody has chosen, or None. Raises ValueError if it cannot be so.
    """
    if is_ip(host):
        return True
    if path_style is None:
        return "." in bucket or not is_aws(host)
    if not path_style and "." in bucket:
        raise ValueError(DOTTED)
    return path_style
