"""Use each feature of the driver on the camera model: it works or raises ValueError.

    python tests/arducam_mega_features.py       # prints the table of docs/camera.md

A feature is a function(rig) that uses it and asserts its effect on the model.
"""

import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).parent.parent
    sys.path[:0] = [str(root / "lib"), str(root / "tools")]

from arducam_mega import CameraError
from arducam_mega_rig import Rig, read
from megacam.sim.camera_models import KINDS

MODELS = tuple(KINDS)
TESTED = "tested against the model"
NOT_OFFERED = "not offered"

SIZES = ["96x96", "128x128", "160x120", "320x240", "320x320", "640x480", "800x600", "1024x768"]
SIZES += ["1280x720", "1280x1024", "1600x1200", "1920x1080", "2048x1536", "2592x1936", "2592x1944"]


def _size(word):
    def check(rig):
        rig.camera.configure(resolution=word)
        rig.shoot()
        record = rig.model.frames[-1]
        assert f"{record.width}x{record.height}" == word

    return check


def _format(word):
    def check(rig):
        rig.camera.configure(format=word, resolution="128x128")
        data = rig.shoot()
        assert rig.model.frames[-1].format == word
        assert word == "jpeg" or len(data) == 128 * 128 * 2

    return check


def _video(rig):
    rig.camera.configure(mode="video", resolution="320x240")
    rig.shoot()
    assert rig.model.settings[0x21] & 0x80
    rig.camera.configure(mode="still")
    rig.shoot()
    assert not rig.model.settings[0x21] & 0x80


def _words(name, register, codes):
    # Set every word, then the first one again; `codes` maps a word to the register's value.
    def check(rig):
        for word, code in [*codes.items(), next(iter(codes.items()))]:
            rig.camera.configure(**{name: word})
            assert rig.model.settings.get(register, 0) == code, (name, word)
        rig.shoot()

    return check


def _level(name, register, greatest):
    # The levels 0, +1, -1, +2, -2 ... have the codes 0, 1, 2, 3, 4 ...
    codes = {0: 0}
    for n in range(1, greatest + 1):
        codes[n], codes[-n] = 2 * n - 1, 2 * n
    return _words(name, register, codes)


def _exposure(rig):
    for value in (1, 1000, 0x1234):
        rig.camera.configure(exposure=value)
        got = rig.model.settings
        assert got[0x30] == 0x01
        assert got.get(0x33, 0) << 16 | got[0x34] << 8 | got[0x35] == value
    rig.camera.configure(exposure="auto")
    assert rig.model.settings[0x30] == 0x81
    rig.shoot()


def _gain(rig):
    code = {1: 0x00, 9: 0x72, 31: 0xFF} if rig.camera.id == 0x82 else {1: 1, 9: 9, 31: 31}
    for value in (1, 9, 31):
        rig.camera.configure(gain=value)
        got = rig.model.settings
        assert got[0x30] == 0x00
        assert got[0x31] << 8 | got[0x32] == code[value]
    rig.camera.configure(gain="auto")
    assert rig.model.settings[0x30] == 0x80
    rig.shoot()


def _white_balance_off(rig):
    rig.camera.configure(auto_white_balance=False)
    assert rig.model.settings[0x30] == 0x02
    rig.camera.configure(auto_white_balance=True)
    assert rig.model.settings[0x30] == 0x82
    rig.shoot()


def _focus(rig):
    rig.camera.configure(autofocus="single")
    rig.camera.focus()
    for word, code in (("continuous", 2), ("paused", 3), ("off", 4)):
        rig.camera.configure(autofocus=word)
        assert rig.model.settings[0x29] == code
    assert rig.writes.count((0x29, 0)) == 1  # the focus firmware is loaded once
    rig.shoot()


def _focus_status(rig):
    rig.camera.configure(autofocus="single")
    if rig.camera.focus() is None:
        raise ValueError("no status")
    assert rig.camera.focus() == 0x10


def _lens(rig):
    rig.camera.configure(autofocus="single")
    rig.camera.focus(0x3A5)
    registers = rig.model._engine.sensor.registers
    assert (registers[0x3603], registers[0x3602]) == (0x3A, 0x50)


def _sleep(rig):
    rig.camera.configure(resolution="320x240", effect="sepia")
    rig.shoot()
    rig.camera.sleep()
    assert rig.model._engine._asleep
    rig.camera.wake()
    assert not rig.model._engine._asleep
    rig.camera.sleep()
    rig.shoot()  # the driver wakes the camera
    assert rig.model.frames[-1].width == 320
    assert rig.model.settings[0x27] == 4


def _streaming(rig):
    rig.shoot()
    assert b"".join(map(bytes, rig.camera.capture())) == rig.model.frames[-1].fifo
    with tempfile.TemporaryDirectory() as folder:
        rig.camera.capture().save(f"{folder}/photo.jpg")
        assert Path(f"{folder}/photo.jpg").read_bytes() == rig.model.frames[-1].photo


