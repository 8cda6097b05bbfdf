"""A history: what camera lives where, and everything that happens to it. It is plain data.

history = draw.history(seed)
text = history.to_json()                 # kept as a file, it is a regression test
History.from_json(text) == history
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

#: Faults that last. While one of HARMLESS is active, photos are stored all the same.
LASTING = (
    # Wi-Fi and network.
    *("no-wifi", "no-dhcp", "router-password", "no-dns", "packets-lost", "refused", "portal"),
    # Time servers.
    *("ntp-blocked", "ntp-wrong", "ntp-lies", "date-wrong"),
    # The store.
    *("slow-down", "internal-error", "reset-in-body", "reset-before-reply", "silent-handshake"),
    *("silent-head", "silent-reply", "expired-token", "access-denied", "key-revoked"),
    *("bucket-gone", "root-changed"),
    # Camera, battery and card.
    *("camera-dead", "battery-low", "card-out", "card-worn"),
    # No fault: somebody for a PIR sensor, or for a camera that looks for motion.
    "visitor",
)
HARMLESS = ("visitor", "card-out", "card-worn", "ntp-blocked", "ntp-wrong", "date-wrong")
#: Faults of a moment, and what a person does in one.
SUDDEN = ("camera", "kill", "power-off", "cut", "radio-stuck", "radio-dead", "radio-blink")
ACTS = ("rotate-key", "deploy", "hand-deploy", "other-store", "plug-twice", "new-card", "restart")
ACTS += ("release",)


@dataclass(frozen=True)
class Fault:
    """A fault or an act at `start_s`, or from `start_s` to `end_s`, in seconds of the history.

    `detail` is the variant of its kind. `number` is the event at which the board is killed, the
    write before which the power fails, or the seconds without power.
    """

    kind: str
    start_s: float
    end_s: float = 0
    detail: str = ""
    number: int = 0


@dataclass
class History:
    """One camera's life of `span_s` seconds from `begin_s` (UTC since 1970).

    `config` is its config.json without secrets; `world` has what is around it: "store" (a flavour
    of store.FLAVOURS), "networks", "camera", "ppm", "sleep_ppm", "delay_ms", "card", "sizes",
    "iot", "iot_life_s", and, if wanted, "certificate_s" (how long the store's certificates are
    valid), "sensor" (one of setting.SENSORS) and "updates" (whether it has its owner's key).
    """

    seed: int
    begin_s: int
    span_s: int
    config: dict[str, Any]
    world: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the history as text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "History":
        """Return the history that to_json() wrote."""
        values = json.loads(text)
        values["faults"] = [Fault(**fault) for fault in values["faults"]]
        return cls(**values)

    def drawn(self) -> set[str]:
        """Return what a planted mistake may need: words like "updates", "cut" and "release:older".

        Of faults they are the kind, and the kind with its detail.
        """
        config = self.config
        words = {fault.kind for fault in self.faults}
        words |= {f"{fault.kind}:{fault.detail}" for fault in self.faults}
        words |= {
            name for name in ("motion", "trigger", "sensor", "schedule", "cap") if name in config
        }
        words.add("deep-sleep" if config["power"]["deep_sleep"] else "awake")
        has = {
            "battery": "battery_pin" in config["power"],
            "watchdog": config.get("watchdog", True),
            "spool-first": config["spool"].get("first"),
            "card": self.world["card"],
            "certificate": self.world["iot"],
            "short-lived": self.world.get("certificate_s"),
            "updates": self.world.get("updates"),
        }
        return words | {word for word, is_there in has.items() if is_there}

    def described(self) -> str:
        """Return one line that tells what is special about it."""
        kinds = sorted({fault.kind for fault in self.faults})
        config = self.config
        words = [f"every {config['interval_s']} s", self.world["store"]]
        words += ["deep sleep"] if config.get("power", {}).get("deep_sleep") else []
        words += ["spool first"] if config.get("spool", {}).get("first") else []
        words += ["card"] if self.world["card"] else []
        words += ["certificate"] if self.world["iot"] else []
        words += [name for name in ("motion", "trigger", "sensor") if name in config]
        words += ["schedule"] if "schedule" in config else []
        words += ["updates"] if self.world.get("updates") else []
        return f"{', '.join(words)}; {', '.join(kinds) or 'no faults'}"
