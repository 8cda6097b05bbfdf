"""Every page, live and exported, at every width: nothing is cut off, everything is accessible."""

import contextlib
from datetime import timedelta

import axe
import pytest
from dateutil import tz
from digest_rig import digest
from gallery_wire import BUCKET, WireS3, at, jpeg, key_of
from megacam.gallery import export, photos
from megacam.gallery.bucket import Bucket

pytest_plugins = "gallery_browser"

NOW = at("2026-05-05T16:00:00")
FIRST = NOW - timedelta(hours=2)
WIDTHS = (320, 375, 768, 1280, 1920)
KEYS = [key_of("cam1", FIRST + timedelta(minutes=n), n) for n in range(60)]
LIVE = {
    "/": ".device img",
    "/wall": ".wall img",
    "/favourites": ".content h2",
    "/month": ".day.photo",
    "/moments?device=cam1": ".moments img",
    "/day?device=cam1&date=2026-05-05": "a.cell",
    "/day?device=cam1&date=2026-05-05&slot=0": "a.cell",
    "/day?device=cam1&device=a-camera-with-a-long-name-at-the-lake&date=2026-05-05": "a.cell",
    "/day?device=cam1&date=2026-05-01": ".empty",
    f"/photo?key={KEYS[3]}": "figure img",
    f"/compare?a={KEYS[3]}&b={KEYS[50]}": "megacam-compare img",
    "/timelapse": ".form",
}
# ARIA roles of elements that a user operates or that are announced.
_NAMED = {
    "button",
    "link",
    "textbox",
    "slider",
    "combobox",
    "checkbox",
    "image",
    "Date",
    "DateTime",
}
_WIDE = "const d = document.documentElement; return d.scrollWidth - d.clientWidth"
# Elements beyond the right edge of the window, except in a parent that scrolls or clips them.
_CUT = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || !box.height || box.right <= wide + 0.5) return false;
  for (let p = e; p; p = p.parentElement) {
    const style = getComputedStyle(p);
    if (style.overflowX !== 'visible' && p !== document.documentElement && p !== e
        && p.getBoundingClientRect().right <= wide + 0.5) return false;
    if (style.clipPath !== 'none' || style.visibility === 'hidden') return false;
  }
  return true;
}).map(e => `${e.tagName}.${e.className}`).slice(0, 3)
"""

# Elements without a visible focus ring, on themselves or around them, under keyboard focus.
_RINGLESS = """
const rings = (e) => ['', '::after'].some((part) => {
  const style = getComputedStyle(e, part);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
});
const found = [];
for (const e of document.querySelectorAll('a[href], button, input, select, summary')) {
  if (!e.checkVisibility() || e.disabled || e.closest('.q-field')) continue;
  e.focus({ preventScroll: true });
  if (e.matches(':focus-visible') && !rings(e) && !rings(e.parentElement)) {
    found.push(`no ring: ${e.tagName}.${e.className}`);
  }
}
document.activeElement.blur();
return found.slice(0, 3);
"""


@pytest.fixture(scope="module")
def s3():
    with WireS3() as server:
        for n, key in enumerate(KEYS):
            server.put(key, jpeg(120, fox=40 if n == 30 else None), seq=str(n))
        digest(server, now=NOW, days=2)
        other = "a-camera-with-a-long-name-at-the-lake"
        for n in range(0, 60, 7):
            server.put(key_of(other, FIRST + timedelta(minutes=n), n), jpeg(90))
        yield server


def nameless(page):
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        node["role"]["value"]
        for node in tree
        if not node["ignored"]
        and node["role"]["value"] in _NAMED
        and not node.get("name", {}).get("value", "").strip()
    ]


def look_over(page, what):
    """Return all problems of the page in view, at every width and in both themes."""
    wrong = []
    for width in WIDTHS:
        page.size(width, 800)
        over = page.script(_WIDE)
        wrong += [f"{what} at {width}: {over} px too wide"] if over > 0 else []
        wrong += [f"{what} at {width}: cut off: {name}" for name in page.script(_CUT)]
    for width, dark in ((375, True), (1280, False)):
        page.size(width, 800, dark)
        wrong += [f"{what} at {width}, dark {dark}: {found}" for found in axe.findings(page)]
    wrong += [f"{what}: without a name: {role}" for role in nameless(page)]
    page.all("body")[0].send_keys("\ue004")  # Tab: switches to keyboard focus
    wrong += [f"{what}: {found}" for found in page.script(_RINGLESS)]
    return wrong


@pytest.mark.parametrize("half", [0, 1])
def test_every_live_page_fits_and_is_open_to_everybody(s3, look, half):
    page = look(s3.endpoint, NOW)
    wrong = []
    for path, ready in list(LIVE.items())[half::2]:
        page.open(path)
        page.wait_for(ready)
        wrong += look_over(page, path)
    assert wrong == [], "\n".join(sorted(set(wrong)))


def test_every_exported_page_fits_and_is_open_to_everybody(s3, page, tmp_path):
    site = tmp_path / "site"
    export.export(Bucket(s3.client(), BUCKET), site, FIRST, NOW, zone=tz.UTC)
    wrong = []
    starred = [photos.parse(key) for key in KEYS[:5]]
    export.export_favourites(
        Bucket(s3.client(), BUCKET), tmp_path / "favourites", starred, zone=tz.UTC
    )
    pages = [*sorted(site.glob("*.html")), tmp_path / "favourites" / "index.html"]
    assert len(pages) == 4
    for path in pages:
        page.driver.get(f"file://{path}")
        with contextlib.suppress(AssertionError):
            page.wait_for("img", 5)
        wrong += look_over(page, f"{path.parent.name}/{path.name}")
    assert wrong == [], "\n".join(sorted(set(wrong)))


def test_the_spinner_is_round(s3, look):
    s3.delay_s = 3
    page = look(s3.endpoint, NOW)
    page.wait_for(".turning")
    box = "const s = document.querySelector('.turning'); return [s.offsetWidth, s.offsetHeight]"
    width, height = page.script(box)
    assert width == height >= 20
    s3.delay_s = 0
