"""Settings of an Arducam Mega: names, values, checks, and their register writes.

Part of arducam_mega, loaded by configure() and dropped afterwards. The value of a setting becomes
a group of writes (address, value, address, value, ...). The groups of the old and the new settings
are compared, so that only the differences are written, and in the right order.
"""

from arducam_mega import CameraError
from arducam_mega.registers import run, stop

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_NEW_FAMILY = const(0x85)  # the first id of the newer family
_VIDEO = const(0x80)  # bit of 0x21
_RAW_PIXELS = const(1920 * 1080)  # larger raw frames are not offered; 5 MP would not fit at all
_ALWAYS = const(6)  # this many groups are written after every reset
_FOCUS_INIT = b"\x29\x00"  # loads the focus firmware: once after a reset, it takes seconds
_FOCUS_OFF = b"\x29\x04"
_YELLOW = const(9)


def _value(word):
    if word.lstrip("-").isdigit():
        return int(word)
    return word[0] == "T" if word in "False or True" else word


def _table(text):
    return [item.split(":") for item in text.split()]


# Each table is one string, because MicroPython interns every short string forever.
_WORDS = dict(
    _table(
        "format:jpeg,rgb565,yuv422 mode:still,video quality:high,medium,low "
        "white_balance:auto,sunny,office,cloudy,home "
        "effect:none,cool,warm,black-white,sepia,negative,green rotation:0,180 "
        "sharpness:auto,1,2,3,4,5,6,7,8 auto_white_balance:False,True ae_freeze:False,True "
        "awb_freeze:False,True autofocus:off,single,continuous,paused"
    )
)
_LEVELS = {  # the highest value; the lowest is the same below 0
    name: int(most) for name, most in _table("brightness:4 contrast:3 saturation:3 ev:3")
}
_NUMBERS = ["exposure", "gain"]  # a number in the sensor's own unit, or auto
_REGISTERS = _table(  # in the order in which they are written
    "white_balance:26 quality:2A brightness:22 contrast:23 saturation:24 ev:25 effect:27 "
    "rotation:2B sharpness:28 ae_freeze:2C awb_freeze:2D"
)
_EXTRAS = "sharpness ae_freeze awb_freeze autofocus"  # not on every model
_DEFAULTS = {
    name: _value(word)
    for name, word in _table(
        "format:jpeg resolution:640x480 mode:still exposure:auto gain:auto "
        "auto_white_balance:True white_balance:auto quality:medium brightness:0 contrast:0 "
        "saturation:0 ev:0 effect:none rotation:0 sharpness:auto ae_freeze:False "
        "awb_freeze:False autofocus:off"
    )
}


def in_force(camera):
    """Return every setting that the camera's model has, with its value."""
    if not camera.id:
        from arducam_mega import reset

        reset.restore(camera)
    return _in_force(camera, model(camera))


def change(camera, changes):
    """Check `changes` and write them to the camera, see ArducamMega.configure()."""
    if not camera.id:
        from arducam_mega import reset

        reset.restore(camera)
    if hasattr(camera, "photo"):
        from arducam_mega import look

        look.end(camera, 0, 0)
    writes = _choose(camera, changes)
    try:
        stop(camera)
        run(camera, writes)
    except CameraError:
        from arducam_mega import reset

        reset.restore(camera)


def _choose(camera, changes):
    # Return the register writes for the new settings.
    table = model(camera)
    for name in changes:
        _check(table, name, changes[name])
    old = _in_force(camera, table)
    new = dict(old)
    new.update(changes)
    _check_together(camera, table, new)
    before = _groups(camera, table, old)
    after = _groups(camera, table, new)
    camera._chosen.update(changes)
    camera._program = _program(after, _groups(camera, table, _defaults(table)))
    width, height = _size(new["resolution"])
    camera._pixels = width << 16 | height
    camera._raw = new["format"] != "jpeg"
    return _difference(camera, before, after)


def model(camera):
    """Return the table of the camera's model, for example the module models.id_82."""
    number = camera.id
    if number == 0x81:
        from arducam_mega.models import id_81 as table
    elif number == 0x82:
        from arducam_mega.models import id_82 as table
    elif number == 0x83:
        from arducam_mega.models import id_83 as table
    elif number == 0x84:
        from arducam_mega.models import id_84 as table
    elif number == 0x86:
        from arducam_mega.models import id_86 as table
    elif number == 0x87:
        from arducam_mega.models import id_87 as table
    else:  # the newest family, also used for unknown ids
        from arducam_mega.models import id_85 as table
    return table


def _controls(model):
    """Return the names of the settings that `model` has."""
    return [name for name in _DEFAULTS if name not in _EXTRAS or name in model._EXTRAS]


