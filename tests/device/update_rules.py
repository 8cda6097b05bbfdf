"""When a release is fetched, and how a trial ends: prints a line of JSON for each question."""

import builtins
import json
import os
import sys
from binascii import unhexlify

import update_rig as rig
from s3 import S3Error

from firmware import clock, wifi
from firmware.health import counters
from firmware.settings import config
from firmware.start import new_settings, slot_state, slot_switch
from firmware.tasks import trial, update
from firmware.update import fetch, finish, piece, seen, start, turn

_POWER = {"battery_pin": -1, "divider": 2, "low_mv": 3300}


def tell(question, answer):
    print(json.dumps([question, answer]))


def board():
    """Return a new board whose slot b is on trial, with three starts left."""
    found = rig.Board({"/b/release": b"x", "/sequence": b"65"}, {"slot": 0b11001}, None)
    found.choose()
    return found


def ready(**changes):
    """Return an App that may fetch, with `changes` to its uploader."""
    app = rig.App(rig.Store({}))
    app.tasks["update"] = 0
    uploader = app.uploader
    uploader.is_ready = lambda: True
    uploader.left_ms = lambda: 20000
    for name in changes:
        setattr(uploader, name, changes[name])
    return app


def fetching():
    turn.wait_s = rig.wait_s
    turn.count = lambda: [0, 1]
    fetch.step = lambda app, number: (piece.get, ("/b/x", 1, "0", 0, 1))
    piece.get = lambda app, file: "fetched"
    config.section = lambda name: _POWER
    tell("ready", update.do(ready()))
    tell("photos wait", update.do(ready(waiting=1)))
    tell("no connection", update.do(ready(is_ready=lambda: False)))
    tell("a photo is due", update.do(ready(left_ms=lambda: 4000)))
    app = ready()
    app.counters["requests"] = 1500
    tell("half of the requests", update.do(app))
    app = ready()
    app.counters["sent_kb"] = 1 << 29
    tell("half of the data", update.do(app))
    from firmware.power import battery

    _POWER["battery_pin"] = 35
    for mv in (1800, 1830):
        battery.millivolts = lambda pin, mv=mv: mv
        tell(f"{2 * mv} mV", update.do(ready()))

    clock.uptime_s = lambda: 5
    piece.get = lambda app, file: None
    app = ready()
    tell("finished", [update.do(app), "update" in app.tasks])


def trials():
    board()
    start.clear()
    app = rig.App(rig.Store({}))
    start.add(app)
    tell("on trial", app.tasks.get("trial"))
    app.counters["seq"] = 0
    trial.do(app)
    tell("first number after a power cut", abs(app.counters["trial"]))
    app.uploader.seq = 64  # a photo that the old slot took
    trial.do(app)
    tell("an old photo", [trial_is_over(app), slot_state.read()[0]])
    app.uploader.seq = 65
    app.tasks["status"] = 3000
    trial.do(app)
    tell("a report is due", app.tasks["status"] <= clock.uptime_s())
    tell("a photo of its own", [trial_is_over(app), slot_state.read()[:2]])


def unproved():
    """A slot that is not on trial and has not worked."""
    rig.Board({}, {"slot": 0}, None).choose()
    app = rig.App(rig.Store({}))
    start.add(app)
    tell("to be proved", app.tasks.get("trial"))
    clock.uptime_s = lambda: 9000
    trial.do(app)
    tell("no photo for hours", rig.NVS.entries["slot"])
    app.uploader.seq = 8
    trial.do(app)
    tell("proved", [trial_is_over(app), rig.NVS.entries["slot"]])
    app = rig.App(rig.Store({}))
    start.add(app)
    tell("once", app.tasks.get("trial"))
    clock.uptime_s = lambda: 5


def deployed():
    """A slot has proved itself and not told; then files come by cable into the other one."""
    rig.Board({}, {"slot": 0}, None).choose()
    before = rig.App(rig.Store({}))
    before.uploader.seq = 8
    trial.do(before)
    board()
    app = rig.App(rig.Store({}))
    app.counters = before.counters  # RTC memory outlives a reset
    tell("told before the first look", [trial_is_over(app), slot_state.read()[0]])
    trial.do(app)
    tell("the proof of the other slot", [trial_is_over(app), slot_state.read()[0]])


def trial_is_over(app):
    from firmware.update import keep

    return keep.keep(app)


