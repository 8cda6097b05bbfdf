"""firmware/spool*.py on MicroPython, with littlefs on flash and FAT on an SD card."""

from pathlib import Path

import pytest
from megacam import settings
from megacam.board import tree
from megacam.sim.board import Board

DEVICE = Path(__file__).parents[1] / "device"
ACTIONS = [
    "put",
    "broken",
    "start",
    "first-start",
    "remove",
    "thin",
    "set-aside",
    "date",
    "correct",
]


@pytest.fixture
def run(micropython):
    def run(script, *args):
        return micropython(DEVICE / script, *args, path=[DEVICE], heap="4M", timeout_s=600)

    return run


def test_what_the_spool_promises(run):
    assert int(run("run.py", "spool_cases").split()[-1]) > 20


def test_what_a_full_spool_keeps(run):
    assert int(run("run.py", "thin_cases").split()[-1]) > 12


@pytest.mark.parametrize("chip", ["flash", "card"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_power_cut_at_any_write_costs_at_most_the_photo_being_written(run, action, chip):
    last = run("spool_power_cuts.py", action, chip).splitlines()[-1]
    assert last.startswith(f"{action} on {chip}: ")
    assert int(last.split()[-2]) > 0


def test_a_power_cut_with_photos_on_flash_and_card_loses_none(run):
    last = run("spool_two_places.py").splitlines()[-1]
    assert last.startswith("two places: ") and int(last.split()[-2]) > 40


def test_flash_that_fails_once_at_any_access_costs_one_photo_at_most(run):
    assert int(run("spool_failing_flash.py").split()[-2]) > 0


_USE_CARD = """
import os
from firmware.settings import config
from firmware.spool.spool import Spool, photo_name
from s3.body import BytesBody
section = config.load()["spool"]["sd"]
from firmware.spool import sd_card
(card,) = sd_card.slot(section, config.load()["spi"]["id"])
if not card.absent:
    spool = Spool("/sd/spool", card.limit_bytes)
    if not spool.newest():
        name = photo_name(1, 1793491200)
        spool.put(BytesBody(b"photo"), bytearray(64), name, b"{}")
    print(spool.newest(), os.listdir("/sd"))
"""
_FORMAT = "import machine, vfs\nvfs.VfsFat.mkfs(machine.SDCard(slot=3))"


@pytest.fixture
def board_with_card(tmp_path):
    config = settings.check({"s3": {"bucket": "photos"}, "spool": {"sd": {"enabled": True}}})[0]
    files = {**tree.build(at_prompt=True), "config.json": config}

    def board(card_bytes):
        return Board(tmp_path, tree.placed(files), card_bytes=card_bytes, fast=True)

    return board


def test_photos_wait_on_a_card_over_a_reset(board_with_card):
    with board_with_card(1 << 20) as board:
        board.exec(_FORMAT)
        first = board.exec(_USE_CARD)
        assert first.split() == ["1793491200-000001", "['spool']"]
        assert board.exec(_USE_CARD) == first


@pytest.mark.parametrize("card_bytes", [0, 1 << 20])
def test_no_card_or_one_without_fat_is_one_clear_sentence(board_with_card, card_bytes):
    with board_with_card(card_bytes) as board:
        said = board.exec(_USE_CARD)
    assert said.startswith('E spool on the flash why="spool: cannot use the SD card (')
    assert said.count("\n") == 1 and "FAT32" in said
    assert ("no file system on it (ENODEV)" if card_bytes else "in use or absent (EBUSY)") in said


_THIN_IT = """
from firmware.spool import thin as spool_thin
from firmware.spool.spool import Spool
spool = Spool('/spool', 1 << 20)
print(spool.photos)
spool_thin.thin(spool)
print(spool.photos)
"""


def test_a_spool_of_many_small_photos_is_opened_and_thinned_in_little_memory(tmp_path):
    photos = {f"spool/{1793491200 + 30 * i:010}-{i:06}": b"photo" for i in range(400)}
    with Board(
        tmp_path, tree.placed({**tree.build(at_prompt=True), **photos}), heap="56K"
    ) as board:
        assert board.exec(_THIN_IT).split() == ["400", "399"]
