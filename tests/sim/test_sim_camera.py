"""The camera model on the SPI bus: raw bytes of the documented protocol and expected replies."""

import pytest
from camera_host import Host
from megacam.sim.camera import CameraModel
from megacam.sim.frame_sources import FixedFrames

LEGACY = {
    0x0A: (96, 96),
    0x0B: (128, 128),
    0x01: (320, 240),
    0x0C: (320, 320),
    0x02: (640, 480),
    0x04: (1280, 720),
    0x06: (1600, 1200),
    0x07: (1920, 1080),
}
NEW = {
    0x00: (96, 96),
    0x01: (128, 128),
    0x02: (160, 120),
    0x03: (320, 240),
    0x04: (320, 320),
    0x05: (640, 480),
    0x06: (800, 600),
    0x07: (1024, 768),
    0x08: (1280, 720),
    0x09: (1280, 1024),
    0x0A: (1600, 1200),
}
IDS = {
    "5mp": (0x81, {**LEGACY, 0x09: (2592, 1944)}),
    "3mp": (0x82, {**LEGACY, 0x08: (2048, 1536)}),
    "5mp-v2": (0x83, {**LEGACY, 0x09: (2592, 1936)}),
    "3mp-v2": (0x84, {**LEGACY, 0x08: (2048, 1536)}),
    "5mp-2025": (0x85, {**NEW, 0x0B: (1920, 1080), 0x0C: (2048, 1536), 0x0D: (2592, 1944)}),
    "3mp-2025": (0x86, {**NEW, 0x0B: (1920, 1080), 0x0C: (2048, 1536)}),
    "2mp-2025": (0x87, NEW),
}


def test_a_register_read_gives_its_value_on_the_third_byte():
    host = Host()
    answer = host.cycle(0x40, 0, 0)
    assert answer[2] == 0x82
    assert not {0x00, 0xFF, 0x82} & set(answer[:2])


@pytest.mark.parametrize("word", IDS)
def test_every_model_shows_its_id(word):
    assert Host(word).read(0x40) == IDS[word][0]
    assert CameraModel(IDS[word][0]).kind.word == word


def test_an_unknown_model_is_refused_with_the_words_that_exist():
    with pytest.raises(ValueError, match="'4mp' is unknown; choose one of 5mp, 3mp"):
        CameraModel("4mp")


def test_registers_have_their_power_on_values():
    host = Host()
    got = {address: host.read(address) for address in (0x00, 0x01, 0x02, 0x05, 0x06, 0x49)}
    assert got == {0x00: 0x00, 0x01: 0x00, 0x02: 0x05, 0x05: 0x00, 0x06: 0x01, 0x49: 0x20}
    assert host.read(0x41) & 0x3F == 23


def test_the_scratch_register_reads_back_and_a_reset_clears_it():
    host = Host()
    host.write(0x00, 0x55)
    assert host.read(0x00) == 0x55
    host.reset()
    assert host.read(0x00) == 0x00


def test_settings_are_write_only_and_read_zero():
    host = Host()
    host.ready()
    host.set(0x2A, 2)
    assert [host.read(address) for address in range(0x20, 0x36)] == [0] * 22
    assert host.model.settings[0x2A] == 2


def test_state_is_busy_after_a_reset_for_more_than_42_ms():
    host = Host()
    host.write(0x07, 0x40)
    host.clock.sleep_ms(42)
    assert host.read(0x44) & 0x03 == 1
    host.clock.sleep_ms(30)
    assert host.read(0x44) & 0x03 == 2


def test_the_upper_bits_of_state_are_noise():
    host = Host()
    assert {host.read(0x44) for _ in range(4)} == {0x02, 0x22}


@pytest.mark.parametrize("word", IDS)
def test_every_size_code_gives_its_size(word):
    host = Host(word)
    host.ready()
    for code in IDS[word][1]:
        host.set(0x21, code)
        host.shoot()
    sizes = [(frame.width, frame.height) for frame in host.model.frames]
    assert sizes == list(IDS[word][1].values())
    assert host.model.violations == []


def test_after_a_reset_the_sensor_gives_640x480():
    host = Host()
    host.reset()
    host.set(0x20, 2)
    assert len(host.shoot()) == 614_400


@pytest.mark.parametrize(("size", "count"), [(0x0B, 32_768), (0x01, 153_600), (0x0A, 18_432)])
@pytest.mark.parametrize("format", [2, 3])
def test_raw_frames_have_two_bytes_a_pixel(format, size, count):
    host = Host()
    host.ready(format, size)
    assert len(host.shoot()) == count


def test_only_the_first_burst_of_a_frame_has_a_dummy_byte():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    first, second = host.burst(11), host.burst(10)
    photo = host.model.frames[0].photo
    assert first[0] not in (0x00, 0xFF)
    assert first[1:] == photo[:10]
    assert second == photo[10:20]


