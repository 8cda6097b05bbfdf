"""The search of labels on the pages of a day and of moments, by mouse and by keyboard."""

from datetime import timedelta

import axe
import pytest
from digest_rig import NOW, digest
from gallery_wire import WireS3, at, jpeg, key_of
from megacam.digest.hour import Wishes
from megacam.digest.labels import Labeller
from megacam.digest.models import Http
from selenium.webdriver.common.keys import Keys
from servers.labeller import Model

pytest_plugins = "gallery_browser"

DAY = at("2026-11-23T00:00:00")
EVIL = b'{"labels": [{"name": "<img src=x onerror=hurt=1>\\"\'", "score": 0.9}]}'


@pytest.fixture(scope="module")
def s3():
    """Yield a store with a day of photos: at 6:03 a fox, at 6:08 a badger, at 6:13 an attack."""
    with WireS3() as server, Model() as model:
        answers = {3: b"Fox", 8: b"badger"}

        def answer(handler, number):
            shade = asked[model.got[-1][2]]
            name = answers.get(shade)
            model.body = b'{"labels": [{"name": "%s", "score": 0.9}]}' % name if name else EVIL
            model.plain(handler, number)

        model.answer, asked = answer, {}
        for number in range(20):
            data = jpeg(80 + number)
            asked[data] = number
            key = key_of("cam1", DAY + timedelta(hours=6, minutes=number), number)
            server.put(key, data, motion="99" if number % 5 == 3 and number < 15 else "0")
        labeller = Labeller(Http(model.url), 100, NOW)
        digest(server, wishes=Wishes(film=False, labeller=labeller))
        yield server


def cells(page):
    page.wait(lambda: page.shown_pictures(".moments .cell img") > 0, "the pictures")
    return [cell.get_attribute("title") for cell in page.all(".moments .cell")]


def test_a_day_is_searched_by_keyboard_and_shows_what_was_found(s3, look):
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-11-23")
    field = page.wait_for(".search input[type=search]")
    offered = page.script(
        "return [...document.querySelectorAll('#label-names option')].map((o) => o.value)"
    )
    assert offered[1:] == ["badger", "fox"]
    page.driver.switch_to.active_element.send_keys("/")
    page.wait(lambda: page.driver.switch_to.active_element == field, "the field has the focus")
    assert field.get_attribute("value") == ""
    field.send_keys("FO" + Keys.ENTER)
    page.wait_text("FO (1)", ".found h2")
    assert cells(page) == ["cam1 at 06:03:00: fox"]
    assert not page.all(".hour"), "instead of the grid"
    page.click(".found .cell")
    page.wait(lambda: "#at-" in page.driver.current_url, "the moment")
    page.wait(lambda: page.shown_pictures("megacam-player .screen img") == 1, "the photo")
    assert axe.findings(page) == []
    page.click(".search a.tool", "Show all")
    page.wait_for(".hour")
    assert "label=" not in page.driver.current_url


def test_moments_are_searched_over_their_week(s3, look):
    page = look(s3.endpoint, NOW, "/moments?device=cam1")
    page.click(".search input[type=search]")
    page.driver.switch_to.active_element.send_keys("badger" + Keys.ENTER)
    page.wait(lambda: "label=badger" in page.driver.current_url, "the search")
    page.wait_for(".moments .cell")
    assert cells(page) == ["cam1 at 06:08:00: badger"]
    [earlier] = [one for one in page.all(".choice a") if "Earlier" in one.text]
    assert "label=badger" in earlier.get_attribute("href")
    page.open("/moments?device=cam1&label=unicorn")
    page.wait_text("No unicorn in these seven days")


def test_a_label_is_text_whatever_it_says(s3, look):
    page = look(s3.endpoint, NOW, "/day?device=cam1&date=2026-11-23&label=onerror")
    page.wait_for(".found .cell")
    assert cells(page)[0].endswith("<img src=x onerror=hurt=1>\"'")
    page.open('/moments?device=cam1&label="><img src=x onerror=hurt=1>')
    page.wait_for(".search input")
    assert page.script("return [window.hurt, document.querySelectorAll('img[src=x]').length]") == [
        None, 0,
    ]  # fmt: skip


def test_what_is_searched_for_is_short_and_one_line():
    from megacam.gallery.pages import digested  # imports NiceGUI

    assert digested.asked("  red \n fox ") == "red fox"
    assert len(digested.asked("x" * 999)) == 40


def test_without_labels_there_is_nothing_to_search(look):
    with WireS3() as plain:
        plain.put(key_of("cam1", DAY + timedelta(hours=6), 1), jpeg(80))
        digest(plain)
        page = look(plain.endpoint, NOW, "/day?device=cam1&date=2026-11-23")
        page.wait_text("photos", ".summary")
        assert not page.all(".search")
