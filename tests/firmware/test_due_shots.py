"""A shot that is due is taken, whatever the network does, and missed shots are counted."""

import contextlib
import re
import socket
import threading

import pytest
from app_rig import BARN, board, run
from megacam.sim.ntp_server import NTPServer

# Runs the loop of the application for a number of seconds.
_LOOP = """
def loop(seconds):
    end = clock.now() + seconds
    take = a.take
    def take_until():
        if clock.now() >= end:
            raise KeyboardInterrupt
        take()
    a.take = take_until
    try:
        a.run()
    except KeyboardInterrupt:
        pass
    report(a)
"""


def live(camera, code, seconds, timeout_s=120):
    return run(camera, f"{_LOOP}{code}\nloop({seconds})", timeout_s)


@pytest.mark.parametrize("interval_s", [30, 60])
@pytest.mark.parametrize(
    "silence",
    [
        "a.uploader.store.connects = [('connect', 0, 'retry', {'takes_ms': 10000})] * 999",
        "a.uploader.store.script = [('body', 0, 'retry', {'body': 99, 'takes_ms': 10000})] * 999",
        "a.uploader.store.script = [('InternalError', 500, 'retry', {'takes_ms': 9000})] * 999",
    ],
    ids=["connect", "body", "server error"],
)
def test_an_outage_costs_no_shot(camera, interval_s, silence):
    photos = 60
    told = live(
        camera, f"a = app()\na.interval_s = {interval_s}\n{silence}", photos * interval_s + 1
    )
    counters = told.end["counters"]
    assert counters["missed"] == 0
    # One photo for each due time, sent or kept; a photo that failed in mid-body was taken again.
    kept = told.end["waiting"] + counters["stored"] + counters["thinned"]
    assert kept in (photos, photos + 1)
    assert counters["taken"] - counters["lost"] == kept


@pytest.mark.parametrize("known", [1, 3])
def test_joining_in_vain_costs_no_shot(tmp_path, known):
    names = [f"Net{i}" for i in range(known)]
    air = [{"ssid": name, "password": "new password", "rssi": -60} for name in names]
    saved = [{"ssid": name, "password": "old password"} for name in names]
    with board(tmp_path, networks=[BARN, *air]) as camera:
        told = live(
            camera,
            f"""
a = app()
credentials.save("wifi", {saved})
wifi.off()
a.tasks = {{"link": -2, "counters": 0}}
""",
            3600,
        )
    counters = told.end["counters"]
    assert (counters["taken"] in (119, 120, 121), counters["missed"]) == (True, 0)
    # Every network is tried.
    tried = "".join(told.said("W wifi failed"))
    assert all(f"'{name}' refused the board" in tried for name in names)


def test_what_is_missed_is_counted(camera):
    told = live(
        camera,
        """
def slow():
    if clock.now() <= NOON + 300:
        a.uploader.feed()
        time.sleep_ms(100000)
    return False
a = app()
a.uploader.has_waiting = slow
""",
        600,
    )
    counters = told.end["counters"]
    assert counters["missed"] >= 6 and counters["taken"] + counters["missed"] in (19, 20, 21)


def test_what_is_missed_over_a_restart_is_counted(camera):
    live(camera, "a = app()", 300)
    camera.world.cause = 2
    camera.world.rtc_us += 100_000_000
    told = live(camera, "a = app(at=0, is_started=False)", 300)
    counters = told.end["counters"]
    assert counters["missed"] in (2, 3, 4)
    assert counters["taken"] + counters["missed"] in (22, 23, 24)


def test_hours_without_a_shot_are_not_missed(tmp_path):
    schedule = {"schedule": {"hours": ["13:00-13:10"]}}
    with board(tmp_path, schedule) as camera:
        told = live(camera, "a = app()\na.tasks['plan'] = 0", 86400 + 4200)
    assert (told.end["counters"]["taken"], told.end["counters"]["missed"]) == (40, 0)


def test_a_clock_that_is_set_misses_nothing(camera):
    told = live(
        camera,
        """
a = app(at=0)
def set_clock():
    if clock.uptime_s() > 100 and not clock.is_set():
        set_time(NOON, 0)
        a.uploader.is_time_known = True
        a.counters["known_cycle"] = a.counters["cycle"]
    return False
a.uploader.has_waiting = set_clock
""",
        300,
    )
    assert told.end["counters"]["missed"] == 0


# A web page for the time that arrives byte by byte.


class _Drip:
    """A server on loopback that answers each request with `piece`, again and again."""

    def __init__(self, piece, pause_s):
        self._piece, self._pause_s = piece, pause_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self.connections = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection:
            try:
                connection.recv(2000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self._over.wait(self._pause_s):
                    connection.sendall(self._piece)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize(
    ("piece", "pause_s", "why"),
    [(b"a", 0.2, "slower than|ETIMEDOUT"), (b"a" * 999, 0, "longer than")],
)
def test_a_time_page_that_never_ends_has_a_deadline_and_a_limit(tmp_path, piece, pause_s, why):
    with _Drip(piece, pause_s) as page:
        clock = {"servers": ["127.0.0.1:9"], "http_urls": [f"http://127.0.0.1:{page.port}/"]}
        # In real time, because the page is slow in real time. The deadline uses the board's clock.
        with board(tmp_path, {"clock": clock}, fast=False) as camera:
            told = run(
                camera,
                """
a = app(at=0)
start = time.ticks_ms()
after_s = call("tasks.clock", "do", a)
tell("clock", after_s=after_s, took_ms=time.ticks_diff(time.ticks_ms(), start))
import socket
from sys import modules
tell("left", modules=[name for name in modules if "request" in name])
""",
            )
    assert told.all("clock")[0]["after_s"] == 30
    (said,) = told.said("W clock not set")
    assert re.search(why, said) and page.connections == 1
    assert told.all("clock")[0]["took_ms"] < 20_000 and not told.all("left")[0]["modules"]


def test_time_servers_have_their_turn_where_time_is_short(tmp_path):
    servers = [NTPServer(misbehaviour="silence") for _ in range(3)]
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(server).port for server in servers]
        clock = {"servers": [f"127.0.0.1:{port}" for port in ports], "http_urls": []}
        with board(tmp_path, {"clock": clock}) as camera:
            run(
                camera,
                """
a = app()
for _ in range(4):
    a.uploader.try_for(0)
    call("tasks.clock", "do", a)
""",
            )
        assert [server.requests for server in servers] == [2, 1, 1]
