"""The site in Chromium, behind function.js, on a phone and on a desktop."""

import io
import json
import re
from datetime import datetime, timedelta, timezone

import axe
import pytest
import site_demo
import site_server
from gallery_wire import jpeg
from megacam.site import links
from PIL import Image, ImageOps

pytest_plugins = "gallery_browser"

PHONE, DESKTOP = (390, 844), (1280, 900)
PAGES = ("", "days.html", "films.html", "moments.html")
# Before the first picture; a phone on a slow link (1 Mbit/s) has them in less than 2 s.
_MOST_BYTES = 200_000
DAY = (datetime.now(timezone.utc) - timedelta(days=1)).date()
BEFORE = DAY - timedelta(days=1)


def _hours(day, first, last):
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    return midnight + timedelta(hours=first), midnight + timedelta(hours=last)


@pytest.fixture(scope="module")
def objects():
    photos = site_demo.photos("cam1", *_hours(DAY, 8, 16))
    photos |= site_demo.photos("cam1", *_hours(BEFORE, 10, 13))
    found = {**site_demo.app(), **photos}
    for day in (DAY, BEFORE):
        found |= site_demo.digest("cam1", str(day), photos, film=b"not really a film")
    return found


@pytest.fixture
def site(objects):
    with site_server.Site(dict(objects)) as running:
        yield running


@pytest.fixture
def open_site(site, page):
    """Return open_site(path, size) -> Page, entered with a link of its own."""

    def start(path="", size=PHONE, link=None):
        page.size(*size)
        # A test with axe-core switches the policy off.
        page.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
        page.driver.delete_all_cookies()
        page.driver.get((link or site.link())[1])
        page.wait(lambda: page.driver.current_url == f"{site.origin}/_site/", "the home page")
        page.base = f"{site.origin}/_site/"
        if path:
            page.open(path)
        page.wait_for("megacam-site > *:not(.waiting)")
        return page

    return start


def _day_page(day=DAY):
    return f"day.html?camera=cam1&day={day}"


def test_a_link_opens_the_newest_photo_and_leaves_no_trace_of_itself(site, open_site):
    link = site.link()
    page = open_site(link=link)
    page.wait(lambda: page.shown_pictures(".site-card img") == 1, "the newest photo")
    newest = sorted(key for key in site.objects if key.startswith("cam1/20"))[-1]
    assert page.script("return document.querySelector('.site-card img').src") == (
        f"{site.origin}/{newest}"
    )
    assert page.script("return document.cookie") == ""
    secret = link[0].token("link")
    assert secret.rpartition(".")[2] not in json.dumps(
        [site.lines, page.script("return [location.href, document.referrer]")]
    )
    [cookie] = [one for one in page.driver.get_cookies() if one["name"] == links.COOKIE]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
    page.driver.back()
    assert "#" not in page.driver.current_url


def test_a_link_can_be_pasted_where_an_installed_app_has_no_cookie(site, page):
    page.driver.delete_all_cookies()
    page.driver.get(f"{site.origin}/_site/days.html")
    page.wait_text("These photos are private")
    assert axe.findings(page) == []
    page.wait_for("#link").send_keys(site.link()[1] + "\n")
    page.wait_for("megacam-site")


def test_less_than_200_kb_before_the_first_picture_of_a_full_day(site, open_site):
    """A day of 2,880 photos, on the wire as CloudFront compresses it."""
    key = f"cam1/_digest/{DAY:%Y/%m/%d}/day.json"
    digest = json.loads(site.objects[key])
    start, _ = _hours(DAY, 0, 24)
    moments = [start + timedelta(seconds=30 * n) for n in range(2_880)]
    digest["photos"] = [
        [f"{at:%Y/%m/%d/%H%M%S}-{n:06d}.jpg", 350_000 + 37 * n % 9_000, n // 120, n % 120,
         round(n % 97 / 9_000, 4), 0]
        for n, at in enumerate(moments)
    ]  # fmt: skip
    site.objects[key] = json.dumps(digest).encode()
    site.objects[f"cam1/{digest['photos'][-1][0]}"] = jpeg(90)
    page = open_site()
    page.wait(lambda: page.shown_pictures(".site-card img") == 1, "the newest photo")
    names = [path for _, path, _, _ in site.sent]
    first = names.index(f"/cam1/{digest['photos'][-1][0]}")
    whole = sum(size for _, _, _, size in site.sent[:first])
    assert 10_000 < whole < _MOST_BYTES
    assert first < 25


# The colours do not depend on the size.
@pytest.mark.parametrize(
    ("size", "dark"), [(PHONE, True), (DESKTOP, False)], ids=["dark phone", "light desktop"]
)
def test_every_page_fits_and_is_accessible(open_site, size, dark):
    page = open_site(size=size)
    page.size(*size, dark=dark)
    for path in (*PAGES, _day_page()):
        page.open(path)
        page.wait_for("megacam-site > *:not(.waiting)")
        wide = page.script("return document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
        assert axe.findings(page) == [], path


def test_the_days_are_shown_by_their_keograms_and_lead_to_the_player(open_site):
    page = open_site("days.html")
    page.wait(lambda: page.shown_pictures(".cover img") == 2, "the keograms")
    page.click("a.cover")
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "the player")
    assert str(DAY.day) in page.text("h1")
    page.wait(lambda: page.shown_pictures(".keogram") == 1, "the keogram")


