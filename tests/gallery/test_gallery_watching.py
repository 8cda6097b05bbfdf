"""The player: full screen and zoom; the zoomed time line; a day of 2,880 photos; stars."""

import json
import zipfile
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import gallery_server
import pytest
from gallery_wire import WireS3, at, jpeg, key_of

pytest_plugins = "gallery_browser"

NOW = at("2026-05-05T16:00:00")
MIDNIGHT = at("2026-05-05T00:00:00")
YESTERDAY = MIDNIGHT - timedelta(days=1)
FULL_DAY = "/day?device=full&date=2026-05-04"
FEW = "/day?device=few&date=2026-05-05"


@pytest.fixture(scope="module")
def s3():
    with WireS3() as server:
        for n in range(2880):
            server.put(key_of("full", YESTERDAY + timedelta(seconds=30 * n), n), jpeg(120))
        for n, hour in enumerate((8, 11, 14)):
            server.put(key_of("few", MIDNIGHT + timedelta(hours=hour), n), jpeg(80 + n))
        server.put(key_of("few", MIDNIGHT.replace(year=2025) + timedelta(hours=13), 1), jpeg(60))
        yield server


@pytest.fixture(scope="module")
def link(s3, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    with gallery_server.process(s3.endpoint, NOW, folder) as link:
        yield link


@pytest.fixture
def tab(page, link):
    page.size(1280, 800)
    page.admit(link)
    return page


def press(page, key):
    page.script(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        "{key: arguments[0], bubbles: true}))",
        key,
    )


def box(page, css):
    """Return the left, top, right and bottom of an element in the window."""
    return page.script(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return [r.left, r.top, r.right, r.bottom]",
        css,
    )


def view(page, css):
    """Return (zoom, x, y) of an element: its zoom and the offset of its pictures."""
    style = page.script(
        "const s = document.querySelector(arguments[0]).style;"
        "return ['--zoom', '--x', '--y'].map(n => Number(s.getPropertyValue(n)))",
        css,
    )
    return tuple(style)


def test_the_whole_picture_and_its_time_line_are_in_the_window_before_any_button(tab):
    tab.open(FEW)
    tab.wait(lambda: tab.shown_pictures(".screen img") == 1, "the picture")
    for width, height in ((1280, 800), (1920, 1080), (390, 780), (1024, 600)):
        tab.size(width, height)
        _, top, _, bottom = box(tab, ".screen")
        assert bottom - top >= min(0.55 * height, 0.7 * width), (width, height)
        assert box(tab, ".timeline")[3] <= height, (width, height)
        assert bottom <= min(box(tab, css)[1] for css in (".row-tools", ".controls"))
    tab.size(390, 780)
    tab.open(f"/photo?key={key_of('few', MIDNIGHT + timedelta(hours=8), 0)}")
    tab.wait(lambda: tab.shown_pictures("megacam-photo img") == 1, "the photo")
    assert box(tab, "megacam-photo")[3] <= box(tab, ".row-tools")[1]
    tab.open("/compare")
    tab.wait(lambda: tab.shown_pictures("megacam-compare img") == 2, "both photos")
    assert box(tab, "megacam-compare")[3] <= box(tab, ".pickers")[1]


def test_pictures_zoom_by_wheel_keys_and_two_fingers_and_move_within_their_edges(tab):
    tab.open(FEW)
    tab.wait(lambda: tab.shown_pictures(".screen img") == 1, "the picture")
    left, top, right, bottom = box(tab, ".screen")
    press(tab, "+")
    assert view(tab, ".stage")[0] == pytest.approx(1.5)
    press(tab, "ArrowLeft")
    assert tab.all(".clock")[0].text == "14:00:00", "arrows move a zoomed picture"
    assert view(tab, ".stage")[1] == pytest.approx(0.1)
    for _ in range(9):
        press(tab, "ArrowLeft")
    assert view(tab, ".stage")[1] == pytest.approx(0.25), "it stops at its edge"
    press(tab, "0")
    assert view(tab, ".stage") == (1, 0, 0)
    press(tab, "ArrowLeft")
    assert tab.all(".clock")[0].text == "11:00:00", "arrows step otherwise"
    # The point under the pointer does not move: a quarter from the left is 0.25 from the middle.
    wheel = {"type": "mouseWheel", "x": left + (right - left) / 4, "y": (top + bottom) / 2}
    tab.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {**wheel, "deltaX": 0, "deltaY": -200})
    tab.wait(lambda: view(tab, ".stage")[0] > 1.2, "the wheel to zoom")
    zoom, x, _ = view(tab, ".stage")
    assert x == pytest.approx(0.25 * (zoom - 1), abs=0.01)
    press(tab, "0")
    pinch = {"x": (left + right) / 2, "y": (top + bottom) / 2, "scaleFactor": 2.0}
    tab.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        tab.driver.execute_cdp_cmd(
            "Input.synthesizePinchGesture", {**pinch, "gestureSourceType": "touch"}
        )
    finally:
        tab.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert view(tab, ".stage")[0] > 1.3


