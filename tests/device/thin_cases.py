"""Which photos a full spool keeps from an outage; runs on MicroPython (see test_spool.py).

The file system stores names and sizes only and lists them unsorted, as FAT does. The measure of
evenness is the largest gap between two kept photos, divided by the gap that as many photos would
have at equal distances.
"""

import vfs

from firmware.spool.spool import Spool
from firmware.spool.spool import photo_name

_START_S = 1793491200
_PHOTO_BYTES = 100
_LEAST_GAPS = 4  # upper limit of the largest gap, in even gaps


class _File:
    def __init__(self, sizes, name):
        self._sizes, self._name = sizes, name
        sizes[name] = 0

    def write(self, data):
        self._sizes[self._name] += len(data)
        return len(data)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class _Folder:
    """A file system with one folder; `listings` counts how often it was listed."""

    def __init__(self):
        self.sizes = {}
        self.listings = 0

    def mount(self, is_readonly, is_new):
        pass

    def umount(self):
        pass

    def mkdir(self, path):
        raise OSError(17)

    def stat(self, path):
        return (0x8000, 0, 0, 0, 0, 0, self.sizes[path[1:]], 0, 0, 0)

    def statvfs(self, path):
        return (4096, 4096, 100_000, 100_000, 0, 0, 0, 0, 0, 255)

    def remove(self, path):
        del self.sizes[path[1:]]

    def open(self, path, mode):
        return _File(self.sizes, path[1:])

    def ilistdir(self, path):
        self.listings += 1
        # MicroPython's dict does not keep the order of insertion.
        return iter([(name, 0x8000, 0, size) for name, size in self.sizes.items()])


class _Body:
    size = _PHOTO_BYTES - 18  # with 2 bytes of JSON and 16 of checks

    def __init__(self):
        self._left = self.size

    def readinto(self, buf):
        n, self._left = min(self._left, len(buf)), 0
        return n


class _Outage:
    """A spool with room for `room` photos, and a camera that cannot send any."""

    def __init__(self, room):
        self.folder = _Folder()
        try:
            vfs.umount("/ram")
        except OSError:
            pass
        vfs.mount(self.folder, "/ram")
        self.room = room
        self.spool = Spool("/ram", room * _PHOTO_BYTES)
        self.most_listings = 0
        self._buf = bytearray(_PHOTO_BYTES)

    def put(self, seq, seconds, cycle=None):
        listings = self.folder.listings
        name = photo_name(seq, seconds, cycle)
        self.spool.put(_Body(), self._buf, name, b"{}")
        self.most_listings = max(self.most_listings, self.folder.listings - listings)
        assert name in self.folder.sizes
        assert len(self.folder.sizes) == self.spool.photos <= self.room

    def kept(self, cycle=None):
        """Return the sorted times (s) of that power cycle's photos, or of the dated ones."""
        if cycle is None:
            return sorted(int(name[:10]) for name in self.folder.sizes if name < "9")
        head = f"9{cycle:05}"
        return sorted(int(name[6:14]) for name in self.folder.sizes if name.startswith(head))


def _gaps(kept):
    return [kept[i + 1] - kept[i] for i in range(len(kept) - 1)]


def _check_even(kept, room, context):
    span = kept[-1] - kept[0]
    assert max(_gaps(kept)) * (room - 1) <= _LEAST_GAPS * span, (context, kept)
    if room >= 15:
        # Each quarter of the time has at least a quarter of its fair share of photos.
        for i in range(4):
            low, high = kept[0] + span * i / 4, kept[0] + span * (i + 1) / 4
            count = sum(low <= at <= high for at in kept)
            assert count * 16 >= room, (context, i, kept)


def _scatter(i, most):
    # Pseudorandom but repeatable: 0 to `most`.
    return i * 7919 % (most + 1)


def _outage(room, photos, first, step, interval_s, late_s=0):
    """Take `photos`, numbered from `first` by `step`, up to `late_s` late; check along the way."""
    outage = _Outage(room)
    start = _START_S
    for i in range(photos):
        at = start + i * interval_s + _scatter(i, late_s)
        outage.put(first + i * step, at)
        kept = outage.kept()
        assert kept[0] == start + _scatter(0, late_s) and kept[-1] == at
        if i >= room and i % 7 == 0:
            _check_even(kept, room, (room, first, step, interval_s, late_s, i))
    assert outage.spool.thinned == photos - room
    return outage


def test_photos_stay_evenly_whatever_their_numbers():
    for first in (1, 4, 999_001):
        for step in (1, 3, 4, 30):
            _outage(12, 100, first, step, 30, late_s=1)


def test_photos_stay_evenly_whatever_the_interval():
    for interval_s in (5, 7, 30, 60, 600, 1800, 86400):
        for late_s in (0, 2):
            _outage(20, 100, 1, 4, interval_s, late_s)