def test_a_day_plays_steps_by_keys_and_jumps_by_its_thumbnails(site, open_site):
    page = open_site(_day_page())
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "the player")
    # The zone of the digest is CET, an hour ahead of UTC in winter and two in summer.
    assert page.text(".clock").endswith(":58:00")
    body = page.wait_for("body")
    body.send_keys("\ue012")  # arrow left
    page.wait(lambda: page.text(".clock").endswith(":56:00"), "the photo before")
    cell = page.wait_for(".hour .cell.moved")
    page.script("arguments[0].scrollIntoView({block: 'center'})", cell)
    image = "return getComputedStyle(arguments[0].querySelector('.thumb')).backgroundImage"
    page.wait(lambda: "/sprite-" in page.script(image, cell), "the sheet of the hour")
    cell.click()
    page.wait(lambda: page.text(".clock")[:2] == "13", "the moment of the cell")
    assert "motion" in page.script("return arguments[0].querySelector('.thumb').ariaLabel", cell)


def _animal_at(cell):
    """Return where the orange animal is in a cell, 0 to 1 from left to right; None: nowhere."""
    picture = Image.open(io.BytesIO(cell.screenshot_as_png)).convert("RGB")
    # The border of a cell with motion is orange, too.
    picture = ImageOps.crop(picture, 6)
    found = [
        x
        for x in range(picture.width)
        for y in range(picture.height)
        if (lambda r, g, b: r > 180 and 70 < g < 140 and b < 90)(*picture.getpixel((x, y)))
    ]
    return sum(found) / len(found) / picture.width if found else None


def test_a_thumbnail_shows_its_own_cell_of_the_sheet(open_site, page):
    """The animal walks from left to right in 40 minutes, through two rows of the sheet."""
    page = open_site(_day_page(), DESKTOP)
    page.wait_for(".hour .cell.moved")

    def seen(css):
        cells = page.all(css)
        page.script("arguments[0].scrollIntoView({block: 'center'})", cells[0])
        return [place for place in map(_animal_at, cells) if place is not None]

    places = page.wait(lambda: len(now := seen(".cell.moved")) >= 7 and now, "the animal")
    assert places == sorted(places) and places[-1] - places[0] > 0.4
    assert seen(".hour:first-child .cell") == []


def test_films_are_loaded_only_when_they_are_played_and_moments_lead_to_the_player(
    site, open_site
):
    page = open_site("films.html")
    page.wait_for("video")
    assert len(page.all("video")) == 2
    assert not [one for one in page.all("megacam-site > button") if one.is_displayed()]
    assert not [path for _, path, _, _ in site.sent if path.endswith(".mp4")]
    page.open("moments.html")
    page.wait_for(".moments .cell .thumb")
    page.click(".moments .cell")
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "the player")
    assert page.text(".clock").startswith("13:")


def test_a_link_of_one_camera_shows_no_trace_of_the_other(objects, page):
    other = {key.replace("cam1/", "cam2/"): data for key, data in objects.items()}
    with site_server.Site({**objects, **other}, ("cam1", "cam2")) as site:
        page.driver.delete_all_cookies()
        page.driver.get(site.link(cameras=("cam1",))[1])
        page.wait(lambda: page.shown_pictures(".site-card img") == 1, "the newest photo")
        assert "cam2" not in page.driver.page_source
        page.driver.get(f"{site.origin}/_site/days.html?camera=cam2")
        page.wait_for(".cover")
        assert "cam2" not in page.driver.page_source
        page.driver.get(site.link()[1])
        page.wait(lambda: page.shown_pictures(".site-card img") == 2, "both cameras")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_link_that_ends_while_the_app_is_open_leads_to_the_page_that_says_so(
    site, open_site, end
):
    link = site.link()
    page = open_site(link=link)
    if end == "revoked":
        del site.store[link[0].entry_name]
    else:
        site.now_s = link[0].until
    page.open("days.html")
    page.wait_text("These photos are private")
    site.sent.clear()
    page.open("")
    page.wait_text("These photos are private")
    assert {status for _, path, status, _ in site.sent if path != "/_site/enter.js"} == {403}


def test_the_app_can_be_installed(site, open_site):
    page = open_site()
    told = page.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/_site/")
    sizes = set()
    for one in manifest["icons"]:
        image = Image.open(io.BytesIO(site.objects[f"_site/{one['src']}"]))
        assert one["sizes"] == f"{image.width}x{image.height}"
        assert len(set(image.convert("L").tobytes())) > 20, "no soft edges"
        sizes.add((one["sizes"], one["purpose"]))
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes
    found = page.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})
    assert [one["errorId"] for one in found["installabilityErrors"]] in ([], ["in-incognito"])


