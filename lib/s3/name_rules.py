"""Rules for endpoints, regions and bucket names, to check settings and learn regions.

Separate from s3/endpoint.py, which every start loads.
"""

_SIGNS = "-_."


def normal(endpoint):
    """Return an endpoint in its normal form; raises ValueError."""
    from s3.endpoint import parts

    scheme, host, port = parts(endpoint)
    return scheme + "://" + host + (":" + str(port) if port else "")


def shown(endpoint):
    """Return an endpoint without the user name and password that it may contain."""
    user, at, host = endpoint.rpartition("@")
    scheme, colon, _ = user.partition("://")
    return (scheme + colon if colon else "") + "***@" + host if at else endpoint


def is_bucket(name):
    """Return whether `name` is a valid bucket name."""
    from s3 import endpoint as where

    is_long = 2 < len(name) < 64
    return is_long and all(map(where._is_label, name.split("."))) and not where._is_ip(name)


def is_region(region, is_aws=False):
    """Return whether `region` looks like a region; AWS's are like eu-central-1."""
    from s3 import endpoint as where

    letters = where._LETTERS
    if not is_aws:
        # Other stores use any name, such as auto, nyc3, garage or RegionOne.
        return region != "" and all(c in letters or "A" <= c <= "Z" or c in _SIGNS for c in region)
    *words, number = region.split("-")
    is_whole = 1 < len(words) < 4 and all(words) and where._number(number, 99) != 0
    return is_whole and all("a" <= c <= "z" for word in words for c in word)


def moved(endpoint, old, new):
    """Return an AWS endpoint with region `new` instead of `old`; any other is unchanged."""
    from s3 import endpoint as where

    host = where.parts(endpoint)[1]
    if not where.is_aws(host):
        return endpoint
    return normal(endpoint).replace(
        host, ".".join(new if x == old else x for x in host.split("."))
    )
