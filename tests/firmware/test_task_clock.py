"""firmware/tasks/clock.py on a simulated board: wrong time servers, and the time of the store."""

import pytest
from app_rig import NOON, seq
from clock_rig import DAY_S, DOWN, INVALID, camera_with, do, http_date, is_right, liar
from megacam.sim.ntp_server import NTPServer


@pytest.fixture
def alone(tmp_path):
    with camera_with(tmp_path) as camera:
        yield camera


def test_a_known_time_is_set_daily_by_ntp_and_confirmed(tmp_path):
    with NTPServer(now=lambda: NOON + 5) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, "do()\nwifi.off()\ndo()")
    first, off = told.all("clock")
    assert first["after_s"] == DAY_S and 0 <= first["now"] - NOON - 5 <= 2
    assert off["after_s"] == 30 and ntp.requests == 1
    assert len(told.all("ask")) == 1


def test_seconds_that_add_up_from_day_to_day_are_found_by_the_store(tmp_path):
    with NTPServer(now=lambda: NOON + 100) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"set_time(NOON + 50, 0)\nsays({http_date(NOON)})\ndo()")
    (clock,) = told.all("clock")
    assert clock["after_s"] == 3600 and abs(clock["now"] - NOON) <= 2


@pytest.mark.parametrize("lie_s", [-7200, -61, 61, 7200])
def test_a_known_time_is_changed_by_no_time_server_alone(tmp_path, lie_s):
    with NTPServer(now=lambda: NOON + lie_s) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(
            camera, f"says({http_date(NOON)})\ndo()\na.uploader.store.asks = {[DOWN] * 3}\ndo()"
        )
    confirmed, alone = told.all("clock")
    for clock in (confirmed, alone):
        assert clock["after_s"] == 3600 and 0 <= clock["now"] - NOON <= 30
    refused = told.said("W clock jump refused")
    assert f"seconds={lie_s}" in refused[0] and f"server=127.0.0.1:{ntp.port}" in refused[0]


def test_the_next_server_is_asked_after_one_that_lies(tmp_path):
    with (
        NTPServer(now=lambda: NOON + 999) as liar,
        NTPServer(now=lambda: NOON + 3) as honest,
        camera_with(tmp_path, [liar, honest]) as camera,
    ):
        told = do(camera, "do()")
    (clock,) = told.all("clock")
    assert clock["after_s"] == DAY_S and 0 <= clock["now"] - NOON - 3 <= 2


def test_a_jump_that_the_store_confirms_is_made(tmp_path):
    with NTPServer(now=lambda: NOON + 900) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"says({http_date(NOON + 900)})\ndo()\ndo()")
    store, ntp_ = told.all("clock")
    assert (store["after_s"], store["error_ms"]) == (3600, 1000)
    assert abs(store["now"] - NOON - 900) <= 2
    # An hour later the time server's answer is no jump any more, and more precise.
    assert ntp_["after_s"] == DAY_S and ntp_["error_ms"] < 500


def test_the_store_is_asked_without_a_signature(alone):
    told = do(alone, "do()")
    (ask,) = told.all("ask")
    assert ask["head"] == "HEAD / HTTP/1.1\r\nhost: store\r\n\r\n"
    assert told.end["counters"]["requests"] == 1


def test_a_refusal_has_the_store_asked_again(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"says({http_date(NOON + 777)})\na.uploader.store.skew_s = 770\ndo()")
    (clock,) = told.all("clock")
    assert (clock["after_s"], clock["skew_s"]) == (3600, 0)
    assert abs(clock["now"] - NOON - 777) <= 2


def test_the_store_sets_the_clock_where_no_time_server_answers(alone):
    told = do(alone, f"says({http_date(NOON - 500)})\ndo()")
    (clock,) = told.all("clock")
    assert (clock["after_s"], clock["error_ms"]) == (3600, 1000)
    assert abs(clock["now"] - (NOON - 500)) <= 2


def test_after_a_restart_the_store_says_how_wrong_the_clock_may_be(alone):
    told = do(alone, f"clock.set_error_ms = None\nsays({http_date(NOON)})\ndo()")
    (clock,) = told.all("clock")
    assert clock["error_ms"] == 1000 and abs(clock["now"] - NOON) <= 2


@pytest.mark.parametrize("date", ["yesterday", "", "Tue, 01 Jan 1980 00:00:00 GMT"])
def test_a_store_that_does_not_know_the_time_confirms_what_a_time_server_said(tmp_path, date):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"says({date!r})\ndo()", at=0)
    (clock,) = told.all("clock")
    assert (clock["after_s"], clock["is_known"]) == (DAY_S, True)
    assert told.said("W clock of the store unknown")


def test_a_server_in_trouble_that_tells_no_time_confirms_nothing(tmp_path):
    with NTPServer(now=lambda: NOON) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(
            camera, "a.uploader.store.status = 503\ndo()\nsays(" + http_date(NOON) + ")\ndo()", 0
        )
    silent, answer = told.all("clock")
    assert (silent["is_known"], answer["is_known"]) == (False, True)