def late():
    clock.uptime_s = lambda: 3550
    for is_up, since_s, question in (
        (True, 3550, "an hour with the network up"),
        (False, 3550, "an hour without network"),
        (True, 3500, "less than an hour since a photo was due"),
        (True, -30, "no photo was due"),
    ):
        board()
        wifi.is_up = lambda is_up=is_up: is_up
        app = rig.App(rig.Store({}))
        app.windows = ((rig.NOW - since_s, rig.NOW + 9000),)
        rig.waits.clear()
        try:
            trial.do(app)
        except rig.RestartError:
            pass
        tell(question, [rig.NVS.entries["slot"], slot_state.read()[3], len(rig.waits)])
    app.sleeps = True
    trial.do(app)
    tell("asleep", rig.NVS.entries["slot"])


def never_due():
    """No photo is due: one hour short of eight days after the start, and after them."""
    for is_up in (True, False):
        wifi.is_up = lambda is_up=is_up: is_up
        for hours in (191, 193):
            clock.uptime_s = lambda hours=hours: hours * 3600
            board()
            app = rig.App(rig.Store({}))
            app.windows = ()
            rig.waits.clear()
            try:
                trial.do(app)
            except rig.RestartError:
                pass
            found = [rig.NVS.entries["slot"], slot_state.read()[3], len(rig.waits)]
            tell(f"never due, {hours} h, network {is_up}", found)
    wifi.is_up = lambda: True
    clock.uptime_s = lambda: 5


def spared():
    """A camera that sleeps finds no photo due on any day: which of its midnights are spared?"""
    days, began_s, now = [], rig.NOW, clock.now
    board()
    app = rig.App(rig.Store({}))
    trial.do(app)
    for day in range(10):
        clock.now = lambda day=day: began_s + day * 86400
        rig.trial.wait(app, clock.now() + 86400)
        until = rig.NVS.entries.get("until", 0) + clock.EPOCH_S
        days.append(until == clock.now() + 86400 + 60)
    clock.now = now
    tell("spared days", days)


def returns():
    """The power fails at each change of a return, at the end of a trial and after it."""
    for name, before in (("trial", 0b11001), ("kept", 0b110001)):
        found = []
        for cut_at in range(1, 5):
            rig.Board({}, {"slot": before, "back": 0}, None).choose()
            before_s = rig.NVS.entries["slot"]
            rig.power.on(cut_at)
            try:
                slot_switch.go_back(2)
            except OSError:
                pass
            rig.power.on()
            now = rig.NVS.entries
            found.append([now["slot"] == before_s, now["slot"], now["back"]])
        tell(f"the power fails on the way back, {name}", found)


def checks_settings():
    """Cut the power at each change while a slot's settings are checked, on trial and later."""
    config.PATH = "/b/config.json"
    files = {config.PATH: b'{"s3": {"bucket": "photos"}}'}
    for name, before in (("trial", 0b11001), ("kept", 0b110001)):
        found = []
        for cut_at in range(99):
            board = rig.Board(files, {"slot": before}, None)
            board.choose()
            rig.power.on(cut_at)
            try:
                new_settings.take(config.PATH)
            except OSError:
                assert rig.power.is_off
            is_over = cut_at and not rig.power.is_off
            rig.power.on()
            board.mount()
            found.append([config.is_checked(config.read(config.PATH)), slot_state.read()[0]])
            if is_over:
                break
        tell(f"checks settings, {name}", found)


def repeats():
    """Start 100 times, and check only settings at each; then once more in another trial."""
    rig.Board({}, {"slot": 0b010000, "until": 0}, None).choose()
    slot_switch.switch()
    for name in ("first", "second"):
        starts = 0
        while rig.NVS.entries["slot"] & 1 and starts < 100:
            rig.Board.choose(None)
            if rig.NVS.entries["slot"] & 1:
                slot_switch.repeat()
                starts += 1
        tell(f"starts that only check settings, {name} trial", starts)
        slot_switch.time.now_s += 1
        slot_switch.switch()


def offered(path):
    """Return the objects and NVS entries of the case in the host's file `path`."""
    with open("/host" + path) as f:
        case = json.load(f)
    return [
        {name: unhexlify(content) for name, content in case[kind].items()}
        for kind in ("objects", "entries")
    ]


class Short(rig.Store):
    """A store for whose files memory never suffices."""

    is_short = True

    def attempt(self, action, client, key, *args):
        if self.is_short and not key.endswith("/release"):
            raise MemoryError
        return super().attempt(action, client, key, *args)


