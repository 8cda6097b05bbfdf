"""A battery-powered camera on a simulated board, which restarts at each wake."""

from app_rig import NOON, board

CONFIG = {
    "interval_s": 600,
    "power": {"deep_sleep": True},
    "clock": {"servers": ["127.0.0.1:9"], "http_urls": []},
}
_BUILD = """
at = 0 if clock.is_set() else {at}  # it goes on while the chip sleeps
start = call("health.counters", "read")["boots"]
a = app(is_started=True, at=at, connects={connects}, script={script})
a.interval_s = {interval_s}
a.sleeps = True
a.tasks = {{"spool": -3, "link": -2, "clock": -1, "plan": 0, "day": 0, "counters": 0, "status": 0}}
tell("wake", at=clock.now())
if start == 1:
    time.sleep_ms({slow_ms})
{more}
return a
"""


def sleepy(
    folder, at=NOON, interval_s=600, connects="[]", script="[]", config=None, slow_ms=0, more=""
):
    build = _BUILD.format(
        at=at, interval_s=interval_s, connects=connects, script=script, slow_ms=slow_ms, more=more
    )
    return board(folder, {**CONFIG, **(config or {})}, build)


def photos(told):
    return [put for put in told.all("put") if put["key"].endswith(".jpg")]


def moments(told):
    """Return the times (hhmmss) of the photos that were put.

    A start takes real time: up to half a minute after a full minute counts as that minute.
    """
    times = [put["key"][-17:-11] for put in photos(told)]
    return [time[:4] + ("00" if time[4:] < "30" else time[4:]) for time in times]
