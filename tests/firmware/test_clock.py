"""The clock of a simulated board: NTP, the HTTP Date header, drift and error, ticks that wrap."""

import datetime
import email.utils
import http.server
import threading
import time

import pytest
from megacam.board import tree
from megacam.sim.board import Board
from megacam.sim.ntp_server import MISBEHAVIOURS, NTPServer

_DAY_S = 86400
_SYNC = """
import time
from firmware import clock
from firmware.timing import set_clock as clock_set
from firmware.timing import confirm as clock_store
from firmware.errors import NetworkError
def sync(servers=[], urls=[]):
    try:
        section = {"servers": servers, "http_urls": urls}
        print(clock_set.sync(section), clock.now(), clock.error_ms())
    except NetworkError as e:
        print("NetworkError", e)
def learn(skew_s):
    clock_store.learn(skew_s)
def wait(seconds):
    for _ in range(0, seconds, 100000):
        time.sleep_ms(min(seconds, 100000) * 1000)
        seconds -= 100000
        clock.uptime_s()
"""


@pytest.fixture
def board(tmp_path):
    with Board(tmp_path, tree.placed(tree.build(at_prompt=True)), fast=True) as board:
        yield board


@pytest.fixture
def run(board):
    def run(code):
        return board.exec(_SYNC + code).strip()

    return run


def _ntp(server):
    return f"127.0.0.1:{server.port}"


class Web:
    """A web server that sends `headers` unchanged; `requests` counts its requests."""

    def __init__(self, status, headers):
        web = self
        self.requests = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                web.requests += 1
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/generate_204"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _date(moment=None):
    return {"Date": email.utils.formatdate(moment, usegmt=True)}


def test_the_clock_is_set_from_the_first_server_that_answers(run):
    with NTPServer() as ntp:
        out = run(f"print(clock.is_set(), clock.error_ms())\nsync(['127.0.0.1:9', {_ntp(ntp)!r}])")
    first, second = out.split("\n")
    assert first == "False None"
    server, seconds, error_ms = second.split()
    assert server == _ntp(ntp)
    assert abs(int(seconds) - time.time()) < 5
    assert 10 <= int(error_ms) < 1000, "the server's own dispersion of 10 ms, and half the trip"


def test_fields_are_those_of_the_calendar(run):
    moments = [1793491200, 1835481599, 1835481600, 2147483647, 2147483648, 4102444799]
    out = run(f"for s in {moments}:\n    print(clock.fields(s))")
    for line, moment in zip(out.split("\n"), moments, strict=True):
        utc = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
        assert line == str(tuple(utc.timetuple()[:6]))


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_a_time_server_that_misbehaves_never_sets_the_clock(run, misbehaviour):
    with NTPServer(misbehaviour=misbehaviour) as ntp:
        out = run(f"sync([{_ntp(ntp)!r}])\nprint(clock.is_set())")
    assert out.startswith("NetworkError no time server is usable: 127.0.0.1:")
    assert out.endswith("False")


def test_a_time_after_2100_is_not_believed(run):
    with NTPServer(offset_s=2_400_000_000) as ntp:
        assert "before this firmware was built, or after 2100" in run(f"sync([{_ntp(ntp)!r}])")


def test_a_server_name_that_is_none_is_said(run):
    assert "nowhere.invalid: no answer" in run("sync(['nowhere.invalid'])")
    assert "127.0.0.1:x: no answer" in run("sync(['127.0.0.1:x'])")


def test_http_gives_the_time_where_ntp_is_blocked(run):
    with Web(204, _date()) as web, NTPServer("silence") as ntp:
        server, seconds, error_ms = run(f"sync([{_ntp(ntp)!r}], [{web.url!r}])").split()
    assert server == web.url and web.requests == 1
    assert abs(int(seconds) - time.time()) < 5
    assert 500 <= int(error_ms) < 5000


