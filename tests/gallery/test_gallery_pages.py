"""The gallery's pages in a real Chromium, with an S3 server over HTTP."""

import io
import json
from datetime import timedelta

import exif_block
import pytest
from gallery_wire import EveryThirtySeconds, at, jpeg, key_of
from PIL import Image

pytest_plugins = ("gallery_browser", "wire_store")

NOW = at("2026-05-05T16:00:00")
OFTEN_S = 0.1  # a gallery asks so often in tests of what it notices by itself
MIDNIGHT = at("2026-05-05T00:00:00")
EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def status(**changes):
    report = {
        "device": "cam1", "version": "1.0.0", "time": int(NOW.timestamp()), "interval_s": 30,
        "spool": {"photos": 0, "bytes": 0}, "clock_error_ms": 100, "rssi_dbm": [-60, -61],
        "reboots": {}, "boots": 1, "photos": {"taken": 9}, "uptime_s": 60,
    }  # fmt: skip
    return json.dumps({**report, **changes}).encode()


def fill(s3, device, start, end, every_s=60, fox=()):
    count = int((end - start).total_seconds() // every_s)
    pictures = {None: jpeg(120), **{where: jpeg(120, fox=where) for where in (20, 50)}}
    for n in range(count):
        moment = start + timedelta(seconds=every_s * n)
        where = (20, 50)[n % 2] if n in fox else None
        s3.put(key_of(device, moment, n), pictures[where], seq=str(n), device=device)


def day(s3, device="cam1"):
    """Store photos from 06:00 to 16:00 with an outage at 10:00, after two days from 06:00 on."""
    for before, last in ((2, 24), (1, 24), (0, 16)):
        date = MIDNIGHT - timedelta(days=before)
        start, end = date + timedelta(hours=6), date + timedelta(hours=last)
        fill(s3, device, start, end)
    for minute in range(60):
        moment = MIDNIGHT + timedelta(hours=10, minutes=minute)
        s3.objects.pop(key_of(device, moment, 240 + minute))


def test_the_newest_photo_appears_by_itself(s3, look):
    s3.put(key_of("cam1", NOW - timedelta(seconds=20), 1), jpeg(60))
    s3.put("cam1/status.json", status())
    page = look(s3.endpoint, NOW, poll_s=OFTEN_S)
    page.wait(lambda: page.shown_pictures(".device img") == 1, "the first photo")
    page.wait_text("15:59:40")
    page.wait_text("fine", ".state")
    s3.put(key_of("cam1", NOW + timedelta(seconds=10), 2), jpeg(200))
    page.wait_text("16:00:10", ".device .tag")
    page.wait(lambda: page.shown_pictures(".device img[src*='160010']") == 1, "its picture")


def test_a_new_device_appears_by_itself_and_trouble_is_told(s3, look):
    s3.put(key_of("cam1", NOW, 1), jpeg(60))
    page = look(s3.endpoint, NOW, poll_s=OFTEN_S)
    page.wait_text("cam1", ".device h2")
    s3.put(key_of("shed", NOW - timedelta(hours=3), 1), jpeg(60))
    troubled = status(reboots={"brownout": 2}, spool={"photos": 90, "bytes": 5e6}, rssi_dbm=[-88])
    s3.put("shed/status.json", troubled)
    page.wait_text("shed", ".device h2")
    for words in ("silent for 3 h", "90 photos (5.0 MB)", "power supply", "very weak", "trouble"):
        page.wait_text(words)


def test_an_empty_bucket_says_what_to_do_and_fills_by_itself(s3, look):
    page = look(s3.endpoint, NOW, poll_s=OFTEN_S)
    page.wait_text("No photos yet")
    page.wait_text("megacam deploy")
    for path in ("/month", "/day", "/compare", "/timelapse"):
        page.open(path)
        page.wait_for(".empty")
    page.open("/")
    page.wait_text("No photos yet")
    s3.put(key_of("cam1", NOW, 1), jpeg(60))
    page.wait(lambda: page.shown_pictures(".device img") == 1, "the first photo")


def test_refused_credentials_are_explained_and_tried_again(s3, look):
    s3.put(key_of("cam1", NOW, 1), jpeg(60))
    s3.refusal = (403, "AccessDenied")
    page = look(s3.endpoint, NOW)
    page.wait_text("s3:ListBucket", ".refused")
    page.click("button", "Try again now")
    page.wait_text("AccessDenied", ".refused")
    s3.refusal = None
    page.wait(lambda: page.shown_pictures(".device img") == 1, "recovery by itself")


def test_a_silent_store_never_leaves_a_blank_page(s3, look):
    s3.put(key_of("cam1", NOW, 1), jpeg(60))
    s3.speaks.clear()
    page = look(s3.endpoint, NOW)
    page.wait_text("Waiting for S3: listing photos", ".waiting")
    page.wait_text("megacam", ".bar")
    s3.speaks.set()
    page.wait(lambda: page.shown_pictures(".device img") == 1, "the photo in the end")


def test_a_store_that_goes_away_and_comes_back_costs_nothing_but_time(s3, look):
    s3.put(key_of("cam1", NOW, 1), jpeg(60))
    page = look(s3.endpoint, NOW, poll_s=OFTEN_S)
    page.wait(lambda: page.shown_pictures(".device img") == 1, "the first photo")
    s3.stop()
    page.wait_text("This page may be out of date")
    assert page.shown_pictures(".device img") == 1
    s3.put(key_of("cam1", NOW + timedelta(seconds=5), 2), jpeg(200))
    s3.start()
    page.wait_text("16:00:05", ".device .tag")
    page.wait(lambda: "may be out of date" not in page.text(), "the banner to go")


def test_a_day_shows_its_hours_its_gap_and_its_pause(s3, look):
    day(s3)
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-05-05")
    page.wait_for("megacam-player .stage")
    assert page.text("h1") == "Tuesday, 05 May 2026"
    assert len(page.all("a.cell")) == 9 * 12
    page.wait_text("00:00 to 06:00: pause", ".gap-line")
    page.wait_text("10:00 to 11:00: no photos (60 min)", ".gap-line")
    page.wait_text("540 photos")
    page.wait(lambda: page.shown_pictures("a.cell img") >= 12, "the first thumbnails")
    page.open("/day?device=cam1&date=2026-05-05&slot=0")
    page.wait_text("15:59:00", "megacam-player .clock")
    page.wait_text("06:00:00", "megacam-photos")


def test_the_scrubber_steps_plays_and_jumps(s3, look):
    day(s3)
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-05-05")
    page.wait_for("megacam-player .stage")

    def clock():
        return page.all(".clock")[0].text

    def press(key):
        page.script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown',"
            "{key: arguments[0], bubbles: true}))",
            key,
        )

    assert clock() == "15:59:00"
    press("ArrowLeft")
    assert clock() == "15:58:00"
    page.click("a.cell")
    page.wait(lambda: clock() == "06:00:00", "the first photo")
    press("ArrowRight")
    assert clock() == "06:01:00"
    page.wait(lambda: "060100" in page.all(".screen img")[0].get_attribute("src"), "its picture")
    set_range = (
        "const r = document.querySelector('.timeline input'); r.value = arguments[0];"
        "r.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.script(set_range, int((MIDNIGHT + timedelta(hours=10, minutes=30)).timestamp()))
    page.wait_text("No photo since 09:59:00", ".screen-note")
    slider = page.all(".timeline input")[0]
    assert slider.get_attribute("aria-valuetext") == "10:30:00"
    press(" ")
    page.wait(lambda: clock() >= "11:02:00", "it to play over the gap")
    press(" ")
    paused = clock()
    assert page.all(".controls .primary")[0].get_attribute("aria-label") == "Play (space)"
    page.script("return new Promise(r => setTimeout(r, 500))")
    assert clock() == paused


def test_two_devices_play_side_by_side(s3, look):
    day(s3, "cam1")
    fill(s3, "cam2", MIDNIGHT + timedelta(hours=8), MIDNIGHT + timedelta(hours=9))
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-05-05")
    page.click(".beside a.tool", "cam2")
    page.wait(lambda: len(page.all(".screen")) == 2, "two pictures")
    page.click(".beside a.tool", "cam2")
    page.wait(lambda: page.text(".screen figcaption").startswith("cam1 · 15"), "one again")
    page.click("a.tool", "cam2")
    page.wait(lambda: page.text(".screen figcaption").startswith("cam2 · 08"), "the other one")
    page.open("/day?device=cam1&device=cam2&date=2026-05-05#at-1777970400")  # 08:40
    page.wait(lambda: page.shown_pictures(".screen img") == 2, "both pictures")
    assert page.text(".screen figcaption") == "cam1 · 08:40:00 | cam2 · 08:40:00"
    page.script("location.hash = '#at-1777978800'")  # 11:00
    page.wait_text("No photo since 08:59:00", ".screen-note")


def test_motion_is_found_marked_and_filtered(s3, look):
    for hour, fox in ((7, (15,)), (12, (40, 41))):
        start = MIDNIGHT + timedelta(hours=hour)
        fill(s3, "cam1", start, start + timedelta(hours=1), fox=fox)
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-05-05")
    page.click("button", "Find motion")
    page.wait_text("3 with motion", ".motion-count", 90)
    assert len(page.all("a.cell.moved")) == 2
    page.click("button", "Next motion")
    assert page.all(".clock")[0].text in ("07:15:00", "12:40:00")
    page.click("a.tool", "Show only these")
    page.wait_for(".only-motion")
    visible = [cell for cell in page.all("a.cell") if cell.is_displayed()]
    assert len(visible) == 2


def test_two_moments_are_compared_with_a_slider_and_the_keyboard(s3, look):
    day(s3)
    first, second = (key_of("cam1", MIDNIGHT + timedelta(hours=h), (h - 6) * 60) for h in (7, 12))
    page = look(s3.endpoint, NOW, f"/compare?a={first}&b={second}")
    page.wait(lambda: page.shown_pictures("megacam-compare img") == 2, "both pictures")
    assert "07:00:00" in page.text("megacam-compare .left")
    slider = page.all("megacam-compare input")[0]
    assert "percent" in slider.get_attribute("aria-label")
    slider.send_keys("\ue012" * 50)  # left arrow
    cut = "return document.querySelector('megacam-compare').style.getPropertyValue('--cut')"
    page.wait(lambda: float(page.script(cut).rstrip("%")) < 46, "the slider to move")
    field = "fieldset:nth-of-type(2) input[type=datetime-local]"
    set_field = (
        "const f = document.querySelector(arguments[0]); f.value = '2026-05-05T14:30:10';"
        "f.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.script(set_field, field)
    page.click("fieldset:nth-of-type(2) button", "Show nearest")
    page.wait_text("14:30:00", "megacam-compare .right")


def test_a_photo_shows_its_metadata_as_text(s3, look):
    first, second = (key_of("cam1", NOW - timedelta(seconds=s), 9) for s in (60, 30))
    s3.put(first, jpeg(60), rssi="-61", reading=EVIL, origin="spool")
    block = exif_block.build((EVIL, "Arducam", "Mega 3MP", "megacam 1.2.3"), "cam1")
    s3.put(second, jpeg(60)[:2] + bytes(block) + jpeg(60)[2:])
    page = look(s3.endpoint, NOW, f"/photo?key={first}")
    page.wait(lambda: page.shown_pictures("figure img") == 1, "the photo")
    for words in ("-61", "spool", first, "onerror"):
        page.wait_text(words, ".facts")
    assert page.script("return window.hacked") is None
    page.script(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',{key:'ArrowRight',bubbles:true}))"
    )
    page.wait_text("15:59:30", "h1")
    for words in ("In the photo itself", "Mega 3MP", "onerror"):
        page.wait_text(words, ".about")
    for key in ("../../etc/passwd", f"{EVIL}/2026/05/05/120000-000001.jpg", "cam1/status.json"):
        page.open("/photo?key=" + page.script("return encodeURIComponent(arguments[0])", key))
        page.wait_for(".empty")
    assert page.script("return window.hacked") is None


def test_a_device_with_a_hostile_name_is_shown_as_text(s3, look):
    name = "<img src=x onerror=window.hacked=1> & \"q\" 'a' ?#%41"
    fill(s3, name, NOW - timedelta(minutes=10), NOW)
    page = look(s3.endpoint, NOW)
    page.wait_text(name, ".device h2")
    page.click(".device h2 a")
    page.wait(lambda: page.shown_pictures(".screen img") == 1, "its photo")
    page.wait_text(name, ".screen figcaption")
    page.open("/month")
    page.wait_text(name, ".choice")
    page.open("/timelapse")
    page.wait_for(".form")
    assert page.script("return window.hacked") is None


def test_deleting_asks_first(s3, look):
    key, other = (key_of("cam1", NOW - timedelta(seconds=s), 9) for s in (60, 30))
    for name in (key, other):
        s3.put(name, jpeg(60))
    page = look(s3.endpoint, NOW, f"/photo?key={key}")
    page.click("button", "Delete …")
    page.wait_text(key, ".ask")
    page.click(".ask button", "Keep it")
    page.wait(lambda: not any(e.is_displayed() for e in page.all(".ask")), "the question to go")
    assert key in s3.objects
    page.click("button", "Delete …")
    page.click(".ask button", "Delete")
    page.wait_text("15:59:30", "h1")
    assert list(s3.objects) == [other]


def test_a_timelapse_is_made_and_plays(s3, look):
    fill(s3, "cam1", NOW - timedelta(hours=1), NOW)
    page = look(s3.endpoint, NOW, "/timelapse")
    page.click("button", "Make it")
    page.wait_for("video", 60)
    state = "const v = document.querySelector('video'); return [v.readyState, v.duration]"
    page.wait(lambda: page.script(state)[0] >= 2, "the film to play")
    assert page.script(state)[1] == pytest.approx(60 / 24, abs=0.1)
    page.wait_text("60 photos in 2 s", ".summary")
    assert page.all(".film a")[0].get_attribute("href").endswith(".mp4?download=1")


def test_a_timelapse_can_be_cancelled(s3, look):
    fill(s3, "cam1", NOW - timedelta(hours=4), NOW)
    page = look(s3.endpoint, NOW, "/timelapse")
    page.wait_for(".form")
    s3.delay_s = 0.4
    page.click("button", "Make it")
    page.click("button", "Cancel")
    page.wait_text("Cancelled.", ".banner")
    asked = len(s3.asked)
    page.script("return new Promise(r => setTimeout(r, 1500))")
    assert len(s3.asked) - asked <= 12


def test_a_bucket_of_a_million_photos_opens_in_seconds(s3, look):
    first = at("2025-12-12T00:00:00")
    s3.keys = EveryThirtySeconds("cam1", first, 1_000_000)
    s3.filler = jpeg()
    now = first + timedelta(seconds=30 * 999_999 + 10)
    page = look(s3.endpoint, now)
    page.wait(lambda: page.shown_pictures(".device img") == 1, "the newest photo")
    assert s3.count("GET  ") <= 20
    s3.asked.clear()
    page.open("/month")
    page.wait(lambda: page.shown_pictures(".day img") > 10, "the calendar")
    page.open("/day?device=cam1&date=2026-05-05")
    page.wait(lambda: page.shown_pictures("a.cell img") >= 12, "a day")
    assert s3.count("GET  ") <= 60, "listings for the calendar and a day"


def test_before_a_devices_first_photo_nothing_is_missing(s3, look):
    fill(s3, "cam1", MIDNIGHT + timedelta(hours=9), MIDNIGHT + timedelta(hours=12))
    fill(s3, "cam2", MIDNIGHT + timedelta(hours=14), NOW)
    page = look(s3.endpoint, NOW, "/day?device=cam2&date=2026-05-05")
    page.wait_text("120 photos", ".summary")
    page.wait_text("no gaps", ".summary")
    assert not page.all(".hole") and not page.all(".gap-line")
    page.open("/day?device=cam1&date=2026-05-05")
    page.wait_text("1 gap, 4 h", ".summary")
    assert [line.text.split(":")[0] for line in page.all(".gap-line")] == ["12"]


def test_a_progressive_photo_is_left_out_with_its_reason_and_the_others_are_shown(s3, look, page):
    made = io.BytesIO()
    Image.new("RGB", (640, 480), 128).save(made, "JPEG", progressive=True)
    first, second = (key_of("cam1", NOW - timedelta(minutes=n), 9) for n in (9, 3))
    s3.put(first, made.getvalue())
    s3.put(second, jpeg(60))
    with page.retries_after(0.1):
        look(s3.endpoint, NOW, "/day?device=cam1&date=2026-05-05&slot=0")
        page.wait_for("a.cell.unavailable")
        page.wait(lambda: page.shown_pictures("a.cell img") == 1, "the other photo")
        reason = "is not from the camera: its JPEG is progressive"
        page.wait_for(f"a.cell.unavailable[title*='{reason}']")
        page.open(f"/photo?key={first}")
        page.wait_for(f"figure.unavailable[data-reason*='{reason}']")
        said = "return getComputedStyle(document.querySelector('figure'), '::after').content"
        assert "progressive" in page.script(said)
        assert page.script("return WAITS_S[0]") == 0.1
        asked = s3.count(f"GET {first}")
        page.script("return new Promise(r => setTimeout(r, 500))")
        assert s3.count(f"GET {first}") == asked, "what is refused for good is not asked for again"
    save = "return fetch(arguments[0]).then(a => a.blob()).then(b => b.size)"
    link = page.all("a[download]")[0].get_attribute("href")
    assert page.script(save, link) == len(made.getvalue()), "a download is the file as it is"
