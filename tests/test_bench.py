"""What `make bench` measures and must never change: counts, never times."""

import pytest
from bench import flash, reading, transfer, whole


def test_at_most_24_kb_of_bytecode_stay_in_memory():
    sizes = flash.sizes()
    stays = flash.resident(whole.steady()["modules"])
    assert {"s3", "https", "sigv4", "arducam_mega", "firmware.app"} <= set(stays)
    assert sum(sizes[name] for name in stays) <= flash.MOST_RESIDENT


@pytest.mark.parametrize("way", reading.WAYS)
def test_every_way_reads_the_same_photo(way):
    told = reading.on_the_wire(way, "320x240")
    assert told["same"]
    assert told["size"] == reading.PHOTOS["320x240"]


def test_a_photo_costs_two_transactions_a_block_and_the_checks():
    for resolution, size in reading.PHOTOS.items():
        told = reading.on_the_wire("ours", resolution)
        blocks = -(-size // 4092)
        # Done? Powered? The length twice, the head of the frame, and powered still?
        assert told["cycles"] == blocks + 1 + 1 + 6 + 1 + 1
        assert told["transactions"] == told["cycles"] + blocks + 1
        # A command a block; three bytes a register; command and dummy before the head.
        assert told["bytes"] == size + blocks + 3 * 9 + 2


@pytest.fixture(scope="module")
def transfers():
    return transfer.allocations()[1]


@pytest.mark.parametrize("mode", ["none", "checksum"])
def test_a_kb_of_photo_allocates_nothing(transfers, mode):
    left = [transfers[f"{mode} {size} 4092"]["allocated"] for size in reading.PHOTOS.values()]
    assert max(left) - min(left) <= 64, left  # an object, wherever a collection found it
    assert max(left) < 1024


@pytest.mark.parametrize("mode", transfer.MODES)
def test_a_transfer_costs_two_transactions_a_block_whatever_the_mode(transfers, mode):
    block = 8192 if mode.startswith("signed") else 4092
    for size in reading.PHOTOS.values():
        blocks = -(-size // block)
        told = transfers[f"{mode} {size} 4092"]
        assert told["transactions"] == 2 * blocks + 1  # and whether the camera kept its power
