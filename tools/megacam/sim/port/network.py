"""The ESP32's `network`: a radio whose air is described by the simulator."""

from world import ask

STA_IF = 0


class WLAN:
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface=STA_IF):
        pass

    def __getattr__(self, name):
        if name == "scan":
            return lambda: [(bytes.fromhex(ap[0]), b"", 6, ap[1], 3, False) for ap in ask("scan")]
        return lambda *args, **values: ask(name, *args, *values.items())


def hostname(name=None):
    return ask("hostname", name)