def test_an_outage_of_any_length_keeps_photos_evenly():
    for room in (4, 9, 16, 17, 40):
        _outage(room, 300, 1, 1, 30, late_s=3)
        _outage(room, 200, 1, 4, 1800, late_s=5)


def test_a_thousand_photos_on_a_card():
    outage = _Outage(1000)
    for i in range(1000):
        outage.folder.sizes[photo_name(1 + 4 * i, _START_S + 30 * i)] = _PHOTO_BYTES
    outage.spool.newest()  # counts the waiting photos
    for i in range(1000, 1050):
        outage.put(1 + 4 * i, _START_S + 30 * i)
    kept = outage.kept()
    assert max(_gaps(kept)) == 60
    assert outage.most_listings <= 3
    # The removed photos come from all parts of the time.
    for i in range(4):
        low = _START_S + 7875 * i
        assert 242 <= sum(low <= at < low + 7875 for at in kept) <= 258, i


def test_a_hundred_photos_cost_two_listings_and_a_dozen_one():
    assert _outage(120, 300, 1, 1, 30).most_listings <= 2
    assert _outage(12, 100, 1, 1, 30).most_listings == 1


def test_an_interval_that_changes_is_no_reason_to_give_up_what_is_rare():
    outage = _Outage(24)
    at, seq = _START_S, 1
    for i in range(200):
        at += (1800, 30, 30, 7, 300)[_scatter(i, 4)]
        outage.put(seq, at)
        seq += (1, 4, 3)[i % 3]
        if i > 24:
            # A gap between two shots may itself be longer than an even gap.
            kept = outage.kept()
            share = (kept[-1] - kept[0]) // (24 - 1)
            longest = max(_gaps(kept))
            assert longest <= 1800 + 3 * share, (i, kept)


def test_one_photo_with_a_wrong_date_changes_nothing():
    outage = _Outage(40)
    outage.put(1, _START_S - 300_000_000)
    for i in range(300):
        outage.put(i + 2, _START_S + 30 * i)
    kept = outage.kept()
    assert kept[0] == _START_S - 300_000_000
    _check_even(kept[1:], 40, kept)


def test_nights_without_photos_cost_the_days_nothing():
    outage = _Outage(60)
    for day in range(12):
        for i in range(48):
            outage.put(day * 48 + i + 1, _START_S + 86400 * day + 600 * i)
    days = [0] * 12
    for at in outage.kept():
        days[(at - _START_S) // 86400] += 1
    assert min(days) >= 3, days


def test_photos_without_a_date_share_with_those_that_have_one():
    outage = _Outage(30)
    for i in range(100):
        outage.put(i + 1, _START_S + 30 * i)
    # After a power cut the time is unknown, for as long again.
    for i in range(100):
        outage.put(200 + i, 30 * i, 7)
    dated, undated = outage.kept(), outage.kept(7)
    assert 10 <= len(dated) <= 20, (dated, undated)
    for kept in (dated, undated):
        assert kept[-1] - kept[0] == 99 * 30, "first and last stay"
        _check_even(kept, len(kept), kept)


def test_each_era_without_a_date_is_a_time_of_its_own():
    outage = _Outage(48)
    lengths = {6: 400, 7: 50, 99_999: 200}
    for cycle, photos in lengths.items():
        for i in range(photos):
            outage.put(1000 * cycle % 900_000 + i, 30 * i, cycle)
    for cycle, photos in lengths.items():
        kept = outage.kept(cycle)
        share = 48 * photos // 650
        assert share // 2 <= len(kept) <= 2 * share + 1, (cycle, kept)
        _check_even(kept, len(kept), kept)


def test_many_power_cycles_of_one_photo_each_all_count():
    outage = _Outage(16)
    for cycle in range(1, 101):
        outage.put(cycle, 20, cycle)
    cycles = sorted(int(name[1:6]) for name in outage.folder.sizes)
    assert cycles[-1] == 100
    _check_even(cycles, 16, cycles)


def test_a_power_cycle_that_was_dated_later_is_thinned_by_its_date():
    outage = _Outage(20)
    outage.spool.cycles[7] = _START_S
    for i in range(200):
        # Alternate, because only the time matters, not the kind of name.
        outage.put(i + 1, 30 * i if i % 2 else _START_S + 30 * i, 7 if i % 2 else None)
    taken = sorted(outage.spool.taken(name) for name in outage.folder.sizes)
    _check_even(taken, 20, taken)


def test_photos_of_the_same_second_are_thinned_too():
    outage = _Outage(20)
    for seq in range(1, 61):
        outage.put(seq, _START_S)
    assert outage.spool.thinned == 40


def test_the_newest_is_the_last_to_go():
    outage = _Outage(1)
    for seq in range(1, 6):
        outage.put(seq, _START_S + 30 * seq)
        assert outage.kept() == [_START_S + 30 * seq]