def _choices(model, name):
    """Return the values that the setting `name` can have on `model`."""
    if name == "resolution":
        return tuple(sorted(_resolutions(model), key=_size))
    more = ("yellow",) if name == "effect" and model._LIGHT_YELLOW else ()
    return _words(name) + more


def _words(name):
    return tuple([_value(word) for word in _WORDS[name].split(",")])


def _resolutions(model):
    return {item.split(":")[0]: int(item.split(":")[1], 16) for item in model._RESOLUTIONS.split()}


def _limits(model, name):
    if name in _LEVELS:
        return -_LEVELS[name], _LEVELS[name]
    return model._EXPOSURE if name == "exposure" else model._GAIN


def _defaults(model):
    return {name: _DEFAULTS[name] for name in _controls(model)}


def _in_force(camera, model):
    settings = _defaults(model)
    settings.update(camera._chosen)
    return settings


def _check(model, name, value):
    offered = _controls(model)
    if name not in offered:
        raise ValueError(
            f"{model._NAME}: no setting {name!r}; it has {', '.join(sorted(offered))}"
        )
    if name in _LEVELS or name in _NUMBERS:
        low, high = _limits(model, name)
        good = type(value) is int and low <= value <= high
        text = f"{low} to {high}"
        if name in _NUMBERS:
            good = good or value == "auto"
            text = "auto or " + text
    else:
        allowed = _choices(model, name)
        good = any(value == word and type(value) is type(word) for word in allowed)
        text = ", ".join(str(word) for word in allowed)
    if not good:
        raise ValueError(f"{model._NAME}: {name} {value!r} is not offered; choose {text}")


def _check_together(camera, model, settings):
    word = settings["resolution"]
    width, height = _size(word)
    form = settings["format"]
    if form != "jpeg" and width * height > _RAW_PIXELS:
        raise ValueError(f"{model._NAME}: {form} is limited to 1920x1080; use jpeg for {word}")
    is_legacy = camera.id < _NEW_FAMILY and word not in "320x240 640x480"
    if settings["mode"] == "video" and is_legacy:
        raise ValueError(f"{model._NAME}: video {word!r} is not offered; choose 320x240, 640x480")


def _size(word):
    width, height = word.split("x")
    return int(width), int(height)


def _groups(camera, model, settings):
    size = _resolutions(model)[settings["resolution"]]
    if settings["mode"] == "video":
        size |= _VIDEO
    groups = [
        bytes((0x20, _words("format").index(settings["format"]) + 1)),
        bytes((0x21, size)),
        _exposure(camera, settings["exposure"]),
        _gain(model, settings["gain"]),
        b"\x30\x82" if settings["auto_white_balance"] else b"\x30\x02",
    ]
    for name, address in _REGISTERS:
        if name in settings:
            groups.append(bytes((int(address, 16), _code(name, settings[name]))))
    if "autofocus" in settings:
        mode = _words("autofocus").index(settings["autofocus"])
        groups.append(_FOCUS_INIT + bytes((0x29, mode)) if mode else _FOCUS_OFF)
    return groups


def _program(groups, defaults):
    # The first groups are written after every reset, the rest only if they differ from defaults.
    program = b"".join(groups[:_ALWAYS])
    for i in range(_ALWAYS, len(groups)):
        if groups[i] != defaults[i]:
            program += groups[i]
    return program


def _difference(camera, before, after):
    writes = b""
    for i in range(len(after)):
        group = after[i]
        if group != before[i]:
            if group.startswith(_FOCUS_INIT) and before[i].startswith(_FOCUS_INIT):
                group = group[len(_FOCUS_INIT) :]
            writes += group
        elif i == 1 and writes and camera.id >= _NEW_FAMILY:
            writes += group  # on the newer family, a new format resets the size
    return writes


def _code(name, value):
    if name in _LEVELS:
        return 2 * value - 1 if value > 0 else -2 * value
    if value == "yellow":
        return _YELLOW
    return _words(name).index(value)


def _exposure(camera, value):
    # Write "automatic off" before a manual value. The newer family has no top bits.
    if value == "auto":
        return b"\x30\x81"
    high = b"" if camera.id >= _NEW_FAMILY else bytes((0x33, value >> 16))
    return b"\x30\x01" + high + bytes((0x34, value >> 8 & 0xFF, 0x35, value & 0xFF))


def _gain(model, value):
    if value == "auto":
        return b"\x30\x80"
    if model._GAIN_CODES:
        value = model._GAIN_CODES[value - 1]
    return b"\x30\x00" + bytes((0x31, value >> 8, 0x32, value & 0xFF))