def test_the_dummy_comes_again_with_the_next_capture():
    host = Host(frames=FixedFrames([100, 200]))
    host.ready()
    host.shoot()
    assert host.shoot() == host.model.frames[1].photo


def test_a_burst_with_no_clock_after_the_opcode_keeps_the_dummy():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    host.cycle(0x3C)
    assert host.burst(11)[1:] == host.model.frames[0].photo[:10]


def test_other_registers_can_be_read_between_two_bursts():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    data = host.burst(51)[1:]
    assert host.length == 100
    assert data + host.burst(50) == host.model.frames[0].photo


def test_a_burst_can_be_clocked_in_several_transfers_of_one_select():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    host.cs(0)
    host.spi.write(b"\x3c\x00")
    data = host.spi.read(30) + host.spi.read(70)
    host.cs(1)
    assert data == host.model.frames[0].photo
    assert host.model.violations == []


def test_single_reads_have_a_dummy_each_and_move_on_by_one_byte():
    host = Host(frames=FixedFrames([20]))
    host.ready()
    host.trigger()
    host.done()
    assert bytes(host.cycle(0x3D, 0, 0)[2] for _ in range(20)) == host.model.frames[0].photo
    assert host.model.violations == []


@pytest.mark.parametrize("chunk", [1, 255, 4092, 100_000])
def test_a_photo_arrives_whole_whatever_the_burst_size(chunk):
    host = Host(frames=FixedFrames([9_999]))
    host.ready()
    host.trigger()
    host.done()
    assert host.read_frame(host.length, chunk) == host.model.frames[0].photo
    assert host.model.frames[0].read_bytes == 9_999
    assert host.model.violations == []


def test_past_the_end_the_fifo_reads_08_01():
    host = Host(frames=FixedFrames([101]))
    host.ready()
    host.shoot()
    assert host.burst(3) + host.burst(4) == b"\x08\x01\x08\x01\x08\x01\x08"


def test_start_alone_leaves_the_old_done_flag_and_length():
    host = Host(frames=FixedFrames([100, 200]))
    host.ready()
    host.shoot()
    host.write(0x04, 0x02)
    assert host.read(0x44) & 0x04
    assert host.length == 100
    assert "without clearing" in host.model.violations[0]


def test_clear_alone_takes_the_done_flag_away():
    host = Host()
    host.ready()
    host.shoot()
    host.write(0x04, 0x01)
    assert not host.read(0x44) & 0x04


def test_frame_count_gives_that_many_frames_and_one_back_to_back():
    host = Host()
    host.ready(format=2, size=0x0B)
    host.write(0x01, 2)
    data = host.shoot()
    assert len(data) == 3 * 32_768
    assert data == b"".join(host.model.frames[0].photos)
    assert len(set(host.model.frames[0].photos)) == 3


def test_frame_count_255_fills_the_memory_and_spoils_the_next_capture():
    host = Host()
    host.ready(format=2, size=0x0B)
    host.write(0x01, 255)
    host.trigger()
    start = host.clock.ticks_ms()
    host.done()
    assert 9_000 < host.clock.ticks_ms() - start < 9_400
    assert host.length == 8_390_500
    host.write(0x01, 0)
    host.trigger()
    host.done()
    assert host.length == 0


def test_flush_empties_the_fifo():
    host = Host(frames=FixedFrames([100]))
    host.ready()
    host.trigger()
    host.done()
    host.set(0x07, 0x80)
    assert host.length == 0


def test_the_test_pattern_is_the_same_in_every_frame_and_survives_a_reset():
    host = Host()
    host.write(0x06, 0x81)
    host.ready(format=2, size=0x0B)
    assert host.read(0x06) == 0x81
    assert host.shoot() == host.shoot()
    host.model.power_cycle()
    assert host.read(0x06) == 0x01


def test_simulated_data_breaks_the_capture():
    host = Host()
    host.ready()
    host.write(0x05, 0x80)
    host.trigger()
    with pytest.raises(TimeoutError):
        host.done()


def test_old_records_give_their_bytes_back_to_the_memory():
    host = Host(frames=FixedFrames([500]))
    host.ready()
    for _ in range(40):
        host.shoot()
    frames = host.model.frames
    assert [frame.number for frame in frames] == list(range(1, 41))
    assert frames[0].fifo == b""
    assert frames[0].sha256 != frames[-1].sha256
    assert len(frames[-1].fifo) == 500


def test_a_cs_that_was_low_from_the_start_selects_unless_strict():
    for strict in (False, True):
        model = CameraModel(cs_level=0, strict_select=strict)
        assert (model.exchange(b"\x40\x00\x00")[2] == 0x82) is not strict
        assert "before the first falling edge" in model.violations[0]
