"""When a board fetches a release, and how a trial ends."""

import json
from pathlib import Path

import pytest
from update import releases
from update.board_cases import NOW, described, named

DEVICE = Path(__file__).parents[1] / "device"


@pytest.fixture(scope="module")
def told(micropython, tmp_path_factory):
    """Return {question: answer} of device/update_rules.py."""
    cases = []
    for case in (named("firmware"), _large()):
        cases.append(tmp_path_factory.mktemp("update") / "case.json")
        cases[-1].write_text(json.dumps(described(case)))
    printed = micropython(DEVICE / "update_rules.py", *cases, heap="8M", path=[DEVICE])
    return dict(json.loads(line) for line in printed.splitlines() if line.startswith("["))


def _large():
    """Return a release with a file of three requests and an empty one, which takes none."""
    files = {"lib/overlay.bin": bytes(range(251)) * 280, "lib/empty.mpy": b""}
    release = releases.sign(releases.described(NOW, files).text())
    return releases.Case("large", releases.objects(release, files), releases.board(NOW))


def test_a_file_is_hashed_as_it_comes_and_read_once_at_the_end(told):
    assert told["undisturbed"] == [[0], 1, 1, [0, 32768, 65536]]
    # What had come before a restart is hashed once, from the flash.
    again = [0, 32768, 34868, 67636]
    assert told["a restart"] == [[1], 2, 1, again]
    assert told["a lost connection"] == [[0], 1, 1, again]
    # A refusal that says nothing of the file gives nothing up.
    assert told["an expired token"] == [[0], 1, 1, again]
    assert told["a full flash"] == [[1], 2, 1, again]


def test_what_has_come_of_another_release_is_no_part_of_this_one(told):
    assert told["another release"] == [1, ""]


def test_photos_go_first(told):
    assert told["ready"] == "fetched"
    assert (told["photos wait"], told["no connection"], told["a photo is due"]) == (60, 60, 1)


def test_half_of_the_daily_cap_is_for_photos(told):
    assert (told["half of the requests"], told["half of the data"]) == (3600, 3600)


def test_a_low_battery_fetches_nothing(told):
    assert (told["3600 mV"], told["3660 mV"]) == (3600, "fetched")


def test_the_task_ends_with_the_download(told):
    assert told["finished"] == [None, False]


@pytest.mark.parametrize("up_s", [5, 3600])
def test_a_lasting_shortage_of_memory_restarts_once_for_a_release_and_not_for_the_next(told, up_s):
    assert told[f"memory is always short, up {up_s} s"] == [1, "memory is short", []]
    assert told[f"another release, up {up_s} s"] == [True, ""]


def test_only_a_photo_that_the_slot_took_itself_proves_it(told):
    assert told["on trial"] == 0
    assert told["first number after a power cut"] == 65
    assert told["an old photo"] == [False, 3]
    assert told["a report is due"]
    assert told["a photo of its own"] == [True, [0, 1]]


def test_the_proof_of_a_slot_says_nothing_about_files_that_a_cable_brings_into_the_other(told):
    assert told["told before the first look"] == [False, 3]
    assert told["the proof of the other slot"] == [False, 3]


def test_a_slot_that_is_not_on_trial_proves_itself_once_but_never_goes_back(told):
    assert (told["to be proved"], told["once"]) == (0, None)
    assert told["no photo for hours"] == 0
    assert told["proved"] == [True, 0b010000]


def test_a_start_that_only_checks_settings_does_not_count(told):
    whole, *cuts = told["checks settings, trial"]
    assert whole == [True, 4] and len(cuts) > 5
    # If a start that did not end with checked settings were given back, a trial might never end.
    assert {tuple(one) for one in cuts} == {(False, 3), (True, 3), (True, 4)}
    assert told["checks settings, kept"][0] == [True, 0]


def test_only_one_start_of_a_trial_is_given_back(told):
    """Otherwise a release whose own check never ends well would check for ever."""
    assert told["starts that only check settings, first trial"] == 4
    assert told["starts that only check settings, second trial"] == 4


def test_nothing_goes_back_to_a_slot_into_which_a_release_is_continued(told):
    assert told["continued"] == [0b100001, ["config.json", "roots/a.der"]]


def test_an_hour_with_the_network_up_ends_a_trial(told):
    assert told["an hour with the network up"] == [0b010000, 2, 0]
    assert told["an hour without network"] == [0b010111, 0, 0]


def test_the_hour_begins_with_the_first_photo_that_is_due(told):
    assert told["less than an hour since a photo was due"] == [0b010111, 0, 0]
    assert told["no photo was due"] == [0b010111, 0, 1]


def test_a_trial_without_any_photo_that_is_due_ends_after_eight_days(told):
    assert told["never due, 191 h, network True"] == [0b010111, 0, 1]
    assert told["never due, 193 h, network True"] == [0b010000, 5, 0]
    # Without a network boot.py's timer ends this start, so that only the starts count.
    assert told["never due, 191 h, network False"] == [0b010111, 0, 1]
    assert told["never due, 193 h, network False"] == [0b010111, 0, 0]


def test_wakes_without_a_photo_are_spared_for_eight_days(told):
    assert told["spared days"] == [True] * 8 + [False] * 2


def test_boot_counts_the_wakes_of_a_camera_that_sleeps(told):
    assert told["asleep"] == 0b010111


def test_the_whole_slot_is_verified_before_the_switch(told):
    assert told["altered None"] == [1, ""]
    assert told["altered /b/lib/overlay.bin"] == [0, "lib/overlay.bin is not what was signed"]
    assert told["altered /b/config.json"] == [0, "config.json is not what was signed"]
    # What is in no release is removed.
    assert told["altered /b/lib/more.mpy"] == [1, ""]


@pytest.mark.parametrize(
    "kind, end", [("trial", 0b010000), ("kept", 0b110000 | 4 << 1)], ids=["trial", "kept"]
)
def test_a_power_cut_on_the_way_back_leaves_one_slot_or_the_other_with_its_reason(told, kind, end):
    found = told[f"the power fails on the way back, {kind}"]
    assert [is_still_here for is_still_here, _, _ in found] == [True, True, True, False]
    assert found[-1][1:] == [end, 2]
    # The reason is there before the switch.
    assert [back for _, _, back in found] == [0, 0, 2, 2]
