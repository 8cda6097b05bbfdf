"""Run firmware/tasks/clock.py on a simulated board with a time server and a store."""

import contextlib
import email.utils
from datetime import datetime, timezone

from app_rig import NOON, board, run, seq
from megacam.sim.ntp_server import NTPServer

DAY_S = 86400
#: do() runs the task and prints its result; says() sets the store's Date header.
CODE = """
def do():
    a.uploader.try_for(60)
    tell("clock", after_s=call("tasks.clock", "do", a), now=clock.now(),
         error_ms=clock.error_ms(), is_known=a.uploader.is_time_known,
         skew_s=a.uploader.store.skew_s)
def says(text):
    a.uploader.store.headers = {"date": text}
"""
#: How a request to the store fails.
DOWN = ("dns", 0, "retry", {})
INVALID = ("tls", 0, "clock", {})


def http_date(moment):
    """Return the HTTP date of `moment` as a Python literal for the script."""
    return repr(email.utils.formatdate(moment, usegmt=True))


@contextlib.contextmanager
def camera_with(folder, servers=(), **config):
    names = [f"127.0.0.1:{server.port}" for server in servers] or ["127.0.0.1:9"]
    with board(folder, {"clock": {"servers": names, "http_urls": []}, **config}) as camera:
        yield camera


@contextlib.contextmanager
def liar(folder, lie_s):
    """Yield a camera whose time server is wrong by `lie_s` once and does not answer after that."""
    said = []

    def now():
        if said:
            ntp.misbehaviour = "silence"  # from this answer on
        said.append(NOON + lie_s)
        return said[0]

    with NTPServer(now=now) as ntp, camera_with(folder, [ntp]) as camera:
        yield camera


def do(camera, code, at="NOON"):
    return run(camera, f"{CODE}a = app(at={at})\n{code}\nreport(a)")


def is_right(put, told, utc_s, known):
    """Return whether the time in a photo's key is that of its shot, to within two seconds.

    The true time at the event `known` was `utc_s`.
    """
    shot = told.all("shot")[seq(put["key"]) - 1]
    year, month, day, time = put["key"].split("/")[1:]
    at = datetime.strptime(f"{year}{month}{day}{time[:6]}", "%Y%m%d%H%M%S")
    shot_s = utc_s + (shot["ms"] - known["ms"]) / 1000
    return abs(at.replace(tzinfo=timezone.utc).timestamp() - shot_s) < 2
