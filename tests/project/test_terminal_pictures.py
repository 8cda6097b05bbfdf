"""The terminal pictures in the docs match the current commands and show no secret."""

import html
import re
from pathlib import Path

import pytest
from megacam.doctor import checks

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def _said(name):
    picture = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL)
    return html.unescape(" ".join(texts)).replace("\xa0", " ")


def test_the_doctor_s_picture_shows_every_check():
    shown = _said("doctor")
    missing = [one.name for one in checks.CHECKS if not re.search(rf"\b{one.name}\b", shown)]
    assert missing == ["site"], "run python -m megacam.sim.terminal_pictures"


def test_the_set_up_s_picture_ends_with_the_first_photo():
    shown = _said("setup")
    assert "the first photo is in the bucket: cam1/" in shown
    steps = ("settings", "cloud", "MicroPython", "firmware", "Wi-Fi and key", "test")
    for number, step in enumerate(steps, 1):
        assert f"{number}  {step}" in shown
    assert "X-Amz-Signature" in shown


@pytest.mark.parametrize("name", ["setup", "doctor"])
def test_a_picture_shows_no_secret_and_loads_nothing_from_the_web(name):
    picture = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert "clear skies tonight" not in picture
    assert "url(http" not in picture
