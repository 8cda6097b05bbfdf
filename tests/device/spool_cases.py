"""Tests of the spool; they run on MicroPython (see test_spool.py)."""

import os
import struct
from binascii import crc32

import flash_with_cuts as chip
import spool_rig as rig

from firmware.errors import SpoolError
from firmware.spool.spool import Spool
from firmware.spool.spool import photo_name

_BYTES = 100 * 4096
_FOLDER = rig.folder()


def _spool(limit_bytes=1_000_000):
    return rig.start(chip.new_image(_BYTES), limit_bytes)[1]


def _again(limit_bytes=1_000_000):
    """Return a new Spool, as after a reset."""
    return Spool(_FOLDER, limit_bytes)


def _refused(function, *args):
    try:
        function(*args)
    except SpoolError as e:
        return str(e)
    raise AssertionError("accepted")


def _damage(spool, name, at):
    path = f"{spool.folder}/{name}"
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[at] ^= 1
    with open(path, "wb") as file:
        file.write(data)


def _date(spool, cycle, offset_s):
    from firmware.spool import date

    return date.date(spool, cycle, offset_s)


def test_a_photo_comes_back_whole_with_its_time_number_and_metadata():
    spool = _spool()
    for seq, size in ((1, 1), (2, 4091), (3, 4092), (4, 4093), (5, 20_000)):
        name = rig.put(spool, seq, size)
        expected = (seq, rig.START_S + 30 * seq, rig.content(seq, size))
        assert rig.read(spool, name) == expected
        assert rig.read(_again(), name) == expected


def test_a_file_is_the_photo_then_json_then_16_bytes_of_checks():
    spool = _spool()
    name = rig.put(spool, 7)
    assert name == "1793491410-000007"
    with open(f"{_FOLDER}/{name}", "rb") as file:
        data = file.read()
    photo, text, foot = data[:500], data[500:-16], data[-16:]
    assert photo == rig.content(7)
    assert text == b'{"seq": 7, "location": "Scheune"}' or text == (
        b'{"location": "Scheune", "seq": 7}'
    )
    size, check, length, all_check = struct.unpack("<IIII", foot)
    assert (size, check, length) == (500, crc32(photo), len(text))
    assert all_check == crc32(text + foot[:12], 7)


def test_dating_writes_one_small_file_and_no_photo():
    flash, spool = rig.start(chip.new_image(_BYTES))
    for seq in (1, 2):
        rig.put(spool, seq, 50_000, 7)
    flash.arm()
    _date(spool, 7, rig.START_S)
    assert 0 < flash.changes <= 4


def test_what_waits_is_counted_again_after_a_reset():
    spool = _spool()
    for seq in range(1, 6):
        rig.put(spool, seq)
    spool.remove(spool.newest())
    assert spool.photos == 4
    assert (_again().photos, _again().bytes) == (spool.photos, spool.bytes)


def test_newest_and_oldest_go_by_capture_time():
    spool = _spool()
    for seq in (3, 1, 2):
        rig.put(spool, seq)
    assert (spool.newest()[-6:], spool.oldest()[-6:]) == ("000003", "000001")
    assert sorted(rig.drain(spool)) == [1, 2, 3]
    assert spool.newest() is None and spool.oldest() is None


def test_other_files_in_the_folder_are_left_alone():
    spool = _spool()
    rig.put(spool, 1)
    for name in ("notes.txt", "123-45", "1793491410_000007", "abcdefghij-000001"):
        with open(f"{_FOLDER}/{name}", "w") as file:
            file.write("mine")
    assert list(_again().names()) == ["1793491230-000001"]
    assert len(os.listdir(_FOLDER)) == 5


def test_every_changed_byte_is_noticed_and_the_queue_goes_on():
    spool = _spool()
    rig.put(spool, 1)
    name = rig.put(spool, 2, 60)
    for at in range(os.stat(f"{_FOLDER}/{name}")[6]):
        _damage(spool, name, at)
        assert "damaged" in _refused(rig.read, spool, name), at
        _damage(spool, name, at)
    assert rig.read(spool, name)[0] == 2
    _damage(spool, name, 3)
    from firmware.spool import quarantine

    quarantine.put(spool, name)
    assert (spool.damaged, spool.photos) == (1, 1)
    assert rig.drain(spool) == [1]
    assert os.listdir(_FOLDER) == ["damaged-" + name]


