"""Photos wait on an SD card and on flash, with all kinds of card faults, on a simulated board."""

import pytest
from app_rig import board, photo_sha256, run

_FORMAT = "import machine, vfs\nvfs.VfsFat.mkfs(machine.SDCard(slot=3))"
_CARD_BYTES = 4 << 20
# An app with a card; its store is unreachable unless `a.uploader.is_ready` allows it.
_APP = """
from scripted_app import call
from firmware.settings import config
import os
a = app()
u = a.uploader
ready = u.is_ready
settings = config.load()
settings["spool"]["sd"]["enabled"] = True
u.place += call("spool.sd_card", "slot", settings["spool"]["sd"], settings["spi"]["id"])
call("spool.count", "count", u)
a.tasks["spool"] = 1 << 28
def wait(photos=1):
    u.is_ready = lambda: False
    shoot(a, photos)
    u.is_ready = ready
def where():
    there = []
    for folder in ("/spool", "/sd/spool"):
        try:
            names = os.listdir(folder)
        except OSError:
            names = []
        there.append(len([n for n in names if n[:10].isdigit() and "=" not in n]))
    tell("where", flash=there[0], card=there[1], waiting=u.waiting, out=u.place[2].absent,
         lost=a.counters["lost"], kb=u.waiting_kb)
def fault(what, *args):
    import machine
    machine.ask("fault", (what,) + args)
def send():
    drain(a)
    where()
    report(a)
"""


@pytest.fixture
def camera(tmp_path):
    with board(tmp_path, card_bytes=_CARD_BYTES) as camera:
        camera.exec(_FORMAT)
        yield camera


def use(camera, code):
    """Run `code` on the board; in it, fault("pull") calls camera.card.pull()."""
    offered = camera.world.offered
    faults = {"fault": lambda what, *args: getattr(camera.card, what)(*args)}
    camera.world.offered = lambda: {**offered(), **faults}
    try:
        return run(camera, _APP + code)
    finally:
        camera.world.offered = offered


def places(told):
    return [(event["flash"], event["card"], event["waiting"]) for event in told.all("where")]


def stored(told):
    return [event["sha256"] for event in told.all("stored")]


def all_of(photos):
    return sorted(photo_sha256(number) for number in range(1, photos + 1))


def test_photos_wait_on_the_card_and_are_sent_from_it(camera):
    told = use(camera, "wait(3)\nwhere()\nsend()")
    assert places(told) == [(0, 3, 3), (0, 0, 0)]
    assert sorted(stored(told)) == all_of(3)


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("fault", ["fault('pull')", "fault('refuse_writes')"])
def test_a_card_that_fails_leaves_the_photo_to_the_flash_and_says_so_once(camera, fault, is_first):
    first = f"u.is_spool_first = {is_first}\n"
    told = use(camera, f"{first}wait(2)\n{fault}\nwait(3)\nwhere()\nreport(a)")
    (there,) = told.all("where")
    assert (there["flash"], there["waiting"], there["out"], there["lost"]) == (3, 3, True, 0)
    assert len(told.said("E spool on the flash")) == 1
    assert not told.said("E app photo lost")


def test_what_waits_on_the_flash_is_sent_while_the_card_is_out(camera):
    told = use(camera, "wait(1)\nfault('pull')\nwait(2)\nsend()")
    assert stored(told) == [photo_sha256(n) for n in (2, 3)] or sorted(stored(told)) == sorted(
        photo_sha256(n) for n in (2, 3)
    )
    assert places(told) == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("fault", "end"), [("pull", "insert"), ("refuse_writes", "mend"), ("slow", "mend")]
)
def test_a_card_that_is_back_is_used_again_without_a_hand_and_both_are_drained(camera, fault, end):
    argument = ", 20" if fault == "slow" else ""
    told = use(camera, f"""
wait(2)
fault({fault!r}{argument})
wait(2)
call("spool.count", "count", u)
where()
fault({end!r})
call("spool.count", "count", u)
wait(2)
where()
send()
""")  # fmt: skip
    out, back, sent = told.all("where")
    assert back["waiting"] == 6 and not back["out"]
    if fault == "slow":
        assert (back["flash"], back["card"]) == (0, 6)
    else:
        assert (out["flash"], out["out"]) == (2, True)
        assert (back["flash"], back["card"]) == (2, 4)
        assert len(told.said("I spool on the card again")) == 1
    assert sent["waiting"] == 0 and sorted(stored(told)) == all_of(6)
    assert len(told.said("E spool on the flash")) == (fault != "slow")


def test_a_card_that_fails_amid_a_photo_costs_that_photo_and_no_other(camera):
    told = use(camera, "wait(1)\nfault('refuse_writes', 6)\nwait(3)\nwhere()\nfault('mend')\n"
               "call('spool.count', 'count', u)\nsend()\nreport(a)")  # fmt: skip
    assert len(told.said("E app photo lost")) <= 1
    lost = told.end["counters"]["lost"] + len(told.said("E app photo lost"))
    assert told.end["waiting"] == 0
    assert len(stored(told)) + min(lost, 1) == 4


