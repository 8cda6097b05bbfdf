"""Cut the power at every write and erase while a file of the board is replaced.

`micropython board_file_cuts.py config`, `... sequence` or `... counters`; prints the number of
cuts. NVS is simulated in RAM and, as on the ESP32, durable once committed.
"""

import json
import os
import sys

import flash_with_cuts as chip

from firmware import __version__
from firmware.settings import config
from firmware.shot.reserve import Sequence

_BYTES = 16 * 4096
_SECRET = "wJalrXUtnFEMI/K7MDENG"
_CONFIG = {
    "s3": {"bucket": "photos"},
    "wifi": {"networks": [{"ssid": "Barn", "password": "hay hay hay"}]},
    "aws": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": _SECRET},
}


class NVS:
    """The part of esp32.NVS that credentials.py uses."""

    durable = {}  # noqa: RUF012

    def __init__(self, namespace):
        self._now = dict(self.durable)

    def set_blob(self, key, value):
        self._now[key] = bytes(value)

    def get_blob(self, key, buf):
        if key not in self._now:
            raise OSError(-0x1102, "ESP_ERR_NVS_NOT_FOUND")
        buf[: len(self._now[key])] = self._now[key]
        return len(self._now[key])

    def erase_key(self, key):
        if key not in self._now:
            raise OSError(-0x1102, "ESP_ERR_NVS_NOT_FOUND")
        del self._now[key]

    def commit(self):
        self.durable.clear()
        self.durable.update(self._now)


class Config:
    """The slot's config.json is the old or the new file, and no secret of the copy gets lost."""

    copied, path = "/flash/config.json", "/flash/a/config.json"

    def prepare(self):
        NVS.durable.clear()
        NVS.durable["wifi_before"] = b"what a sealed change would bring back"
        os.mkdir("/flash/a")
        with open(self.path, "w") as file:
            json.dump({"checked": __version__, "interval_s": 900}, file)
        with open(self.copied, "w") as file:
            json.dump(_CONFIG, file)

    def act(self):
        from firmware.settings import validate

        validate.run(self.copied, self.path)

    def check(self):
        settings = config.read(self.path)
        assert config.is_checked(settings)
        if "config.json" in os.listdir("/flash"):
            assert config.read(self.copied) == _CONFIG
            self.act()
            settings = config.read(self.path)
        assert "config.json" not in os.listdir("/flash")
        assert config.is_checked(settings) and settings["interval_s"] == 30
        assert _SECRET not in json.dumps(settings)
        from firmware import credentials

        assert credentials.load("aws")["secret"] == _SECRET
        from firmware import credentials

        assert credentials.load("wifi")[0]["ssid"] == "Barn"
        assert not credentials.has("wifi_before")


class Numbers:
    """No sequence number is given twice."""

    path = "/flash/sequence"

    def prepare(self):
        NVS.durable.clear()
        Sequence(self.path).next()

    def act(self):
        self._used = set()
        sequence = Sequence(self.path)
        for _ in range(70):  # one reservation at the start, the next after 64 numbers
            self._used.add(sequence.next())

    def check(self):
        sequence = Sequence(self.path)
        for _ in range(70):
            number = sequence.next()
            assert number not in self._used and number > 1, number


class RTC:
    """machine.RTC after a power loss: its memory is empty."""

    def memory(self, data=None):
        return b""


class Counters:
    """The counters are the old or the new ones."""

    path = "/flash/tally"
    old = {"boots": 1, "taken": 900, "reboots": {"power-on": 1}}  # noqa: RUF012
    new = {"boots": 2, "taken": 990, "reboots": {"power-on": 1, "crash": 1}}  # noqa: RUF012

    def prepare(self):
        NVS.durable.clear()
        from firmware.health import counters

        counters.write(self.old, self.path)

    def act(self):
        from firmware.health import counters

        counters.write(self.new, self.path)

    def check(self):
        from firmware.health import counters

        found = counters.read(self.path)
        assert found.pop("seq") == found.pop("cycle") == 0
        assert found in (self.old, self.new), found


ACTIONS = {"config": Config, "sequence": Numbers, "counters": Counters}


def _run(action, image, **fault):
    flash = chip.Flash(bytearray(image))
    chip.mount(flash)
    flash.arm(**fault)
    try:
        action.act()
    except OSError:
        assert flash.is_off
    return flash


def main(name):
    sys.modules["esp32"] = type("esp32", (), {"NVS": NVS})
    sys.modules["machine"] = type("machine", (), {"RTC": RTC})
    action = ACTIONS[name]()
    image = chip.new_image(_BYTES)
    chip.mount(chip.Flash(image))
    action.prepare()
    chip.unmount(chip.FLASH)
    changes = _run(action, image).changes
    for cut_at in range(1, changes + 1):
        for torn in (False, True):
            NVS.durable.clear()
            flash = _run(action, image, cut_at=cut_at, torn=torn)
            assert flash.is_off
            chip.mount(chip.Flash(flash.image))
            action.check()
    print(f"{name}: {changes} writes and erases, {2 * changes} cuts")


if __name__ == "__main__":
    main(*sys.argv[1:])
