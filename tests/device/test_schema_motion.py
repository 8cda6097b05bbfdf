"""firmware/settings/schema_motion.py: the sections motion and trigger; runs on both."""

from firmware.errors import ConfigError
from firmware.settings import schema


def _pinned(**sections):
    return dict(sections, s3={"bucket": "my-photos"})


def _refusal(raw):
    try:
        schema.check(raw)
    except ConfigError as e:
        return str(e)
    raise AssertionError(raw)


_BEACH = ["." * 24] * 12 + ["x" * 24] * 12


def test_what_is_switched_off_is_left_out():
    settings, _ = schema.check(_pinned(motion={"look_s": 9, "mask": _BEACH}, trigger={"level": 0}))
    assert not [name for name in settings if name.startswith(("motion.", "trigger."))]
    settings, _ = schema.check(_pinned(motion={"mode": "gate"}, trigger={"pin": 13}))
    assert settings["motion.look_s"] == 2 and settings["motion.mask"] == ()
    assert settings["trigger.pause_s"] == 10


def test_motion_and_trigger_are_checked_also_if_they_are_off():
    for raw, text in (
        (_pinned(motion={"mode": "on"}), "motion.mode is 'on'; it must be one of off, mark, gate"),
        (_pinned(motion={"look_s": 1}), "motion.look_s is 1; it must be a whole number from 2"),
        (_pinned(motion={"mask": _BEACH[1:]}), 'a list of 24 words of 24 marks, "." or "x"'),
        (_pinned(motion={"mask": _BEACH[1:] + ["x" * 23]}), "motion.mask is"),
        (_pinned(motion={"mask": _BEACH[1:] + ["X" * 24]}), "motion.mask is"),
        (_pinned(trigger={"pin": 18}), "trigger.pin is 18; GPIO 18 is already spi.sck"),
        (_pinned(trigger={"level": 2}), "trigger.level is 2; it must be a whole number from 0"),
        (
            _pinned(motion={"mode": "mark"}, power={"deep_sleep": True}),
            "motion.mode is 'mark'; it must be off with power.deep_sleep",
        ),
        (
            _pinned(trigger={"pin": 17}, power={"deep_sleep": True}),
            "trigger.pin is 17; it must be one of 0, 2, 4, 12",
        ),
    ):
        assert text in _refusal(raw), _refusal(raw)
    schema.check(_pinned(trigger={"pin": 17}))
    schema.check(_pinned(trigger={"pin": 27}, power={"deep_sleep": True}))
    assert schema.check(_pinned(motion={"mode": "mark", "mask": _BEACH}))[0]["motion.mask"]
