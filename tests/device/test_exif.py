"""lib/exif.py and exif_block.py byte by byte; tests/firmware/test_exif.py asks other readers."""

import exif
import exif_block

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

_TEXTS = ("Barn", "Arducam", "Mega 3MP", "megacam 1.2.3")
_SUMMER = ((2026, 7, 1, 14, 0, 5), 120, (2026, 7, 1, 12, 0, 5))
_UNKNOWN = (None, 0, None)


def _block(position=(47123456, -8500000), comment_bytes=64, texts=_TEXTS, device="cam1"):
    return exif_block.build(texts, device, position, comment_bytes)


def test_the_length_is_known_and_a_multiple_of_4_whatever_is_in_it():
    for device in ("c", "ca", "cam", "a" * 32):
        for position in (None, (0, 1)):
            for comment_bytes in (0, 63, 64):
                block = _block(position, comment_bytes, device=device)
                assert len(block) % 4 == 0 and len(block) < 1020
                assert block[:4] == b"\xff\xe1" + bytes(
                    [len(block) - 2 >> 8, len(block) - 2 & 255]
                )
                size = len(block)
                exif.fill(block, 1234567890, *_SUMMER, b"x" * 99)
                assert len(block) == size


def test_filling_in_allocates_nothing():
    block, text = _block(), b"21.5 C"
    local, offset_min, utc = _SUMMER
    heap_lock()
    try:
        exif.fill(block, 123456789, local, offset_min, utc, text)
        exif.fill(block, 7, None, 0, None)
    finally:
        heap_unlock()


def test_times_begin_at_18_and_take_64_bytes():
    block = _block()
    exif.fill(block, 7, *_SUMMER)
    assert block[18:46] == b"2026:07:01 14:00:05\0+02:00\0\0"
    assert block[46:70] == b"\0\0\0\x0c\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\5\0\0\0\1"
    assert block[70:82] == b"2026:07:01\0\0"


def test_an_unknown_time_is_blank_and_has_no_value():
    block = _block()
    exif.fill(block, 7, *_SUMMER)
    exif.fill(block, 7, *_UNKNOWN)
    assert block[18:46] == b"    :  :     :  :  \0   :  \0\0"
    assert block[46:70] == bytes(24) and block[70:82] == b"    :  :  \0\0"


def test_the_times_alone_come_out_the_same():
    block, other = _block(), bytearray(70)
    for times in (_SUMMER, _UNKNOWN):
        exif.fill(block, 7, *times)
        exif.date(other, 3, *times)
        assert other[3:67] == block[18:82] and not any(other[67:])


def test_offsets_of_half_hours_and_to_the_west():
    block = _block()
    for offset_min, text in ((-210, b"-03:30"), (0, b"+00:00"), (825, b"+13:45"), (-1, b"-00:01")):
        exif.fill(block, 7, _SUMMER[0], offset_min, _SUMMER[2])
        assert block[38:45] == text + b"\0"


def test_the_number_has_ten_digits_and_is_written_over_the_last_one():
    for device in ("cam1", "c"):
        block = _block(device=device)
        for number in (4294967295, 7):
            exif.fill(block, number, *_UNKNOWN)
            name = f"{device}-{number:010}".encode() + b"\0"
            assert bytes(block).count(name) == 1


def test_a_comment_is_cut_and_leaves_nothing_of_a_longer_one():
    block = _block()
    blank = bytes(block)
    for text in (b"x" * 99, b"", b"21.5 C"):
        exif.fill(block, 0, *_UNKNOWN, text)
        at = bytes(block).find(b"ASCII\0\0\0") + 8
        width = len(block) - at
        cut = text[:width]
        assert 64 <= width < 68 and block[at:] == cut + bytes(width - len(cut))
        assert block[127] == 8 + len(cut)
    exif.fill(block, 0, *_UNKNOWN, b"")
    assert bytes(block) == blank[:18] + bytes(block[18:82]) + blank[82:]


def test_without_the_field_a_comment_is_ignored():
    block = _block(comment_bytes=0)
    exif.fill(block, 0, *_UNKNOWN)
    before = bytes(block)
    exif.fill(block, 0, *_UNKNOWN, b"21.5 C")
    assert bytes(block) == before


def test_empty_texts_and_an_unknown_position_are_left_out():
    block = bytes(_block(None, 0, ("", "", "", "")))
    assert len(block) < 200 and b"\x01\x0f\0\2" not in block and b"\x88\x25\0\4" not in block