def shortages():
    """Memory is always short: ten reports, then another release that the board has memory for."""
    objects, entries = offered(sys.argv[2])
    for up_s in (5, 3600):
        clock.uptime_s = lambda up_s=up_s: up_s
        store = Short(objects)
        board = rig.Board({"/a/config.json": b"{}"}, dict(entries, slot=16), store)
        board.choose()
        app = rig.App(store)
        restarts = 0
        for _ in range(10):
            app.tasks["update"] = 0
            while "update" in app.tasks and restarts < 9:
                try:
                    update.do(app)
                except rig.RestartError:
                    restarts += 1
                    app = rig.App(store)
                    app.counters = counters.read()
                    start.add(app)
        left = [name for name in os.listdir("/update") if name.startswith("release")]
        tell(f"memory is always short, up {up_s} s", [restarts, seen.read()[2][:15], left])
        store.is_short, store.objects = False, offered(sys.argv[1])[0]
        while not board.start():
            pass
        tell(f"another release, up {up_s} s", [slot_state.read()[2] > 0, seen.read()[2]])
    clock.uptime_s = lambda: 5


class Bad(rig.Store):
    """A store whose answer to request number `at` breaks off after three pieces with `error`."""

    at, error = 0, None

    def attempt(self, action, client, key, first, most, write, etag=""):
        pieces = []

        def broken(piece):
            if self.error and len(self.answers) == self.at and len(pieces) == 3:
                raise self.error
            pieces.append(0)
            write(piece)

        return super().attempt(action, client, key, first, most, broken, etag)


def downloads():
    """Tell how often a file of three pieces was read before the end, and where requests began."""
    objects, entries = offered(sys.argv[2])
    files = {"/a/config.json": b"{}", "/a/roots/a.der": b"root"}
    read = []
    whole = finish.finish

    def counting(path, *mode):
        if mode == ("rb",) and "/overlay.bin" in path:
            read.append(path)
        return builtin(path, *mode)

    def finishing(*args):
        found.append(len(read))
        return whole(*args)

    builtin, builtins.open, finish.finish = open, counting, finishing
    lost = S3Error("connection", 0, "retry", "lost")
    for name, at, error in (
        ("undisturbed", 0, None),
        ("a restart", 3, rig.RestartError()),
        ("a lost connection", 3, lost),
        ("an expired token", 3, S3Error("ExpiredToken", 400, "credentials", "expired")),
        ("a full flash", 3, OSError(28)),
    ):
        store = Bad(objects)
        store.at, store.error = at, error
        board = rig.Board(files, dict(entries, slot=16), store)
        read.clear()
        found = []
        for _ in range(3):
            if board.start() or found:
                break
        requests = [first for key, first in store.answers if key == store.answers[-1][0]]
        tell(name, [found, len(read), rig.NVS.entries["slot"] & 1, requests])
    builtins.open, finish.finish = builtin, whole


def replaced():
    """Fetch a release where another one that was given up has left part of a file."""
    objects, entries = offered(sys.argv[1])
    files = {"/a/config.json": b"{}", "/a/roots/a.der": b"root"}
    files["/b/lib/overlay.bin.part"] = b"of another"
    board = rig.Board(files, dict(entries, slot=16), rig.Store(objects))
    board.start()
    tell("another release", [rig.NVS.entries["slot"] & 1, seen.read()[2]])


def continued():
    """Go on with a release that was begun in the other slot: files came by cable meanwhile."""
    objects, entries = offered(sys.argv[1])
    files = {"/b/config.json": b"{}", "/b/roots/a.der": b"root"}
    files["/update/release"] = objects["release"]
    store = rig.Store({"release": objects["release"]})  # the rest is withheld
    board = rig.Board(files, dict(entries, slot=0b110001), store)
    board.start()
    tell("continued", [rig.NVS.entries["slot"], sorted(board.tree("/a"))])


def altered():
    """Alter a file that has been fetched, just before the switch."""
    objects, entries = offered(sys.argv[1])
    files = {"/a/config.json": b"{}", "/a/roots/a.der": b"root"}
    board = rig.Board(files, dict(entries, slot=16), rig.Store(objects))
    for path in (None, "/b/lib/overlay.bin", "/b/config.json", "/b/lib/more.mpy"):
        board = rig.Board(files, dict(entries, slot=16), rig.Store(objects))
        whole = finish.finish

        def alter(*args, path=path, whole=whole):
            if path:
                rig.write_tree({path: b"altered"})
            return whole(*args)

        finish.finish = alter
        board.start()
        finish.finish = whole
        tell(f"altered {path}", [rig.NVS.entries["slot"] & 1, seen.read()[2]])


altered()
downloads()
replaced()
continued()
shortages()
fetching()
trials()
unproved()
deployed()
returns()
late()
never_due()
spared()
checks_settings()
repeats()
