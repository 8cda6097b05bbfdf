"""Accessibility: color contrast, touch, and an exported site that works without a server."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from dateutil import tz
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.gallery import export
from megacam.gallery.bucket import Bucket

pytest_plugins = "gallery_browser"

NOW = at("2026-05-05T16:00:00")
FIRST = NOW - timedelta(hours=2)
STYLES = Path(__file__).parents[2] / "tools/megacam/gallery/static/gallery.css"
_AA = 4.5
_PAIRS = (
    ("ink", "ground"), ("ink", "card"), ("soft", "ground"), ("soft", "card"),
    ("accent", "ground"), ("accent", "card"), ("on-accent", "accent"), ("good", "card"),
    ("fair", "card"), ("bad", "card"), ("on-bad", "bad"), ("ink", "hole"),
)  # fmt: skip


@pytest.fixture
def s3():
    with WireS3() as server:
        for n in range(120):
            moment = FIRST + timedelta(minutes=n)
            server.put(key_of("cam1", moment, n), jpeg(120), seq=str(n))
        yield server


def colours(css, selector):
    body = re.search(re.escape(selector) + r" \{([^}]*--ground[^}]*)\}", css)
    assert body, selector
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body[1]))


def luminance(colour):
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [":root", "body.body--dark", "body.exported"])
def test_words_have_the_contrast_that_wcag_aa_asks_for(theme):
    css = STYLES.read_text()
    found = colours(css, ":root") | colours(css, theme)
    for front, back in _PAIRS:
        low, high = sorted(luminance(found[name]) for name in (front, back))
        assert (high + 0.05) / (low + 0.05) >= _AA, (theme, front, back)


def touch(page, kind, *points):
    where = [{"x": x, "y": y} for x, y in points]
    page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})


def drag(page, css, start, end):
    """Drag a finger over an element; `start` and `end` are fractions of its width."""
    box = page.script(
        "const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
        "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]",
        css,
    )
    left, top, width, height = box
    y = top + height / 2
    touch(page, "touchStart", (left + width * start, y))
    for step in range(1, 6):
        touch(page, "touchMove", (left + width * (start + (end - start) * step / 5), y))
    touch(page, "touchEnd")


def test_a_finger_moves_the_scrubber_and_turns_the_photos(s3, look):
    page = look(s3.endpoint, NOW)
    page.size(390, 800)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.open("/day?device=cam1&date=2026-05-05")
    page.wait_for("megacam-player .stage")

    def clock():
        return page.all(".clock")[0].text

    try:
        drag(page, ".timeline input", 0.9, 0.6)
        page.wait(lambda: "14:0" <= clock() < "14:5", "the scrubber to follow")
        before = clock()
        drag(page, ".stage", 0.8, 0.2)
        page.wait(lambda: clock() > before, "the next photo")
        drag(page, ".stage", 0.2, 0.8)
        page.wait(lambda: clock() <= before, "the photo before it")
    finally:
        page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_an_exported_site_plays_from_its_folder(s3, page, tmp_path):
    site = tmp_path / "site"
    export.export(Bucket(s3.client(), BUCKET), site, FIRST, NOW, zone=tz.UTC)
    page.open(f"file://{site}/index.html")
    page.wait(lambda: page.shown_pictures(".cover img") == 1, "the day's picture")
    page.click("a.cover")
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "the player")
    before = page.text(".clock")
    page.click(".controls button", "▶|")
    page.wait(lambda: page.text(".clock") > before, "the next photo")
    page.wait(lambda: page.shown_pictures("a.cell img") >= 6, "the thumbnails")
