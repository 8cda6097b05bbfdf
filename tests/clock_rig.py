"""Runs firmware/tasks/clock.py on a simulated board, between a time server and a store."""

import contextlib
import email.utils
from datetime import datetime, timezone

from app_rig import NOON, board, run, seq
from megacam.sim.ntp_server import NTPServer

DAY_S = 86400
#: do() does the task and tells what came of it; says() makes the store's Date.
CODE = """
def do():
    a.uploader.try_for(60)
    tell("clock", after_s=call("tasks.clock", "do", a), now=clock.now(),
         error_ms=clock.error_ms(), is_known=a.uploader.is_time_known,
         skew_s=a.uploader.store.skew_s)
def says(text):
    a.uploader.store.headers = {"date": text}
"""
#: What the store does instead of an answer.
DOWN = ("dns", 0, "retry", {})
INVALID = ("tls", 0, "clock", {})


def http_date(moment):
    """Return the Date of `moment` as a literal for the script."""
    return repr(email.utils.formatdate(moment, usegmt=True))


@contextlib.contextmanager
def camera_with(folder, servers=(), **config):
    names = [f"127.0.0.1:{server.port}" for server in servers] or ["127.0.0.1:9"]
    with board(folder, {"clock": {"servers": names, "http_urls": []}, **config}) as camera:
        yield camera


@contextlib.contextmanager
def liar(folder, lie_s):
    """A camera whose time server lies once, and is silent from then on."""
    said = []

    def now():
        if said:
            ntp.misbehaviour = "silence"  # already in this answer
        said.append(NOON + lie_s)
        return said[0]

    with NTPServer(now=now) as ntp, camera_with(folder, [ntp]) as camera:
        yield camera


def do(camera, code, at="NOON"):
    return run(camera, f"{CODE}a = app(at={at})\n{code}\nreport(a)")


def is_right(put, told, utc_s, known):
    """Tell whether the key of a photo has the time of its shot, to whole seconds.

    It was `utc_s` at the event `known`.
    """
    shot = told.all("shot")[seq(put["key"]) - 1]
    year, month, day, time = put["key"].split("/")[1:]
    at = datetime.strptime(f"{year}{month}{day}{time[:6]}", "%Y%m%d%H%M%S")
    shot_s = utc_s + (shot["ms"] - known["ms"]) / 1000
    return abs(at.replace(tzinfo=timezone.utc).timestamp() - shot_s) < 2
