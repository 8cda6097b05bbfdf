"""Task: join the Wi-Fi if there is no link, and record the signal strength."""

from firmware import wifi
from firmware.errors import CredentialsError, NetworkError
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_AGAIN_S = const(60)
_LONGEST_S = const(300)
_RESET_STAGE = const(14)  # after about an hour
_SIGNALS = const(12)
# Enough to join one network, whatever else is due.
_LEAST_MS = const(20000)
# After this many unanswered requests in a row, up to a quarter of an hour apart, switch the radio
# off and on. After twice as many restart the board: the network stack itself may be stuck.
_DEAF = const(8)


def do(app):
    """Return the seconds until this task is due again."""
    stage = app.link_failures
    uploader = app.uploader
    unanswered = uploader.unanswered
    if unanswered and unanswered % _DEAF == 0 and wifi.is_up():
        if unanswered >= 2 * _DEAF:
            from firmware.start import restart

            restart.reset(app.counters, "network")
        uploader.unanswered += 1
        wifi.off()
        stage = 2
    try:
        limit_ms = max(uploader.left_ms(), _LEAST_MS)
        from firmware.network import join
        from firmware.settings import config

        joined = join.connect(config.section("wifi"), stage, uploader.store.buf, limit_ms)
    except (NetworkError, CredentialsError) as e:
        log("W wifi failed", why=e, stage=stage)
        app.link_failures += 1
        if app.link_failures >= _RESET_STAGE:
            from firmware.start import restart

            restart.reset(app.counters, "wifi")
        return min(_AGAIN_S * app.link_failures, _LONGEST_S)
    if joined:
        log("I wifi joined", ssid=joined[0], address=joined[1])
    app.link_failures = 0
    if app.uploader.store.skew_s or app.uploader.is_clock_doubted:
        app.tasks["clock"] = 0  # the store or its certificate says that the clock is wrong
    app.signals.append(wifi.rssi_dbm())
    del app.signals[:-_SIGNALS]
    return _AGAIN_S
