"""Check a config.json that came onto the board by hand, and move its secrets into NVS.

Loaded by boot.py only when config.json is new, and dropped afterwards. Deploying with `megacam`
does the same on the host, so that the board has nothing left to do.
"""

import json
import os

from firmware import __version__, config, rare, schema


def run(path=config.PATH):
    """Rewrite `path` checked, complete and free of secrets; raises ConfigError.

    Safe against a power cut at any moment: the secrets are in NVS before the file without them
    takes the place of the file with them, in one rename.
    """
    raw = config.read(path)
    if isinstance(raw, dict):
        raw.pop("checked", None)
    settings, secrets = schema.check(raw)
    _keep(secrets)
    checked = schema.nest(settings)
    checked["checked"] = __version__
    with open(path + ".new", "w") as f:
        json.dump(checked, f)
    os.rename(path + ".new", path)


def _keep(secrets):
    networks = [n for n in secrets.get("wifi.networks", ()) if n.get("ssid")]
    if networks:
        rare.call("credentials", "save", "wifi", networks)
    if "aws.access_key_id" in secrets:
        key = {"id": secrets["aws.access_key_id"], "secret": secrets["aws.secret_access_key"]}
        rare.call("credentials", "save", "aws", key)
