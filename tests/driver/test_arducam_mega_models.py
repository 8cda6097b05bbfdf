"""Each feature on each model, what is refused, and the table in docs/camera.md made from it."""

import re
from pathlib import Path

import arducam_mega
import pytest
from arducam_mega import settings
from arducam_mega_features import FEATURES, MODELS, SIZES, TESTED, table, use
from arducam_mega_rig import Rig, read
from each import each
from megacam.sim.camera_models import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "camera.md"

# Limits by model, from the vendor's data. The gain of the 3MP: its table of steps ends at 31.
LIMITS = {
    "5mp": ((1, 30_000), (1, 1023)),
    "3mp": ((1, 30_000), (1, 31)),
    "5mp-v2": ((1, 65_535), (1, 65_535)),
    "3mp-v2": ((1, 65_535), (1, 65_535)),
    "5mp-2025": ((1, 10_000), (0, 240)),
    "3mp-2025": ((1, 10_000), (0, 240)),
    "2mp-2025": ((1, 10_000), (0, 240)),
}


@each("word", MODELS)
@each("feature", FEATURES)
def test_a_feature_works_or_is_refused_before_anything_is_written(feature, word):
    kind = KINDS[word]
    expected = {
        "effect yellow": kind.light_yellow,
        "sharpness auto, 1 to 8": kind.sharpness,
        "ae_freeze": not kind.legacy,
        "awb_freeze": not kind.legacy,
        "autofocus, focus()": kind.autofocus,
        "focus status": word == "5mp",
        "focus(position)": word == "5mp",
    }
    if feature.startswith("resolution "):
        offered = feature.split()[1] in {f"{w}x{h}" for w, h in kind.sizes.values()}
    else:
        offered = expected.get(feature, True)
    assert (use(feature, word) == TESTED) is offered


def test_the_sizes_tried_are_all_there_are():
    known = {f"{w}x{h}" for kind in KINDS.values() for w, h in kind.sizes.values()}
    assert known == set(SIZES)


def test_the_table_in_the_docs_is_the_one_that_the_model_gives():
    assert table() in DOCS.read_text(), "python tests/arducam_mega_features.py prints the new one"


@pytest.mark.parametrize("word", MODELS)
def test_manual_exposure_and_gain_end_at_the_limits_of_the_model(word):
    with Rig(word) as rig:
        for name, (low, high) in zip(("exposure", "gain"), LIMITS[word], strict=True):
            rig.camera.configure(**{name: low})
            rig.camera.configure(**{name: high})
            before = list(rig.writes)
            for value in (low - 1, high + 1, "full", 1.5, True):
                with pytest.raises(ValueError, match=f"auto or {low} to {high}"):
                    rig.camera.configure(**{name: value})
            assert rig.writes == before
        rig.shoot()


@pytest.mark.parametrize(
    ("word", "settings", "message"),
    [
        ("3mp", {"resolution": "2592x1944"}, "3MP: .*2592x1944.*choose 96x96, .*2048x1536"),
        ("2mp-2025", {"resolution": "1920x1080"}, "2MP.*1920x1080"),
        ("5mp", {"sharpness": 1}, "5MP: no setting 'sharpness'; it has auto_white_balance, .*ev"),
        ("3mp", {"autofocus": "single"}, "3MP: no setting 'autofocus'"),
        ("3mp", {"ae_freeze": True}, "3MP: no setting 'ae_freeze'"),
        ("5mp", {"effect": "yellow"}, "5MP: effect 'yellow'.*choose none, .*green"),
        ("3mp", {"brightness": 5}, "brightness 5 is not offered; choose -4 to 4"),
        ("3mp", {"contrast": "high"}, "contrast 'high'"),
        ("3mp", {"rotation": 90}, "rotation 90 is not offered; choose 0, 180"),
        ("3mp", {"rotation": False}, "rotation False"),
        ("3mp", {"colour": 1}, "no setting 'colour'"),
        ("3mp", {"format": "rgb565", "resolution": "2048x1536"}, "rgb565 is limited to 1920x1080"),
        ("3mp", {"mode": "video", "resolution": "1600x1200"}, "choose 320x240, 640x480"),
    ],
)
def test_a_refusal_names_the_model_the_value_and_what_there_is(word, settings, message):
    with Rig(word) as rig:
        rig.camera.configure(resolution="320x240", ev=1)
        before = list(rig.writes)
        with pytest.raises(ValueError, match=message):
            rig.camera.configure(quality="low", **settings)
        assert rig.writes == before
        assert rig.camera.settings["quality"] == "medium"
        rig.shoot()


