"""`megacam demo --gallery`: simulated camera, real MicroPython, local store, real browser."""

import gallery_demo

pytest_plugins = "gallery_browser"

_LIVE = ".device img[alt^='cam1 ']"


def test_the_photos_of_the_simulated_camera_appear_by_themselves(page, tmp_path):
    with gallery_demo.running(tmp_path) as link:
        page.open(link)
        page.wait(lambda: page.shown_pictures(_LIVE) == 1, "the first photo", 120)
        first = page.all(_LIVE)[0].get_attribute("src")
        newer = f"{_LIVE}:not([src='{first}'])"
        page.wait(lambda: page.shown_pictures(newer) == 1, "the next photo", 90)
        page.wait_text("lake", ".device h2")
    assert len(list(tmp_path.rglob("*.jpg"))) >= 2