@pytest.mark.parametrize(
    ("path", "css"),
    [
        (FEW, "megacam-player"),
        (f"/photo?key={key_of('few', MIDNIGHT + timedelta(hours=8), 0)}", "megacam-photo"),
        ("/compare", "megacam-compare"),
        ("/wall", "megacam-wall"),
    ],
)
def test_f_fills_the_screen_and_gives_it_back(tab, path, css):
    tab.open(path)
    tab.wait_for(f"{css} .overlay")
    body = tab.all("body")[0]
    body.send_keys("f")
    full = "return document.fullscreenElement?.localName ?? null"
    tab.wait(lambda: tab.script(full) == css, "the full screen")
    body.send_keys("f")
    tab.wait(lambda: tab.script(full) is None, "the page again")


def test_the_time_line_shows_an_hour_and_ten_minutes_around_the_moment(tab):
    tab.open(f"{FULL_DAY}#at-{int((YESTERDAY + timedelta(hours=9, minutes=30)).timestamp())}")
    tab.wait_for(".spans")
    edges = "const r = document.querySelector('.timeline input'); return [+r.min, +r.max + 1]"
    assert tab.script(edges) == [int(YESTERDAY.timestamp()), int(MIDNIGHT.timestamp())]
    tab.click(".spans button", "1 h")
    nine = int((YESTERDAY + timedelta(hours=9)).timestamp())
    assert tab.script(edges) == [nine, nine + 3600]
    assert tab.text(".scale span").split(" | ")[:3] == ["09:00", "09:15", "09:30"]
    press(tab, "]")
    assert tab.script(edges) == [nine + 1500, nine + 2100]
    for _ in range(11):
        press(tab, "ArrowRight")
    start, end = tab.script(edges)
    assert end - start == 600 and start > nine + 1500, "it goes along with the moment"
    press(tab, "[")
    press(tab, "[")
    assert tab.script(edges) == [int(YESTERDAY.timestamp()), int(MIDNIGHT.timestamp())]


def test_three_photos_of_a_day_are_seen_on_the_time_line(tab):
    tab.open(FEW)
    tab.wait_for(".timeline canvas")
    # Runs of canvas columns that have the color of photos.
    runs = """
      const canvas = document.querySelector('.timeline canvas');
      const {width, height} = canvas;
      const row = canvas.getContext('2d').getImageData(0, height - 2, width, 1).data;
      const hex = getComputedStyle(document.body).getPropertyValue('--photo').trim();
      const wanted = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
      const found = [];
      for (let x = 0; x < width; x += 1) {
        const is = wanted.every((v, i) => Math.abs(row[4 * x + i] - v) < 3);
        if (is && found.at(-1)?.[1] === x) found.at(-1)[1] = x + 1;
        else if (is) found.push([x, x + 1]);
      }
      return found.map(([a, b]) => b - a);
    """
    widths = tab.wait(lambda: tab.script(runs), "the marks")
    assert len(widths) == 3 and min(widths) >= 2, widths


def test_the_time_line_previews_what_lies_under_the_pointer_in_small(tab):
    tab.open(FULL_DAY)
    tab.wait(lambda: tab.shown_pictures(".screen img") == 1, "the picture")
    left, top, right, bottom = box(tab, ".marks")
    whole = (
        "return performance.getEntriesByType('resource')"
        ".filter(r => r.name.includes('img/photo')).length"
    )
    asked = tab.script(whole)
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7503):
        where = {"x": left + (right - left) * share, "y": (top + bottom) / 2}
        tab.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", **where})
    tab.wait(lambda: tab.shown_pictures(".preview img") == 1, "the preview")
    assert tab.text(".preview figcaption").startswith("18:0")
    source = tab.all(".preview img")[0].get_attribute("src")
    assert "img/thumb?key=full" in source and "/180" in source
    assert tab.script(whole) == asked == 1, "a whole photo is asked for by moving only"
    assert tab.all(".clock")[0].text == "12:00:00", "looking does not move"


def test_a_day_of_2880_photos_draws_and_asks_for_those_in_view_only(tab, s3):
    s3.asked.clear()
    tab.open(f"{FULL_DAY}&slot=0")
    tab.wait(lambda: tab.shown_pictures("a.cell img") >= 12, "the first thumbnails")
    assert 12 <= len(tab.all("a.cell")) <= 300
    assert tab.script("return document.querySelectorAll('*').length") < 1500
    assert s3.count("GET full/") <= 300, "photos for thumbnails"
    assert s3.count("GET  ") <= 40, "listings"
    tab.script("window.scrollTo(0, document.documentElement.scrollHeight)")
    last = f"#at-{int((MIDNIGHT - timedelta(seconds=30)).timestamp())}"
    tab.wait_for(f"a.cell[href='{last}']")
    assert len(tab.all("a.cell")) <= 300
    hours = tab.script(
        "return [...document.querySelectorAll('.list-row h3')].map(h => h.innerText)"
    )
    assert hours == sorted(hours) and hours[-1] == "23:00", "in the order of reading"
    tab.click(f"a.cell[href='{last}']")
    tab.wait(lambda: tab.all(".clock")[0].text == "23:59:30", "the player to show it")