def test_raw_cannot_be_reached_in_two_steps_either():
    with Rig() as rig:
        rig.camera.configure(resolution="2048x1536")
        with pytest.raises(ValueError, match="limited to 1920x1080"):
            rig.camera.configure(format="yuv422")
        rig.shoot()


@pytest.mark.parametrize("frames", [0, 256, 200])
def test_a_burst_that_does_not_fit_is_refused(frames):
    with Rig() as rig:
        rig.camera.configure(format="rgb565", resolution="320x240")
        before = list(rig.writes)
        with pytest.raises(ValueError, match="8 MiB"):
            rig.camera.burst(frames)
        assert rig.writes == before


def test_a_long_burst_gets_its_time():
    with Rig("3mp", "slow-capture") as rig:
        rig.camera.configure(resolution="320x240")
        read(rig.camera.burst(255))
        assert [len(frame.photos) for frame in rig.model.frames] == [255]


def test_the_docstring_of_the_module_names_all_settings_and_words():
    text = str(arducam_mega.__doc__)
    for word in MODELS:
        with Rig(word) as rig:
            rig.camera.reset()
            table = settings.model(rig.camera)
            for name in settings._controls(table):
                assert re.search(rf"^ +(?:\w+, )*{name}[, ]", text, re.MULTILINE), name
                if name not in {*settings._LEVELS, *settings._NUMBERS, "sharpness", "rotation"}:
                    for choice in settings._choices(table, name):
                        shown = f'"{choice}"' if isinstance(choice, str) else str(choice)
                        assert shown in text, (name, choice)


def test_only_what_differs_is_written_and_in_order():
    with Rig() as rig:
        rig.camera.reset()
        del rig.writes[:]
        rig.camera.configure(saturation=1, resolution="320x240", gain=5, format="rgb565", ev=0)
        assert rig.writes == [
            *[(0x20, 2), (0x21, 1)],
            *[(0x30, 0), (0x31, 0), (0x32, 0x34)],
            (0x24, 1),
        ]
        del rig.writes[:]
        rig.camera.configure(saturation=1, gain=5, resolution="320x240", quality="medium")
        assert rig.writes == []
        rig.camera.configure(gain="auto", saturation=0)
        assert rig.writes == [(0x30, 0x80), (0x24, 0)]


def test_what_is_in_force_already_costs_nothing(monkeypatch):
    with Rig() as rig:
        rig.camera.configure(resolution="320x240", ev=1)
        monkeypatch.setattr(settings, "change", None)
        rig.camera.configure(ev=1)
        rig.camera.configure(resolution="320x240", ev=1)


def test_the_newer_family_gets_the_size_again_after_each_change_of_format():
    for word, again in (("3mp", []), ("3mp-2025", [(0x21, 0x03)])):
        with Rig(word) as rig:
            rig.camera.configure(resolution="320x240")
            del rig.writes[:]
            rig.camera.configure(format="rgb565")
            assert rig.writes == [(0x20, 2), *again]
            rig.shoot()


def test_the_newer_family_is_waited_for_after_each_automatic():
    with Rig("5mp-2025", "second-write-dropped") as rig:
        rig.camera.configure(exposure=500, gain=20, auto_white_balance=False)
        rig.shoot()
        assert (rig.model.settings[0x34], rig.model.settings[0x35]) == (1, 0xF4)
        assert rig.model.settings[0x32] == 20
        assert 0x33 not in rig.model.settings


