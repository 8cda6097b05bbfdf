"""A slot that crashes again and again makes room for the other one, if that has worked."""

import app_rig
import pytest
from app_rig import power_on, run
from megacam.board import tree

A, B, BACK = 16, 32, 4  # the slot has worked; see firmware/start/slot_state.py
ON_TRIAL = 1 | 3 << 1 | A
_CRASHES_IN_A = """
from firmware import slot
if slot == "/a":
    raise ValueError("boom")
return app(is_started=True)
"""
_NVS = "from esp32 import NVS\nn = NVS('megacam')\n"
_READ = _NVS + "tell('nvs', slot=n.get_i32('slot'), back=n.get_i32('back'))\n"


@pytest.fixture
def two(tmp_path):
    """Yield a board with the same firmware in both slots, which crashes in a only."""
    files = app_rig.files(build=_CRASHES_IN_A)
    other = {f"b/{path}": content for path, content in files.items() if tree.is_of_slot(path)}
    with app_rig.board(tmp_path, build=_CRASHES_IN_A, extra=other) as board:
        yield board


def _prepare(board, slot, **counters):
    """Join the Wi-Fi, and keep the number `slot` and `counters` for the next start."""
    counts = "t = call('start.supervisor', 'start')\n" if counters else ""
    counts += "".join(f"t[{name!r}] = {value!r}\n" for name, value in counters.items())
    counts += "call('health.counters', 'write', t)\n" if counters else ""
    run(
        board,
        f"join()\n{_NVS}n.set_i32('slot', {slot})\nn.set_i32('back', 0)\nn.commit()\n{counts}",
    )


def _nvs(board):
    [found] = run(board, _READ).all("nvs")
    return found["slot"], found["back"]


def test_five_crashes_in_a_row_end_in_the_other_slot(two):
    _prepare(two, A | B)
    told = power_on(two, '"what": "stored"')
    assert len(told.said("ValueError: boom")) == 5 and not told.said("E safe mode")
    # It worked once, but perhaps with a store that is no longer there.
    assert _nvs(two) == (ON_TRIAL | B, BACK)


def test_without_another_slot_that_has_worked_it_is_safe_mode(two):
    _prepare(two, A)
    assert power_on(two, "E safe mode").said("E safe mode")
    assert _nvs(two) == (A, 0)


def test_crashes_between_photos_add_up(two):
    _prepare(two, A | B, stored=500, crashed=600)
    told = power_on(two, '"what": "stored"')
    assert len(told.said("ValueError: boom")) == 1
    assert _nvs(two) == (ON_TRIAL | B, BACK)
    assert (
        run(two, "tell('counts', **call('health.counters', 'read'))").all("counts")[0]["crashed"]
        == 0
    )


def test_without_another_slot_they_change_nothing(two):
    _prepare(two, A, stored=500, crashed=700)
    told = power_on(two, " start=4")
    assert len(told.said("ValueError: boom")) == 2 and not told.said("E safe mode")


@pytest.mark.parametrize("counters", [{"quick": 60}, {"crashed": 900}])
def test_crashes_of_the_slot_before_do_not_end_a_trial(two, counters):
    """Otherwise no release could ever help a camera in safe mode."""
    _prepare(two, ON_TRIAL, **counters)
    told = power_on(two, '"what": "stored"')
    assert told.all("stored") and not told.said("W restart")
    assert _nvs(two)[0] & 1


@pytest.mark.parametrize("every, is_given_up", [(1, True), (10, True), (24, True), (25, False)])
def test_one_crash_in_25_photos_is_no_reason(camera, every, is_given_up):
    camera.world.cause = 3
    told = run(camera, f"""
most = 0
for _ in range(99):
    t = call("start.supervisor", "start")
    most = max(most, t["crashed"] - t["stored"])
    t["stored"] += {every}
    call("health.counters", "keep", t)
tell("crashes", most=most)
""")  # fmt: skip
    assert (told.all("crashes")[0]["most"] > 100) is is_given_up


def test_the_other_slot_has_to_prove_itself_and_else_this_one_runs_again(two):
    _prepare(two, 1 | A | B, crashed=900)
    told = power_on(two, '"what": "stored"')
    # Slot a crashes three times; b has the same counters, but has not crashed since.
    assert len(told.said("ValueError: boom")) == 3
    assert _nvs(two) == (1 | A | B, 1)


def test_power_cuts_end_in_safe_mode_but_not_in_other_settings(two):
    _prepare(two, 1 | A | B, quick=60)
    assert power_on(two, "E safe mode").said("E safe mode")
    assert _nvs(two) == (1 | A | B, 0)


def test_a_supply_that_fails_says_nothing_of_the_firmware(camera):
    told = run(camera, "for _ in range(9):\n    t = call('start.supervisor', 'start')\n"
                       "tell('crashes', are_counted='crashed' in t)")  # fmt: skip
    assert not told.all("crashes")[0]["are_counted"]