def _waiting(rig):
    rig.camera.start()
    turns = 0
    while not rig.camera.ready():
        rig.clock.sleep_ms(20)
        turns += 1
    assert turns
    assert read(rig.camera.finish()) == rig.model.frames[-1].fifo


def _shared_bus(rig):
    speeds = {"baudrate_hz": 4_000_000, "read_baudrate_hz": 16_000_000}
    with Rig(rig.model.kind.word, driver=speeds) as shared:
        shared.spi.init(baudrate=20_000_000, polarity=1)  # as an SD card driver leaves the bus
        shared.shoot()


def _burst(rig):
    rig.camera.configure(format="rgb565", resolution="96x96")
    data = read(rig.camera.burst(3))
    assert data == b"".join(rig.model.frames[-1].photos)
    assert len(data) == 3 * 96 * 96 * 2
    assert len(rig.shoot()) == 96 * 96 * 2


def _sensor(rig):
    sensor = rig.sensor
    sensor.write(rig.camera, 0x1234, 0x56)
    assert rig.model._engine.sensor.registers[0x1234] == 0x56
    assert sensor.read(rig.camera, 0x1234) == 0x56


def _self_test(rig):
    sensor = rig.sensor
    rig.camera.configure(resolution="320x240")
    found = sensor.self_test(rig.camera)
    assert found == {
        "id": rig.model.kind.sensor_id,
        "firmware": "2023-03-03",
        "fpga": 0x20,
        "pattern_bytes": 32_768,
    }
    rig.shoot()
    assert (rig.model.frames[-1].width, rig.model.frames[-1].format) == (320, "jpeg")


EFFECTS = {
    "none": 0,
    "cool": 1,
    "warm": 2,
    "black-white": 3,
    "sepia": 4,
    "negative": 5,
    "green": 6,
}
LIGHTS = {"auto": 0, "sunny": 1, "office": 2, "cloudy": 3, "home": 4}
ON_OFF = {False: 0, True: 1}

FEATURES = {
    **{f"resolution {word}": _size(word) for word in SIZES},
    **{f"format {word}": _format(word) for word in ("jpeg", "rgb565", "yuv422")},
    "mode still, video": _video,
    "quality": _words("quality", 0x2A, {"low": 2, "high": 0, "medium": 1}),
    "brightness -4 to 4": _level("brightness", 0x22, 4),
    "contrast -3 to 3": _level("contrast", 0x23, 3),
    "saturation -3 to 3": _level("saturation", 0x24, 3),
    "ev -3 to 3": _level("ev", 0x25, 3),
    "white_balance by light": _words("white_balance", 0x26, LIGHTS),
    "auto_white_balance off": _white_balance_off,
    "effect": _words("effect", 0x27, EFFECTS),
    "effect yellow": _words("effect", 0x27, {"none": 0, "yellow": 9}),
    "sharpness auto, 1 to 8": _words(
        "sharpness", 0x28, {"auto": 0, **{n: n for n in range(1, 9)}}
    ),
    "rotation 0, 180": _words("rotation", 0x2B, {0: 0, 180: 1}),
    "exposure auto, manual": _exposure,
    "gain auto, manual": _gain,
    "ae_freeze": _words("ae_freeze", 0x2C, ON_OFF),
    "awb_freeze": _words("awb_freeze", 0x2D, ON_OFF),
    "autofocus, focus()": _focus,
    "focus status": _focus_status,
    "focus(position)": _lens,
    "readinto(), iteration, save()": _streaming,
    "start(), ready(), finish()": _waiting,
    "shared bus, faster reads": _shared_bus,
    "sleep(), wake()": _sleep,
    "burst(frames)": _burst,
    "sensor registers": _sensor,
    "self_test()": _self_test,
}


def use(feature, word):
    """Use a feature on a fresh camera of the model `word`; return TESTED or NOT_OFFERED.

    A feature that the model does not offer must be refused before any register is written.
    """
    with Rig(word) as rig:
        rig.camera.reset()
        del rig.writes[:]
        try:
            FEATURES[feature](rig)
            assert (0x07, 0x40) not in rig.writes, "it took a reset"
        except ValueError:
            settings = {0x29} if feature.startswith("focus") else set()
            assert {address for address, _ in rig.writes} <= settings
            return NOT_OFFERED
        except CameraError as e:
            raise AssertionError(feature) from e
        return TESTED


def table():
    """Return the Markdown table of all features and models."""
    names = [f"{kind.name} ({kind.sensor_id:#x})" for kind in KINDS.values()]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for feature in FEATURES:
        cells = [use(feature, word) for word in MODELS]
        lines.append(f"| {feature} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
