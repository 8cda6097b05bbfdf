"""A headless Chromium and a gallery to open in it, for the tests that need both.

pytest_plugins = "gallery_browser"
def test_something(look): page = look(s3, now); page.open("/"); page.wait_for("h1")
"""

import contextlib
import http.client
import http.cookies
import os
import shutil
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import gallery_server
import pytest

WAIT_S = 30
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--lang=en-GB",
    "--disable-features=Translate", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


def start_chromium(profile: Path):
    """Return a selenium driver for Debian's Chromium; skip, or fail in CI, if it is missing."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    try:
        from selenium import webdriver
    except ImportError:
        return _missing("the package selenium is missing: pip install 'megacam[test]'")
    if not browser or not driver:
        return _missing("Chromium is missing: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def _missing(words: str):
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


class Page:
    """A gallery in a browser's tab."""

    def __init__(self, driver, base: str = ""):
        self.driver = driver
        self.base = base

    def enter(self, link: str) -> None:
        """Open a gallery by its link; later paths are relative to the page it leads to."""
        self.driver.get(link)
        self.base = self.driver.current_url.rstrip("/")

    def admit(self, link: str) -> None:
        """Take the cookie of a gallery's link, as enter() does, without opening a page."""
        parts = urlsplit(link)
        gallery = http.client.HTTPConnection(parts.netloc, timeout=WAIT_S)
        with contextlib.closing(gallery):
            gallery.request("GET", f"{parts.path}?{parts.query}")
            headers = gallery.getresponse().headers
        self.base = f"{parts.scheme}://{parts.netloc}{headers['Location']}".rstrip("/")
        for cookie in http.cookies.SimpleCookie(headers["Set-Cookie"]).values():
            about = {"path": cookie["path"], "httpOnly": True, "sameSite": cookie["samesite"]}
            named = {"name": cookie.key, "value": cookie.value, "url": self.base}
            self.driver.execute_cdp_cmd("Network.setCookie", {**named, **about})

    def open(self, path: str) -> None:
        self.driver.get(self.base + path)

    def script(self, code: str, *arguments):
        return self.driver.execute_script(code, *arguments)

    def all(self, css: str):
        return self.driver.find_elements("css selector", css)

    def text(self, css: str = "body") -> str:
        """Return what is to be read in these elements, asked for in one request."""
        code = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText.trim())"
        return " | ".join(self.script(code, css))

    def wait(self, true, what: str = "", seconds: float = WAIT_S):
        deadline, pause_s = time.monotonic() + seconds, 0.03
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                if value := true():
                    return value
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.3, 0.4)  # each question keeps the browser from its work
        raise AssertionError(f"waited {seconds} s for {what}; the page says:\n{self.text()}")

    def wait_for(self, css: str, seconds: float = WAIT_S):
        return self.wait(lambda: self.all(css), css, seconds)[0]

    def wait_text(self, words: str, css: str = "body", seconds: float = WAIT_S) -> None:
        self.wait(lambda: words in self.text(css), repr(words), seconds)

    def click(self, css: str, words: str = "") -> None:
        def press() -> bool:
            for element in self.all(css):
                if words in element.text and element.is_displayed():
                    element.click()
                    return True
            return False

        self.wait(press, f"{css} {words!r} to click")

    def shown_pictures(self, css: str) -> int:
        """Return how many pictures the browser has decoded."""
        code = "return [...document.querySelectorAll(arguments[0])].filter(i => i.naturalWidth)"
        return len(self.script(code, css))

    @contextlib.contextmanager
    def retries_after(self, seconds: float):
        """Let pages that are opened inside ask again for failed pictures so soon (retry.js)."""
        code = f"typeof WAITS_S == 'undefined' || WAITS_S.fill({seconds})"
        code = f"document.addEventListener('DOMContentLoaded', () => {{ {code} }})"
        on_new = "ScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(f"Page.add{on_new}", {"source": code})
        yield
        self.driver.execute_cdp_cmd(f"Page.remove{on_new}", added)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium):
    """Yield a tab without a gallery; fail on errors in the page's own scripts."""
    chromium.get_log("browser")
    yield (tab := Page(chromium))
    tab.size(1280, 900)
    severe = [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"]
    broken = [line["message"] for line in severe]
    chromium.get("about:blank")
    # Some tests are about a store that is down or refuses. No test expects a script error.
    expected = ("Failed to load resource", "WebSocket")
    assert not [line for line in broken if not any(words in line for words in expected)]


@pytest.fixture
def look(page, tmp_path):
    """Return look(endpoint, now) -> Page that shows a gallery in its own process.

    look(endpoint, now, path) shows only that page of it; `more` is for gallery_server.process().
    """
    with contextlib.ExitStack() as running:

        def start(endpoint: str, now: datetime, path: str = "", **more) -> Page:
            link = running.enter_context(gallery_server.process(endpoint, now, tmp_path, **more))
            if path:
                page.admit(link)
                page.open(path)
            else:
                page.enter(link)
            return page

        yield start