def test_a_digest_from_a_stolen_key_can_show_only_what_the_site_may_show(site, open_site):
    """A camera's key may put new names under its folder: also a digest of a day to come."""
    tomorrow = DAY + timedelta(days=1)
    key = f"cam1/_digest/{DAY:%Y/%m/%d}/day.json"
    evil = json.loads(site.objects[key])
    bad = {"key": "javascript:document.title='bad'", "size": 1}
    evil |= {"keogram": {"key": "//evil.example/x.jpg"}, "film": bad, "labels": {}, "zone": "<b>"}
    evil["offsets"] = [["<b>", 1]]
    evil["hours"][9]["sprites"] = [{"key": 'cam1/_digest/x.jpg");background:red;("'}]
    evil["photos"] += [["<img src=x onerror=document.title='bad'>", 1, 9, 0, 0, 1],
                       ["../../_update/x.jpg", 1, 9, 0, 0, 1], [None, 1, 9, 0, 0, 1]]  # fmt: skip
    evil["moments"] += [bad, {"key": None}, {}]
    site.objects[f"cam1/_digest/{tomorrow:%Y/%m/%d}/day.json"] = json.dumps(evil).encode()
    site.objects[key] = json.dumps(evil).encode()
    page = open_site(_day_page())
    for path in (_day_page(), "films.html", "moments.html", ""):
        page.open(path)
        page.wait_for("megacam-site > *:not(.waiting)")
        assert "bad" not in page.driver.title
        links = page.script("return [...document.querySelectorAll('.cell')].map(c => c.href)")
        assert links or path in ("films.html", "")
        assert all(re.search(r"#at-\d+$", one) for one in links), path
    asked = [path for _, path, _, _ in site.sent]
    assert not [path for path in asked if "_update" in path or "evil" in path]


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "text/javascript"])
def test_a_photo_that_is_really_a_page_runs_nothing(site, open_site, kind):
    page = open_site()
    key = f"cam1/{DAY:%Y/%m/%d}/235959-999999.jpg"
    script = (
        "<script>document.title='bad';fetch('/_site/me').then(() => fetch('/stolen'))</script>"
    )
    forms = {
        "text/html": f"<html><body>{script}",
        "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{script}</svg>",
        "text/javascript": "document.title='bad'",
    }
    site.objects[key], site.types[key] = forms[kind].encode(), kind
    page.driver.get(f"{site.origin}/{key}")
    page.wait(lambda: page.script("return document.readyState") == "complete", "the page")
    assert "bad" not in page.driver.title
    assert not [path for _, path, _, _ in site.sent if path == "/stolen"]
    said = [one["message"] for one in page.driver.get_log("browser")]
    if kind != "text/javascript":
        assert any("sandboxed" in one for one in said)


def test_without_any_day_every_page_says_so(objects, page):
    with site_server.Site(site_demo.app()) as site:
        page.driver.delete_all_cookies()
        page.driver.get(site.link()[1])
        page.wait_text("No photos yet")
        for path, words in zip(PAGES[1:], ("No days yet", "No films yet", "No moments yet"),
                               strict=True):  # fmt: skip
            page.driver.get(f"{site.origin}/_site/{path}")
            page.wait_text(words)


def test_a_site_that_is_out_of_reach_says_so_and_tries_again(site, open_site):
    page = open_site()
    answer = site.decide
    site.decide = lambda event: (
        {"error": "x"} if event["request"]["uri"].startswith("/cam1/_digest") else answer(event)
    )
    page.open(_day_page(BEFORE))
    page.wait_text("The photos cannot be shown")
    site.decide = answer
    page.click("button", "Try again")
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "the player")


def test_labels_are_searched_on_the_page_of_moments(site, open_site):
    page = open_site("moments.html?camera=cam1")
    whole = len(page.all(".moments .cell"))
    page.driver.switch_to.active_element.send_keys("/")
    page.driver.switch_to.active_element.send_keys("FOX\n")
    page.wait(lambda: "label=FOX" in page.driver.current_url, "the search")
    page.wait_for(".moments .cell")
    found = [cell.get_attribute("title") for cell in page.all(".moments .cell")]
    assert len(found) == 4 < whole and all(title.endswith(": fox") for title in found)
    assert axe.findings(page) == []
    page.open("moments.html?camera=cam1&label=%22%3E%3Cimg%20src%3Dx%3E")
    page.wait_text("here", "megacam-site h2")
    assert page.script("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.all(".search input")


def test_the_list_of_the_digest_s_days_saves_the_search_for_them(site, open_site):
    days = ["<b>", 7, str(BEFORE), str(DAY)]
    listed = {"format": 1, "device": "cam1", "days": days}
    site.objects["cam1/_digest/days.json"] = json.dumps(listed).encode()
    page = open_site("days.html?camera=cam1")
    page.wait(lambda: len(page.all(".cover")) == 2, "the days")
    assert not [line for line in site.sent if line[0] == "HEAD"]
