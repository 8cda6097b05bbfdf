"""The settings of motion detection and of the trigger; a part of schema.py."""

_MODES = tuple("off mark gate".split())  # noqa: SIM905 short strings would stay in memory

# Columns as in schema.SETTINGS.
MOTION = (
    (
        "motion.mode",
        "choice",
        _MODES,
        0,
        "off",
        "mark: each photo says how much moved before it; gate: photos only when something moves",
    ),
    ("motion.look_s", "int", 2, 3600, 2, "seconds from one look to the next"),
    ("motion.keepalive_min", "int", 1, 1440, 60, "with gate: a photo after this many minutes"),
    (
        "motion.threshold",
        "int",
        20,
        255,
        46,
        "score from which on something has moved; lower finds more, and more that is nothing",
    ),
    ("motion.mask", "mask", 0, 0, (), "24 words of 24 marks, from the top; x: does not count"),
    ("motion.settle_ms", "int", 0, 10000, 300, "milliseconds from photo to look and back"),
    ("motion.discard", "int", 0, 30, 1, "frames discarded from photo to look and back"),
    ("motion.debug", "bool", 0, 1, False, "log the score of each look"),
    ("trigger.pin", "int", -1, 39, -1, "GPIO of a PIR sensor or button, for photos; -1: none"),
    ("trigger.level", "int", 0, 1, 1, "level of that GPIO at which a photo is taken"),
    ("trigger.pause_s", "int", 1, 3600, 10, "shortest time in s from one such photo to the next"),
)