def test_the_older_photo_is_left_and_the_grip_moves_by_pointer_and_keys(tab):
    early, late = (key_of("few", MIDNIGHT + timedelta(hours=8 + 3 * n), n) for n in (0, 1))
    tab.open(f"/compare?a={late}&b={early}")
    tab.wait(lambda: tab.shown_pictures("megacam-compare img") == 2, "both photos")
    assert "08:00:00" in tab.text("megacam-compare .left")
    assert "11:00:00" in tab.text("megacam-compare .right")

    def middle_of_grip():
        left, _, right, _ = box(tab, "megacam-compare .grip")
        whole = box(tab, "megacam-compare")
        return ((left + right) / 2 - whole[0]) / (whole[2] - whole[0])

    assert middle_of_grip() == pytest.approx(0.5, abs=0.01)
    press(tab, "ArrowRight")
    assert middle_of_grip() == pytest.approx(0.52, abs=0.01)
    left, top, right, bottom = box(tab, "megacam-compare")
    at_share = {"x": left + (right - left) * 0.8, "y": (top + bottom) / 2, "button": "left"}
    for kind in ("mousePressed", "mouseReleased"):
        tab.driver.execute_cdp_cmd(
            "Input.dispatchMouseEvent", {"type": kind, **at_share, "clickCount": 1}
        )
    assert middle_of_grip() == pytest.approx(0.8, abs=0.01)


def test_the_wall_shows_every_camera_within_the_window(tab):
    tab.open("/wall")
    tab.wait(lambda: tab.shown_pictures(".wall img") == 2, "both cameras")
    assert tab.text(".wall .tag.left") == "few | full"
    assert box(tab, ".wall")[3] <= 800
    areas = [box(tab, f".wall .pane:nth-child({n})") for n in (1, 2)]
    assert all((r - le) * (b - t) > 0.3 * 1280 * 600 for le, t, r, b in areas), areas


def test_this_day_a_year_ago_is_shown_beside_today(tab):
    tab.open(FEW)
    tab.wait(lambda: tab.shown_pictures(".year-ago img") == 1, "its picture")
    tab.wait_text("Monday, 05 May 2025, 13:00", ".year-ago")
    tab.click(".year-ago a.tool", "Compare")
    tab.wait_text("2025-05-05 13:00:00", "megacam-compare .left")
    tab.wait_text("2026-05-05 14:00:00", "megacam-compare .right")
    tab.open(FULL_DAY)
    tab.wait_for(".summary")
    assert not tab.all(".year-ago"), "no photo, no word of it"


def test_a_star_is_kept_shown_handed_on_and_taken_away(tab, tmp_path):
    key = key_of("few", MIDNIGHT + timedelta(hours=14), 2)
    tab.open("/favourites")
    tab.wait_text("No favourites yet")
    tab.open(FEW)
    tab.wait_for(".overlay .star")
    press(tab, "s")
    tab.wait_for(".star[aria-pressed=true]")
    tab.open("/favourites")
    tab.wait(lambda: tab.shown_pictures(".favourites img") == 1, "the favourite")
    tab.wait_text("Tuesday, 05 May 2026", "h2")
    tab.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    tab.click("button", "Download as a page")
    packed = tab.wait(lambda: list(tmp_path.glob("*.zip")), "the page of favourites")
    names = zipfile.ZipFile(packed[0]).namelist()
    assert "favourites/index.html" in names
    assert (
        sum(name.startswith("favourites/photos/") and name.endswith(".jpg") for name in names) == 1
    )
    tab.click(".favourites a.cell")
    tab.wait_for("megacam-photo .star[aria-pressed=true]")
    assert key in tab.driver.current_url.replace("%2F", "/")
    tab.click("megacam-photo .star")
    tab.wait_for("megacam-photo .star[aria-pressed=false]")
    tab.open("/favourites")
    tab.wait_text("No favourites yet")


def test_a_share_link_says_its_end_and_shows_the_photo_to_anybody(tab, s3):
    key = key_of("few", MIDNIGHT + timedelta(hours=8), 0)
    tab.open(f"/photo?key={key}")
    tab.click("button", "Share …")
    tab.click(".ask button", "Make the link")
    field = tab.wait_for(".share-link input")
    tab.wait_text("Ends Wednesday, 06 May 2026, 16:0", ".share-end")
    url = urlsplit(field.get_attribute("value"))
    asked = parse_qs(url.query)
    assert url.path.endswith(key) and asked["X-Amz-Expires"] == ["86400"]
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert json.dumps(asked).count("X-Amz-Signature") == 1