def test_an_answer_from_a_cache_tells_no_time(alone):
    told = do(
        alone, f"a.uploader.store.headers = {{'date': {http_date(NOON + 999)}, 'age': '9'}}\ndo()"
    )
    assert told.said("W clock of the store unknown")
    assert abs(told.all("clock")[0]["now"] - NOON) <= 2


# A certificate that does not seem valid: either it or the clock is wrong.


def test_what_was_known_is_not_any_more_when_a_certificate_seems_not_to_be_valid(tmp_path):
    with liar(tmp_path, 7200) as camera:
        told = do(
            camera, f"a.uploader.store.connects = {[INVALID] * 3}\nshoot(a)\n"
            f"a.uploader.store.asks = {[INVALID] * 3}\ndo()\nshoot(a)\nreport(a)\n"
            f"a.uploader.pause_until_s = 0\nsays({http_date(NOON)})\ndo()\ndrain(a)"
        )  # fmt: skip
    lied, known = told.all("clock")
    assert (lied["is_known"], known["is_known"]) == (False, True)
    assert told.all("end")[0]["waiting"] == 2 and not told.all("end")[0]["counters"]["known_cycle"]
    # The first was dated while the time was known.
    right = {seq(put["key"]): is_right(put, told, NOON, known) for put in told.all("put")}
    assert right[2] and len(right) == 2


def test_another_server_is_asked_where_the_time_of_the_first_makes_the_certificate_invalid(
    tmp_path,
):
    years_s = 5 * 365 * DAY_S
    with (
        NTPServer(now=lambda: NOON + years_s) as far,
        NTPServer(now=lambda: NOON) as honest,
        camera_with(tmp_path, [far, honest]) as camera,
    ):
        told = do(
            camera, f"a.uploader.store.asks = {[INVALID] * 3}\nsays({http_date(NOON)})\ndo()\n"
            "a.uploader.pause_until_s = 0\ndo()", at=0
        )  # fmt: skip
    first, second = told.all("clock")
    assert not first["is_known"] and second["is_known"]
    servers = [line.rpartition(":")[2] for line in told.said("I clock set server")]
    assert servers == [str(far.port), str(honest.port)]
    assert abs(second["now"] - NOON) <= 30


def test_the_windows_of_another_day_are_forgotten_with_it(tmp_path):
    schedule = {"schedule": {"hours": ["13:00-13:10"]}}
    with (
        NTPServer(now=lambda: NOON + 300 * DAY_S) as ntp,
        camera_with(tmp_path, [ntp], **schedule) as camera,
    ):
        told = do(
            camera, f"a.tasks['plan'] = 0\na.uploader.store.asks = {[DOWN] * 3}\ndo()\n"
            "a.work()\na.work()\n"
            f"tell('w', windows=a.windows, plan=a.tasks['plan'])\nsays({http_date(NOON)})\ndo()\n"
            "tell('w', windows=a.windows, plan=a.tasks['plan'])", at=0
        )  # fmt: skip
    far, now = told.all("w")
    assert far["windows"][0][0] > NOON + 299 * DAY_S and far["plan"] > 0
    assert now["windows"] == [[0, 1 << 40]] and now["plan"] < 0


def test_without_any_time_it_is_asked_for_again_soon(alone):
    told = do(alone, "do()", at=0)
    (clock,) = told.all("clock")
    assert (clock["after_s"], clock["error_ms"]) == (30, None)
    assert not told.all("ask"), "no certificate is valid in the year 2000"


def test_a_start_that_no_time_server_answers_asks_them_seldom(alone):
    told = do(alone, f"a.uploader.is_time_known = False\na.uploader.store.asks = {[DOWN] * 3}\n"
              "clock.set_error_ms = None\ndo()")  # fmt: skip
    assert told.all("clock")[0]["after_s"] == 300


# Battery power.


@pytest.mark.parametrize("answers", [True, False])
def test_asleep_the_clock_may_jump_and_what_nobody_confirms_has_no_known_error(tmp_path, answers):
    asks = [] if answers else [DOWN] * 3
    with NTPServer(now=lambda: NOON + 700) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"a.sleeps = True\na.uploader.store.asks = {asks}\n"
                  f"says({http_date(NOON + 700)})\ndo()")  # fmt: skip
    (clock,) = told.all("clock")
    assert abs(clock["now"] - NOON - 700) <= 30
    assert clock["error_ms"] < 500 if answers else clock["error_ms"] is None


def test_asleep_a_lie_is_not_believed_where_the_store_knows_better(tmp_path):
    with NTPServer(now=lambda: NOON + 700) as ntp, camera_with(tmp_path, [ntp]) as camera:
        told = do(camera, f"a.sleeps = True\nsays({http_date(NOON)})\ndo()")
    (clock,) = told.all("clock")
    assert 0 <= clock["now"] - NOON <= 2
