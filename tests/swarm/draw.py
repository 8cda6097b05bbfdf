"""Draw a history out of a seed: a configuration out of the whole schema, and the world around it.

draw_faults.py adds what happens in it.
"""

import calendar
import random
from typing import Any

from megacam import settings

from swarm import draw_faults, draw_updates
from swarm.history import History

HOUR, DAY = 3600, 86400
_SHOTS = 150  # of a history, give or take
_INTERVALS = (5, 10, 30, 30, 30, 60, 60, 300, 900, 3600)
_SPANS_S = (HOUR // 2, 2 * DAY)
# Some begin just before a change to or from summer time.
_BEGINS = ((2026, 12, 1, 0), (2026, 12, 31, 18), (2027, 3, 13, 20), (2027, 3, 27, 20))
_BEGINS += ((2027, 6, 20, 9), (2027, 10, 30, 20), (2028, 2, 28, 12))
_ZONES = ("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "NPT-5:45")
_ZONES += ("AEST-10AEDT,M10.1.0,M4.1.0/3", "<-03>3")
_PLACES = ((52.5, 13.4), (-33.9, 151.2), (0.3, 32.6), (67.9, 13.0), (40.7, -74.0))
_DEVICE = "cam1"


def history(seed: int) -> History:
    """Return the history of `seed`, always the same."""
    rng = random.Random(f"swarm {seed}")
    store = rng.choice(("aws", "aws", "aws", "full", "old", "encrypting", "plain"))
    config = _config(rng, store)
    interval_s = config["interval_s"]
    if config["power"]["deep_sleep"]:
        interval_s = config["interval_s"] = max(interval_s, 30)
    low_s, high_s = _SPANS_S
    span_s = min(max(_SHOTS * interval_s, low_s), high_s)
    settings.check({**config, "wifi": {**config["wifi"], "networks": []}})
    made = History(seed, _begin(rng), span_s, config, _world(rng, store, config))
    made.faults = draw_faults.faults(rng, made)
    draw_updates.add(made)
    return made


def _begin(rng: random.Random) -> int:
    return calendar.timegm((*rng.choice(_BEGINS), 0, 0)) + rng.randrange(HOUR)


def _maybe(rng: random.Random, share: float) -> bool:
    return rng.random() < share


def _config(rng: random.Random, store: str) -> dict[str, Any]:
    config: dict[str, Any] = {
        "device": _DEVICE,
        "interval_s": rng.choice(_INTERVALS),
        "status_min": rng.choice((1, 5, 15, 60, 1440)),
        "watchdog": not _maybe(rng, 0.15),
        "s3": _s3(rng, store),
        "camera": {
            "resolution": rng.choice(("96x96", "320x240", "640x480", "1600x1200", "2048x1536")),
            "quality": rng.choice(("high", "medium", "low")),
        },
        "wifi": {"power_save": rng.choice(("none", "min", "max"))},
        "spool": {"limit_kb": rng.choice((64, 100, 200)), "first": _maybe(rng, 0.25)},
        "power": {"deep_sleep": _maybe(rng, 0.3)},
        "location": {"name": rng.choice(("", "Höhe über dem Tal", "roof"))},
    }
    _add_options(rng, config)
    return config


def _add_options(rng: random.Random, config: dict[str, Any]) -> None:
    if _maybe(rng, 0.2):
        config["spool"]["sd"] = {"enabled": True, "limit_mb": 1}
    if config["power"]["deep_sleep"] and _maybe(rng, 0.6):
        config["power"].update({"battery_pin": 34, "divider": 2, "low_mv": 3300})
    if _maybe(rng, 0.15):
        config["cap"] = {"requests": rng.choice((100, 300, 2000)), "mb": 10}
    if _maybe(rng, 0.3):
        config["schedule"] = _schedule(rng)
        latitude, longitude = rng.choice(_PLACES)
        config["location"].update({"latitude": latitude, "longitude": longitude})
    if _maybe(rng, 0.3):
        urls = ["http://connectivitycheck.gstatic.com/generate_204"]
        config["clock"] = {
            "servers": rng.sample(("pool.ntp.org", "time.google.com", "ntp.example"), 2),
            "http_urls": rng.choice(([], urls)),
        }
    _add_early(rng, config)
    if _maybe(rng, 0.2):
        config["photo"] = {"exif": False}
    if _maybe(rng, 0.2):
        config["led"] = {"pin": 25, "inverted": _maybe(rng, 0.5)}


def _add_early(rng: random.Random, config: dict[str, Any]) -> None:
    interval_s = config["interval_s"]
    if not config["power"]["deep_sleep"] and _maybe(rng, 0.2):
        # Each look costs the swarm some milliseconds, so there are not many for each photo.
        config["motion"] = {
            "mode": rng.choice(("mark", "gate")),
            "look_s": max(2, interval_s // rng.choice((4, 12))),
            "keepalive_min": max(1, rng.choice((3, 10)) * interval_s // 60),
            "settle_ms": rng.choice((300, 1000)),
            "discard": rng.choice((0, 1)),
        }
    if _maybe(rng, 0.2):
        pause_s = rng.choice((1, 10, 60))
        config["trigger"] = {"pin": 33, "level": rng.choice((0, 1)), "pause_s": pause_s}
    if _maybe(rng, 0.2):
        config["sensor"] = {"function": "thermo:read", "limit_ms": 500}


def _s3(rng: random.Random, store: str) -> dict[str, Any]:
    modes = ["auto", "etag", "none"]
    if store != "old":
        modes += ["checksum", "signed", "signed-checksum"]
    if store == "aws":
        region = rng.choice(("us-east-1", "eu-central-1"))
        own = {"path_style": rng.choice((None, None, True))}
    else:
        region = "us-east-1"
        own = {"endpoint": rng.choice(("https://store.example", "https://minio.example:9000"))}
        own["path_style"] = rng.choice((None, None, False))
    return {"bucket": "swarm-photos", "region": region, "integrity": rng.choice(modes), **own}


def _schedule(rng: random.Random) -> dict[str, Any]:
    by_day = (["06:00-20:00"], ["00:00-24:00"])
    hours = rng.choice((*by_day, ["22:00-04:00"], ["01:00-03:30"]))
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {
        "hours": hours,
        "weekdays": week if _maybe(rng, 0.7) else rng.sample(week, 5),
        "timezone": rng.choice(_ZONES),
        "daylight": hours in by_day and _maybe(rng, 0.5),
    }


def _world(rng: random.Random, store: str, config: dict[str, Any]) -> dict[str, Any]:
    networks = [{"ssid": "Observatory", "password": "clear skies tonight", "rssi": -58}]
    if _maybe(rng, 0.3):
        networks.append({"ssid": "Barn", "password": "hay and straw", "rssi": -71})
    if _maybe(rng, 0.15):
        networks[0]["hidden"] = True
    if _maybe(rng, 0.15):
        networks[0]["address"] = ["192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
    low = rng.choice((900, 2500, 6000))
    return {
        "store": store,
        "networks": networks,
        "camera": rng.choice(("3mp", "3mp", "3mp-v2", "5mp")),
        "ppm": rng.randint(-40, 40),
        "sleep_ppm": rng.choice((0, 3000, -20000, 45000)),
        "delay_ms": rng.choice((8, 30, 120)),
        "card": "sd" in config["spool"],
        "sizes": [low, rng.choice((low + 1000, low * 4))],
        "iot": store == "aws" and _maybe(rng, 0.4),
        "iot_life_s": rng.choice((900, 3600)),
        "certificate_s": rng.choice((0, 3 * HOUR)),
        "sensor": _sensor(rng, config),
    }


def _sensor(rng: random.Random, config: dict[str, Any]) -> str:
    if "sensor" not in config:
        return ""
    kinds = ["good", "raises", "slow"]
    if config["watchdog"] and not config["power"]["deep_sleep"]:
        kinds.append("hangs")  # else it does so for ever, or at each wake
    return rng.choice(kinds)