def test_ntp_is_preferred_to_http(run):
    with Web(204, _date()) as web, NTPServer() as ntp:
        assert run(f"sync([{_ntp(ntp)!r}], [{web.url!r}])").startswith(_ntp(ntp))
    assert web.requests == 0


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (302, {"Location": "http://login.example/", **_date()}, "it redirects, as login pages do"),
        (200, {**_date(), "Age": "3600"}, "comes from a cache"),
        (200, {}, "has no Date"),
        (200, {"Date": "yesterday"}, "not an HTTP date"),
        (200, _date(1_546_300_800), "before this firmware was built"),
    ],
)
def test_a_web_server_is_not_believed_blindly(run, status, headers, why):
    with Web(status, headers) as web, Web(200, _date()) as other:
        assert why in run(f"sync([], [{web.url!r}])\nassert not clock.is_set()")
        assert run(f"sync([], [{web.url!r}, {other.url!r}])").startswith(other.url)
    assert web.requests == 2


@pytest.mark.parametrize("ppm", [50, -50, 0])
def test_drift_is_measured_from_one_day_to_the_next(run, ppm):
    ahead_s = _DAY_S * (1 + ppm / 1e6)
    with NTPServer() as today, NTPServer(offset_s=ahead_s) as tomorrow:
        code = f"sync([{_ntp(today)!r}])\nwait({_DAY_S})\nsync([{_ntp(tomorrow)!r}])"
        out = run(code + "\nprint(clock.drift_ppm)")
    # One part per million is 86 ms a day; a round trip on loopback takes a few ms.
    assert abs(int(out.split()[-1]) - ppm) <= 3


def test_a_jump_is_no_drift(run):
    with NTPServer() as today, NTPServer(offset_s=_DAY_S + 3600) as tomorrow:
        code = f"sync([{_ntp(today)!r}])\nwait({_DAY_S})\nsync([{_ntp(tomorrow)!r}])"
        assert run(code + "\nprint(clock.drift_ppm)").endswith("50")


def test_a_short_time_or_a_rough_one_measures_no_drift(run):
    # 20 s a day would be 231 ppm, which is possible for a crystal.
    date = _date(time.time() + 600 + _DAY_S + 20)
    with NTPServer() as now, NTPServer(offset_s=600.2) as later, Web(200, date) as web:
        out = run(
            f"sync([{_ntp(now)!r}])\nwait(600)\nsync([{_ntp(later)!r}])\nprint(clock.drift_ppm)\n"
            f"wait({_DAY_S})\nsync([], [{web.url!r}])\nprint(clock.drift_ppm)"
        )
    assert [line for line in out.split("\n") if " " not in line] == ["50", "50"]


def test_the_error_grows_with_the_drift_and_ends_with_the_next_answer(run):
    with NTPServer() as ntp:
        server = _ntp(ntp)
        out = run(
            f"sync([{server!r}])\na = clock.error_ms()\nwait({_DAY_S})\nb = clock.error_ms()\n"
            f"sync([{server!r}])\nprint(b - a, clock.error_ms() < b)"
        )
    grown, is_less = out.split("\n")[-1].split()
    assert int(grown) == 60 * _DAY_S // 1000  # 50 ppm assumed, plus 10 for the temperature
    assert is_less == "True"


def test_a_verified_date_of_s3_corrects_the_clock(run):
    out = run(
        "from firmware.timing import rtc\nrtc.set_time(1800000000, 250000)\n"
        "before = clock.now()\nlearn(-500)\n"
        "print(clock.now() - before, clock.error_ms())\n"
        "try:\n    learn(-90000000)\nexcept NetworkError as e:\n    print(e)\n"
        "print(clock.now() - before)"
    )
    lines = out.split("\n")
    assert lines[0] == "-500 1000"
    assert "is before this firmware was built" in lines[1]
    assert lines[2] == "-500"


def test_uptime_goes_on_where_ticks_wrap(run):
    # Ticks wrap after 2**30 ms, which are 12.4 days: twice in a month.
    out = run(f"wait({30 * _DAY_S})\nprint(time.ticks_ms() < 1 << 30, clock.uptime_s())")
    assert out == f"True {30 * _DAY_S}"


def test_uptime_counts_each_part_of_a_second_once(run):
    out = run("for _ in range(1000):\n    time.sleep_ms(999)\n    clock.uptime_s()\n"
              "print(clock.uptime_s())")  # fmt: skip
    assert out == "999"