def test_a_photo_under_another_number_is_refused():
    spool = _spool()
    name = rig.put(spool, 1)
    other = name[:-1] + "2"
    os.rename(f"{_FOLDER}/{name}", f"{_FOLDER}/{other}")
    assert "damaged" in _refused(rig.read, spool, other)


def test_few_damaged_photos_are_kept_and_they_go_before_a_photo_does():
    spool = _spool(5000)
    for seq in range(1, 6):
        name = rig.put(spool, seq)
        _damage(spool, name, 0)
        from firmware.spool import quarantine

        quarantine.put(spool, name)
    assert len(os.listdir(_FOLDER)) == 2
    assert spool.damaged == 5
    from firmware.spool import quarantine

    assert quarantine.drop(spool, 0)
    assert os.listdir(_FOLDER) == []


def test_a_body_that_ends_early_or_late_is_not_kept():
    spool = _spool()
    for size in (99, 101):
        body = rig.Body(bytes(100))
        body.size = size
        body._data = memoryview(bytes(100))
        body.readinto = _reader(100)
        why = _refused(rig.keep, spool, body, photo_name(1, rig.START_S), {})
        assert "the photo ended after 100 of " in why
    assert os.listdir(_FOLDER) == [] and spool.photos == 0


def _reader(count):
    left = [count]

    def readinto(buf):
        n = min(len(buf), left[0])
        left[0] -= n
        return n

    return readinto


def test_what_the_source_raises_goes_up_and_nothing_is_kept():
    spool = _spool()
    try:
        rig.put(spool, 1, 9000, error=ValueError("camera"))
        raise AssertionError
    except ValueError as e:
        assert str(e) == "camera"
    assert os.listdir(_FOLDER) == [] and spool.photos == 0
    rig.put(spool, 2)
    assert rig.drain(spool) == [2]


def test_the_share_of_the_flash_is_kept_and_every_photo_given_up_is_counted():
    limit = 6000
    spool = _spool(limit)
    for seq in range(1, 101):
        rig.put(spool, seq)
        assert spool.bytes <= limit
        assert spool.photos + spool.thinned == seq
        assert spool.newest()[-6:] == f"{seq:06}"
    assert len(os.listdir(_FOLDER)) == spool.photos


def test_an_outage_of_any_length_keeps_photos_evenly():
    spool = _spool(16 * 551)  # room for about 16
    for seq in range(1, 601, 4):  # numbers as with a deep sleep after each photo
        rig.put(spool, seq)
        kept = sorted(int(name[-6:]) for name in spool.names())
        gaps = [kept[i + 1] - kept[i] for i in range(len(kept) - 1)]
        assert kept[0] == 1 and kept[-1] == seq
        assert seq < 70 or max(gaps) * (len(gaps) - 1) <= 3 * (seq - 1), (seq, kept)
    assert spool.photos > 14


def test_a_photo_larger_than_the_share_is_refused_and_costs_no_other():
    spool = _spool(3000)
    rig.put(spool, 1)
    assert "do not fit" in _refused(rig.put, spool, 2, 4000)
    assert spool.photos == 1 and spool.thinned == 0


def test_full_flash_makes_room_although_the_share_would_allow_more():
    spool = _spool()  # a limit of 1 MB on 400 KB of flash
    for seq in range(1, 61):
        rig.put(spool, seq, 9000)
    assert spool.thinned and spool.photos + spool.thinned == 60
    status = os.statvfs(_FOLDER)
    assert status[1] * status[3] > 16_000, "something is left for settings and sequence"


def test_wear_is_counted():
    spool = _spool()
    rig.put(spool, 1, 9000)
    rig.put(spool, 2, 500)
    assert spool.written_bytes == 9500


def test_photos_without_a_date_wait_for_it():
    spool = _spool()
    for seq in (1, 2):
        rig.put(spool, seq, cycle=7)
    assert spool.newest() is None and spool.photos == 2
    assert _date(spool, 7, rig.START_S) == 2
    for again in (spool, _again()):
        photo = rig.open_photo(again, again.newest())
        assert (photo.seq, photo.taken, photo.is_exact) == (2, rig.START_S + 60, True)
        photo.close()
    assert sorted(rig.drain(_again())) == [1, 2]