def test_settings_tell_what_is_in_force():
    with Rig("5mp") as rig:
        assert rig.camera.settings["resolution"] == "640x480"
        rig.camera.configure(resolution="1600x1200", effect="sepia")
        rig.model.power_cycle()
        rig.shoot()
        got = rig.camera.settings
        assert (got["resolution"], got["effect"], got["autofocus"]) == (
            "1600x1200",
            "sepia",
            "off",
        )
        assert "sharpness" not in got
        rig.camera.reset()
        assert rig.camera.settings["effect"] == "none"


def test_settings_can_be_given_back():
    with Rig("3mp-2025") as rig:
        rig.camera.configure(resolution="800x600", ev=-2, gain=7)
        kept = rig.camera.settings
        rig.camera.reset()
        rig.camera.configure(**kept)
        assert rig.camera.settings == kept
        rig.shoot()
        assert rig.model.frames[-1].width == 800


def test_everything_asked_for_is_there_again_after_a_reset():
    with Rig("5mp") as rig:
        rig.camera.configure(
            resolution="1280x720", exposure=300, gain=4, autofocus="continuous", rotation=180
        )
        before = rig.model.settings
        rig.model.power_cycle()
        rig.shoot()
        after = rig.model.settings
        assert after.pop(0x30) | before.pop(0x30)  # the register of all three automatic modes
        assert after == before


def test_focus_needs_autofocus_to_be_on():
    with Rig("5mp") as rig:
        with pytest.raises(ValueError, match=r'configure\(autofocus="single"\) first'):
            rig.camera.focus()
        rig.camera.configure(autofocus="single")
        for position in (-1, 1024):
            with pytest.raises(ValueError, match=f"5MP: focus position {position} .*0 to 1023"):
                rig.camera.focus(position)


def test_a_model_without_focus_or_without_a_lens_motor_of_its_own_says_so():
    with Rig("3mp") as rig, pytest.raises(ValueError, match=r"3MP: no autofocus; only ids 0x81"):
        rig.camera.focus()
    with Rig("5mp-v2") as rig, pytest.raises(ValueError, match=r"position 9 .* on id 0x81 only"):
        rig.camera.focus(9)


def test_loading_the_focus_firmware_may_take_seconds():
    with Rig("5mp") as rig:
        rig.camera.reset()
        begun = rig.ms()
        rig.camera.configure(autofocus="single")
        assert rig.ms() - begun > 1000


def test_a_sleeping_camera_is_woken_and_gets_time_before_its_next_photo():
    for word in MODELS:
        with Rig(word, "early-wake-blanking") as rig:
            rig.shoot()
            rig.camera.sleep()
            rig.clock.sleep_ms(20_000)
            begun, taken, before = rig.ms(), len(rig.model.frames), len(rig.writes)
            rig.shoot()
            assert 300 <= rig.ms() - begun < 2000
            assert len(rig.model.frames) == taken + 2  # the first one is discarded
            assert (0x07, 0x40) not in rig.writes[before:]
            assert not [
                frame for frame in rig.model.frames if frame.fifo[:4] == b"\x08\x01\x08\x01"
            ]


@pytest.mark.parametrize("word", MODELS)
def test_settings_are_written_again_after_sleep_where_nobody_knows_that_they_are_kept(word):
    with Rig(word) as rig:
        rig.camera.configure(resolution="320x240", effect="sepia")
        rig.camera.sleep()
        del rig.writes[:]
        rig.camera.wake()
        assert ((0x27, 4) in rig.writes) is (rig.camera.id in (0x83, 0x84))


def test_a_self_test_finds_a_broken_wire():
    with Rig() as rig:
        rig.camera.reset()
        rig.spi.write = lambda data: None  # MOSI is disconnected
        with pytest.raises(Exception, match="0x55, not 0xaa; check MOSI"):
            rig.sensor.self_test(rig.camera)
