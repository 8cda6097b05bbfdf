"""Check a config.json that is new on the board, and move its secrets into NVS.

Loaded only then, and dropped afterwards. `megacam deploy` does the same on the host, so then the
board has nothing left to do.
"""

import json
import os

from firmware import __version__


def run(source, path):
    """Check `source`, add the defaults and move its secrets into NVS; raises ConfigError.

    The result is the file `path`; `source` may be the same file. Otherwise it is removed. Safe
    against a power cut at any moment: the secrets are in NVS before one rename replaces `path`.
    """
    settings, secrets = _check(source)
    _keep(secrets)
    settings["checked"] = __version__
    with open(path + ".new", "w") as f:
        json.dump(settings, f)
    os.rename(path + ".new", path)
    if source != path:
        os.remove(source)


def _check(path):
    from firmware.settings import schema

    settings, secrets = schema.values(_read(path))
    schema = None  # frees it
    from firmware.settings import together

    together.check(settings, secrets)
    return together.nest(settings), secrets


def _read(path):
    from firmware.settings.config import read

    raw = read(path)
    if isinstance(raw, dict):
        raw.pop("checked", None)
    return raw


def _keep(secrets):
    networks = [n for n in secrets.get("wifi.networks", ()) if n.get("ssid")]
    if networks:
        from firmware import credentials

        credentials.save("wifi", networks)
        credentials.erase("wifi_before")  # or a sealed change that ends would bring those back
    if "aws.access_key_id" in secrets:
        key = {"id": secrets["aws.access_key_id"], "secret": secrets["aws.secret_access_key"]}
        from firmware import credentials

        credentials.save("aws", key)