def test_an_era_that_never_knew_the_time_gets_the_latest_possible():
    spool = _spool()
    for cycle, seq in ((5, 10), (6, 2), (6, 4), (7, 1)):
        rig.put(spool, seq, cycle=cycle)
    assert _date(spool, 7, rig.START_S) == 4
    begun = {7: rig.START_S, 6: rig.START_S - 121, 5: rig.START_S - 121 - 301}
    for name in spool.names():
        cycle = int(name[1:6])
        photo = rig.open_photo(spool, name)
        assert photo.taken == begun[cycle] + 30 * photo.seq
        assert photo.is_exact == (cycle == 7)
        photo.close()
    assert spool.newest()[-6:] == "000001" and spool.oldest()[-6:] == "000010"


def test_a_date_once_given_stays_and_bounds_earlier_eras():
    spool = _spool()
    rig.put(spool, 1, cycle=6)
    _date(spool, 6, rig.START_S)
    spool = _again()
    rig.put(spool, 2, cycle=5)
    rig.put(spool, 3, cycle=7)
    assert _date(spool, 7, rig.START_S + 5000) == 2
    times = {name[-6:]: spool.taken(name) for name in spool.names()}
    assert times["000001"] == rig.START_S + 30
    assert times["000002"] == rig.START_S - 1
    assert times["000003"] == rig.START_S + 5090


def test_a_photo_from_before_its_era_has_a_name_all_the_same():
    assert photo_name(3, -2, 7) == photo_name(3, 0, 7) == "90000700000000-000003"


def test_a_date_is_remembered_until_it_is_known_and_then_corrected():
    spool = _spool()
    rig.put(spool, 1, cycle=7)
    from firmware.spool import date

    date.remember(spool, 7, rig.START_S + 7200)
    spool = _again()
    assert spool.taken(spool.newest()) == rig.START_S + 7230
    rig.put(spool, 2, cycle=7)
    rig.put(spool, 3, cycle=6)
    _date(spool, 7, rig.START_S)
    times = {name[-6:]: spool.taken(name) for name in _again().names()}
    assert (times["000001"], times["000002"]) == (rig.START_S + 30, rig.START_S + 60)
    assert times["000003"] == rig.START_S - 1, "counted back from what is known"


def test_a_date_that_was_remembered_for_no_photo_is_forgotten():
    spool = _spool()
    for at_s in (rig.START_S, rig.START_S, rig.START_S + 100):
        from firmware.spool import date

        date.remember(spool, 7, at_s)
        assert len(os.listdir(_FOLDER)) == 1
    _date(_again(), 7, rig.START_S)
    assert os.listdir(_FOLDER) == []


def test_an_era_whose_number_wraps_is_still_the_later_one():
    spool = _spool()
    rig.put(spool, 1, cycle=99_999)
    rig.put(spool, 2, cycle=100_000)
    _date(spool, 100_000, rig.START_S)
    assert spool.newest()[-6:] == "000002"


def test_the_date_of_an_era_is_forgotten_with_its_last_photo():
    spool = _spool()
    rig.put(spool, 1, cycle=6)
    _date(spool, 6, rig.START_S)
    assert rig.drain(spool) == [1]
    _date(spool, 7, rig.START_S)
    assert os.listdir(_FOLDER) == [] and not spool.cycles


def test_dates_that_no_photo_needs_make_room_before_others_come():
    spool = _spool()
    rig.put(spool, 1, cycle=7)
    spool.cycles[6] = rig.START_S  # has no file, so it cannot be removed
    assert "date" in _refused(_date, spool, 7, rig.START_S)
    assert 7 not in spool.cycles


def test_a_dated_photo_and_one_that_was_dated_later_are_in_order():
    spool = _spool()
    rig.put(spool, 1, cycle=7)
    rig.put(spool, 2)
    _date(spool, 7, rig.START_S)
    assert (spool.oldest()[-6:], spool.newest()[-6:]) == ("000001", "000002")


# Dates that the other spool knows, on the flash or on the card.


def test_an_era_has_the_date_that_another_spool_knows():
    spool = _spool()
    rig.put(spool, 1, cycle=6)
    rig.put(spool, 2, cycle=5)
    from firmware.spool import date

    date.date(spool, 7, rig.START_S + 5000, {6: rig.START_S})
    spool = _again()
    taken = {name[-6:]: (spool.taken(name), spool.is_exact(name)) for name in spool.names()}
    assert taken["000001"] == (rig.START_S + 30, True)
    assert taken["000002"] == (rig.START_S - 1, False)


def test_a_folder_that_cannot_be_made_is_one_clear_sentence():
    chip.unmount(chip.FLASH)
    assert "spool: cannot list /flash/spool/: not found (ENOENT)" in _refused(Spool, _FOLDER, 1000)
