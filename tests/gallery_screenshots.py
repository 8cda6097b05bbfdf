"""Take the screenshots of the gallery for the documentation: make screenshots."""

import base64
import io
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import gallery_demo
from gallery_browser import Page, start_chromium
from megacam.demo import gallery
from PIL import Image

_WIDE, _DAY, _PHONE = (1280, 860), (1100, 860), (390, 780)
# The page is higher than the window: it shows some hours of the day, too.
_DAY_HEIGHT = 1330
_PAST_PHOTOS = 270
_DEVICE = gallery.PAST_DEVICE
_PLAYER = ".screen img"


def main() -> None:
    """Write the screenshots into the folder given on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        driver = start_chromium(Path(scratch) / "profile")
        try:
            with gallery_demo.running(Path(scratch) / "photos", "--interval=10") as link:
                _take(Page(driver), link, folder)
        finally:
            driver.quit()


def _take(page: Page, link: str, folder: Path) -> None:
    day = _wait_for_the_past(page, link)
    page.size(*_WIDE)
    page.open("/")
    page.wait(lambda: page.shown_pictures(".device img") == 2, "both devices")
    _save(page, folder / "gallery-now.png")
    page.size(*_DAY, dark=True)
    page.open(f"/day?device={_DEVICE}&date={day}")
    page.wait(
        lambda: page.shown_pictures(_PLAYER) and page.shown_pictures("a.cell img") > 40, "a day"
    )
    _save(page, folder / "gallery-day.png", _DAY_HEIGHT)
    noon, evening = (_key_at(page, hour) for hour in (12, 21))
    page.size(*_PHONE, dark=True)
    page.open(f"/day?device={_DEVICE}&date={day}")
    page.wait(
        lambda: page.shown_pictures(_PLAYER) and page.shown_pictures("a.cell img") > 5, "a day"
    )
    _save(page, folder / "gallery-phone.png")
    page.size(*_WIDE)
    page.open(f"/compare?a={noon}&b={evening}")
    page.wait(lambda: page.shown_pictures("megacam-compare img") == 2, "both pictures")
    _save(page, folder / "gallery-compare.png")
    _take_timelapse(page, folder)


def _key_at(page: Page, hour: int) -> str:
    """Return the key of the photo nearest to an hour, on the day that the page shows."""
    frames = page.script("return document.querySelector('megacam-player').data.tracks[0].frames")
    name = min(frames, key=lambda f: abs(datetime.fromtimestamp(f[0]).hour - hour))[1]
    return f"{_DEVICE}/{name}"


def _take_timelapse(page: Page, folder: Path) -> None:
    page.open(f"/timelapse?device={_DEVICE}")
    page.click("button", "Make it")
    playing = "const v = document.querySelector('video'); return v && v.currentTime > 2"
    page.wait(lambda: page.script(playing), "the film", 120)
    _save(page, folder / "gallery-timelapse.png")


def _wait_for_the_past(page: Page, link: str) -> str:
    """Wait until all of the drawn day is stored; return the date that has most of its photos."""
    page.enter(link)
    now = datetime.now(timezone.utc)
    dates = [f"{now - timedelta(days=n):%Y-%m-%d}" for n in range(2)]
    counts: list[int] = []

    def complete() -> bool:
        counts[:] = [_count(page, date) for date in dates]
        return sum(counts) >= _PAST_PHOTOS

    page.wait(complete, "the drawn day", 900)
    return dates[counts.index(max(counts))]


def _count(page: Page, date: str) -> int:
    page.open(f"/day?device={_DEVICE}&date={date}")
    page.wait(lambda: page.all(".summary") or page.all(".empty"), "the day")
    words = page.text(".summary")
    return int(words.split()[0]) if words else 0


def _save(page: Page, path: Path, height: int | None = None) -> None:
    """Save what the window shows, or the top `height` pixels of the page."""
    taken = page.driver.get_screenshot_as_png()
    if height:
        part = {"x": 0, "y": 0, "width": _DAY[0], "height": height, "scale": 1}
        beyond = {"captureBeyondViewport": True, "clip": part}
        answer = page.driver.execute_cdp_cmd("Page.captureScreenshot", beyond)
        taken = base64.b64decode(answer["data"])
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    picture.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
