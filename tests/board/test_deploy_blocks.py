"""Of a large file only the changed blocks go over the line, and what arrives is verified."""

import pytest
from megacam.board import deploy, device, files, tree
from megacam.sim import flash
from small_firmware import NEW, OLD
from usb_board import plugged_in

BLOCK = files.BLOCK_BYTES
BIG = bytes(range(256)) * (6 * BLOCK // 256)
ALIKE = {**NEW, "lib/big.bin": BIG}
PLACED = tree.placed(ALIKE)


def _changed(content, *places):
    changed = bytearray(content)
    for place in places:
        changed[place] ^= 1
    return bytes(changed)


def _deploy(board, big, before=""):
    """Deploy with another lib/big.bin; return (the plan, bytes sent, the host's steps)."""
    sent, told = [], []
    with device.connect(board.port) as found:
        plan = deploy.plan(found, {**ALIKE, "lib/big.bin": big})
        found.exec(before)
        deploy.make(found, plan, sent.append, told.append)
    return plan, sum(sent), told


def _image(board):
    """Return the files of the slot that was filled."""
    board.pull()
    found = flash.read_image(board.image)
    board.plug_in()
    return {path.removeprefix("b/"): content for path, content in found.items()}


CHANGES = {
    "first block": (_changed(BIG, 0), 1),
    "two blocks": (_changed(BIG, BLOCK, 4 * BLOCK - 1), 2),
    "one byte more": (BIG + b"x", 1 / BLOCK),
    "a block less": (BIG[:-BLOCK], 0),
    "half a block less": (BIG[: -BLOCK // 2], 0.5),
    "all moved by a byte": (b"x" + BIG, 6 + 1 / BLOCK),
}


@pytest.mark.parametrize(("big", "blocks"), CHANGES.values(), ids=CHANGES)
def test_only_changed_blocks_are_sent_and_the_file_is_whole(tmp_path, big, blocks):
    with plugged_in(tmp_path, {**OLD, **PLACED}) as board:
        plan, sent, _ = _deploy(board, big)
        assert {*plan.send} == {"lib/big.bin", "deployed.json"}
        assert plan.bytes_of("lib/big.bin") == blocks * BLOCK
        assert sent == plan.size_bytes
        assert _image(board)["lib/big.bin"] == big


def test_an_odd_end_is_copied_too(tmp_path):
    big = BIG + b"the end"
    files_before = {**OLD, **PLACED, "a/lib/big.bin": big}
    with plugged_in(tmp_path, files_before) as board:
        plan, _, _ = _deploy(board, _changed(big, 2 * BLOCK))
        assert plan.bytes_of("lib/big.bin") == BLOCK
        assert _image(board)["lib/big.bin"] == _changed(big, 2 * BLOCK)


def test_a_copy_that_went_wrong_is_sent_whole(tmp_path):
    spoil = "f=open('/a/lib/big.bin','r+b')\nf.seek(9000)\nf.write(b'spoiled')\nf.close()"
    wanted = _changed(BIG, 0)
    with plugged_in(tmp_path, {**OLD, **PLACED}) as board:
        plan, _, told = _deploy(board, wanted, before=spoil)
        assert plan.bytes_of("lib/big.bin") == BLOCK
        assert told.count("verifying lib/big.bin") == 2
        assert _image(board)["lib/big.bin"] == wanted


def test_a_small_file_is_sent_whole(tmp_path):
    small = {"lib/big.bin": BIG[: 2 * BLOCK]}
    with plugged_in(tmp_path, {**OLD, **PLACED, **tree.placed(small)}) as board:
        plan, _, _ = _deploy(board, _changed(small["lib/big.bin"], 0))
        assert not plan.copy


def test_a_line_more_in_a_module_leaves_the_rest_of_the_archive_in_its_place():
    text = tree.sources()["firmware/shot/schedule.py"].read_text(encoding="utf-8")
    longer = text.replace("    now =", "    app.due = max(app.due, 1)\n    now =")
    before, after = tree.build(), tree.build({"firmware.shot.schedule": longer})
    assert [path for path in before if before[path] != after[path]] == ["lib/overlay.bin"]
    pairs = zip(*(files.blocks(one["lib/overlay.bin"]) for one in (before, after)), strict=True)
    assert 1 <= sum(old != new for old, new in pairs) <= 2
