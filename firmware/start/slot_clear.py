"""Let nothing go back to the other slot: its files are about to change; loaded only then."""

from esp32 import NVS

from firmware import slot
from firmware.start import slot_state


def clear():
    """Note that the other slot has not worked, until it has again; raises OSError."""
    nvs = NVS("megacam")
    running = int(slot == "/b")
    state = slot_state.get(nvs, "slot", running)
    wanted = state & ~(32 >> running)
    if wanted != state:
        nvs.set_i32("slot", wanted)
        nvs.commit()