def test_a_photo_of_a_card_that_is_pulled_while_it_is_sent_waits_on_it(camera):
    told = use(camera, """
wait(2)
put = u.store.put
def pulled(*args, **more):
    fault("pull")
    return put(*args, **more)
u.store.put = pulled
u.connect()
a.work()
u.store.put = put
where()
fault("insert")
call("spool.count", "count", u)
send()
""")  # fmt: skip
    assert told.all("where")[0]["out"]
    assert told.end["waiting"] == 0 and sorted(stored(told)) == all_of(2)
    assert told.end["counters"]["damaged"] == 0


def test_a_full_card_thins_its_own_photos_and_takes_the_next(tmp_path):
    with board(tmp_path, card_bytes=128 << 10) as camera:
        camera.exec(_FORMAT)
        told = use(camera, "wait(40)\nwhere()\nsend()")
    first, last = told.all("where")
    assert first["flash"] == 0 and 5 < first["card"] < 40 and not first["out"]
    assert first["card"] + told.end["counters"]["thinned"] == 40
    assert last["waiting"] == 0


def test_a_card_that_others_have_filled_leaves_the_photos_to_the_flash(camera):
    told = use(camera, """
with open("/sd/film", "wb") as f:
    try:
        while True:
            f.write(bytes(4096))
    except OSError:
        pass
wait(3)
where()
send()
""")  # fmt: skip
    assert places(told)[0] == (3, 0, 3)
    assert sorted(stored(told)) == all_of(3)


@pytest.mark.parametrize("card_bytes", [0, _CARD_BYTES])
def test_no_card_or_a_new_one_leaves_the_photos_to_the_flash(tmp_path, card_bytes):
    with board(tmp_path, card_bytes=card_bytes) as camera:
        told = use(camera, "wait(2)\ncall('spool.count', 'count', u)\nwhere()\nsend()")
    assert places(told) == [(2, 0, 2), (0, 0, 0)]
    assert len(told.said("E spool on the flash")) == 1


def test_a_slot_that_the_chip_refuses_leaves_the_photos_to_the_flash(camera):
    told = use(camera, """
tell("slot", slot=call("spool.sd_card", "slot", settings["spool"]["sd"], 1))  # the camera's bus
""")  # fmt: skip
    assert told.all("slot")[0]["slot"] == []
    (said,) = told.said("E spool on the flash")
    assert "why=" in said


def test_many_photos_of_a_flash_go_out_from_there_once_the_card_is_good(camera):
    told = use(camera, "fault('pull')\nwait(60)\nfault('insert')\n"
               "call('spool.count', 'count', u)\nwait(2)\nwhere()\nsend()")  # fmt: skip
    assert places(told)[0] == (60, 2, 62)
    assert sorted(stored(told)) == all_of(62)


def test_photos_without_a_date_get_it_in_both_places(camera):
    told = use(camera, """
a.counters["known_cycle"] = 0
u.is_time_known = False
wait(2)
fault("pull")
wait(2)
fault("insert")
call("spool.count", "count", u)
where()
u.is_time_known = True
call("tasks.date", "do", a)
send()
""")  # fmt: skip
    assert places(told)[0] == (2, 2, 4)
    assert told.said("I spool dated photos=4")
    assert sorted(stored(told)) == all_of(4) and told.end["waiting"] == 0


def test_a_photo_on_the_flash_that_is_never_taken_holds_up_no_card_and_is_set_aside(camera):
    told = use(camera, """
fault("pull")
wait(1)
fault("insert")
call("spool.count", "count", u)
wait(3)
def put(key, *args, **more):
    if "000001.jpg" in key:
        raise S3Error("EntityTooLarge", 400, "fatal", "too large")
    return good(key, *args, **more)
good, u.store.put = u.store.put, put
for _ in range(60):
    u.pause_until_s = u.failures = 0
    u.connect()
    a.work()
where()
""")  # fmt: skip
    assert places(told) == [(0, 0, 0)] and told.said("E spool refused")


def test_what_waits_in_both_places_is_sent_once_after_a_power_cut(camera):
    told = use(camera, "wait(2)\nfault('pull')\nwait(2)\nfault('insert')\n"
               "call('spool.count', 'count', u)\nwait(1)\nwhere()")  # fmt: skip
    assert places(told) == [(2, 3, 5)]
    camera.world.power_on()
    again = use(camera, "where()\nsend()\nsend()")
    assert places(again) == [(2, 3, 5), (0, 0, 0), (0, 0, 0)]
    assert sorted(stored(again)) == all_of(5)
