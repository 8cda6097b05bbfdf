"""firmware/shot/key.py: names sort by time and numbers never repeat."""

import os

from firmware.shot.key import photo_key
from firmware.shot.reserve import Sequence
from firmware.shot.sequence import advance

_FILE = "sequence-of-this-test"


def _forget():
    for name in (_FILE, _FILE + ".new"):
        try:
            os.remove(name)
        except OSError:
            pass


def test_a_key_is_device_day_time_and_number():
    key = photo_key("cam1", (2026, 1, 2, 3, 4, 5), 42)
    assert key == "cam1/2026/01/02/030405-000042.jpg"


def test_numbers_never_repeat_over_many_reboots():
    _forget()
    seen = set()
    for photos in (1, 63, 64, 65, 0, 200):
        sequence = Sequence(_FILE)  # a reboot
        for _ in range(photos):
            number = sequence.next()
            assert number not in seen
            seen.add(number)
    assert min(seen) == 1
    _forget()


def test_a_reboot_skips_at_most_64_numbers():
    _forget()
    first = Sequence(_FILE).next()
    assert Sequence(_FILE).next() - first <= 64
    _forget()


def test_a_damaged_file_starts_anew():
    with open(_FILE, "w") as f:
        f.write("what?")
    assert Sequence(_FILE).next() == 1
    _forget()


def test_who_remembers_the_last_number_skips_none():
    _forget()
    counters = {"seq": 0, "seq_end": 0}
    numbers = [advance(counters, _FILE) for _ in range(200)]
    assert numbers == list(range(1, 201))
    counters["seq"] = 0  # a power cut
    assert 200 < advance(counters, _FILE) <= 264
    _forget()


def test_what_somebody_remembers_from_another_life_counts_for_nothing():
    _forget()
    for _ in range(3):
        reserved = Sequence(_FILE).next() + 64
    for used in (0, reserved - 65, reserved, reserved + 1000):
        assert Sequence(_FILE, used).next() == reserved
        reserved += 64
    _forget()
