"""What this board knows of the last manifest in the bucket, kept on the flash."""

import json
import os

_PATH = "/update/seen.json"


def read():
    """Return [ETag, expiry in UTC seconds since 1970, why it was refused or ""]."""
    try:
        with open(_PATH) as f:
            etag, expires, refused = json.load(f)
    except (OSError, ValueError, TypeError):
        return ["", 0, ""]
    return [etag, expires, refused]


def write(*seen):
    """Keep what read() returns; raises OSError."""
    if "update" not in os.listdir("/"):
        os.mkdir(_PATH.rsplit("/", 1)[0])
    with open(_PATH + ".new", "w") as f:
        json.dump(seen, f)
    os.rename(_PATH + ".new", _PATH)
