"""After a power cut at any flash write of a deploy, a complete firmware starts by itself."""

import re
from pathlib import Path

import pytest
from board_of_cuts import in_ram
from megacam.board import deploy, files
from megacam.errors import MegacamError

# The real boot.py, except for its imports: the small test firmware has one module for both.
BOOT = (Path(__file__).parents[2] / "boot.py").read_text()
BOOT = BOOT.replace("firmware.start import boot, safe_mode", "firmware import boot")
# On boards deployed with an older version, an error in boot.py prevents main.py from starting.
BOOT_BEFORE = """\
import os

if "switch" in os.listdir("/"):
    with open("/switch/finish.py") as f:
        exec(f.read())

from firmware import boot

boot.main()
"""


def _firmware(word, boot=BOOT):
    """Return a small firmware that prints the `word` of each of its files."""
    return {
        "boot.py": f"{boot}# {word}\n",
        "main.py": f"import s3\nfrom firmware import app\nprint('{word}', app.word, s3.word)\n",
        "firmware/__init__.py": "",
        "firmware/boot.py": f"def main(*a):\n print('boot of {word}')\n",
        "firmware/app.py": f"word = '{word}'\n",
        "lib/s3.py": f"word = '{word}'\n",
        "lib/hmac.py": "",
    }


OWN = {"config.json": "{}", "sequence": "64", "spool/photo": "x" * 5000}
OLD = {**_firmware("old"), **OWN, "firmware/gone.py": "", "roots/a.der": "0"}
NEW = {**_firmware("new"), "firmware/more/deep.py": "x" * 5000, "roots/b.der": "1"}
SAYS = {word: [f"boot of {word}", f"{word} {word} {word}"] for word in ("old", "new")}
NOWHERE = str(Path(__file__).parent / "nowhere")
# One cut of so many is tried where each leads to as many others.
_SAMPLE = 13
# What a deploy needs besides the files, or leaves until the next one.
_LEFT = ("new", "switch", "switched", "deployed.json")


def _deploy(board, new=NEW):
    """Do what `megacam deploy` does on a board whose switch, if any, can be finished."""
    deploy.complete(board)
    _make(board, new)


def _make(board, new):
    wanted = {path: text.encode() for path, text in new.items()}
    deploy.make(board, deploy.plan(board, wanted, index=NOWHERE))


def _files(board):
    return {p: t for p, t in board.tree().items() if p.partition("/")[0] not in _LEFT}


def _starts_whole(board):
    """Start the board; return which firmware it is, "old" or "new"."""
    said = board.start()
    word = said[0].rpartition(" ")[2]
    assert said == SAYS.get(word), said
    assert word == "old" or _files(board) == {**OWN, **NEW}
    return word


def _is_deployed(board):
    """Deploy in one call, and check that the board then starts with nothing left over."""
    _deploy(board)
    assert board.start() == SAYS["new"]
    left = board.tree()
    left.pop("deployed.json")
    assert left == {**OWN, **NEW}


@pytest.mark.parametrize("boot", [BOOT, BOOT_BEFORE], ids=["boot", "boot-before"])
def test_a_deploy_that_is_cut_starts_whole_and_can_be_made_again(boot):
    with in_ram({**OLD, "boot.py": boot}) as board:
        _deploy(board)
        words = []
        for _, torn in board.cuts("deploy"):
            words.append(_starts_whole(board))
            if not torn:
                _is_deployed(board)
    assert words == sorted(words, reverse=True)
    assert {words.count("old") > 100, words.count("new") > 50} == {True}


def test_a_deploy_after_a_cut_one_needs_no_start_between():
    with in_ram(OLD) as board:
        _deploy(board)
        for _, torn in board.cuts("deploy"):
            if torn:
                _is_deployed(board)


def test_a_switch_that_is_cut_twice_starts_whole():
    twice = 0
    with in_ram(OLD) as board:
        _deploy(board)
        for _, torn in board.cuts("deploy"):
            if torn or "switch" not in files.listing(board, "/"):
                continue
            assert _starts_whole(board) == "new"
            for _ in board.cuts("start"):
                assert _starts_whole(board) == "new"
                twice += 1
    assert twice > 100


def test_a_deploy_that_is_cut_twice_starts_whole():
    with in_ram(OLD) as board:
        _deploy(board)
        for change, torn in board.cuts("deploy"):
            if torn or change % _SAMPLE:
                continue
            _deploy(board)
            for again, _ in board.cuts("again"):
                if (change + again) % _SAMPLE == 0:
                    _starts_whole(board)
                    _is_deployed(board)


def test_a_deploy_that_sends_some_blocks_of_a_file_is_cut_and_starts_whole():
    big = "".join(f"{line:15}\n" for line in range(5 * files.BLOCK_BYTES // 16))
    old = {**OLD, "lib/big": big}
    new = {**NEW, "lib/big": big.replace("555\n", "xxx\n")}
    wanted = {path: text.encode() for path, text in new.items()}
    with in_ram(old) as board:
        plan = deploy.plan(board, wanted, index=NOWHERE)
        assert 0 < len(plan.copy["lib/big"]) < 5
        deploy.make(board, plan)
        for change, torn in board.cuts("deploy"):
            if change % 7 or torn:
                continue
            word = board.start()[0].rpartition(" ")[2]
            assert board.tree()["lib/big"] == {"old": old, "new": new}[word]["lib/big"]
            _make(board, new)
            assert board.start() == SAYS["new"]
            assert board.tree()["lib/big"] == new["lib/big"]


# What older versions, or users, may have left on a board with the files of OLD.
LEFT = {
    "switch is empty": {"switch/": ""},
    "switch is half removed": {"switch/main.py": NEW["main.py"], "switch/firmware/": ""},
    "switch is a file": {"switch": ""},
    "finish.py is empty": {"switch/finish.py": ""},
    "finish.py is half": {"switch/finish.py": "def finish():\n    for path in ['ma"},
    "finish.py fails": {"switch/finish.py": "1 / 0"},
    "finish.py wants another": {"switch/finish.py": "import nowhere"},
    "switched has files": {"switched/firmware/x": "x", "switched/finish.py": ""},
    "new is of another deploy": {"new/firmware/x": "x", "new/finish.py": "1 / 0"},
    "new and switch are there": {"new/lib/x.py": "x", "switch/lib/y.py": "y"},
    "new is a file": {"new": ""},
    "firmware is a file": {"firmware": ""},
    "files are half replaced": {"config.json.new": "", "counters.new": "", "sequence.new": ""},
    "the manifest is half": {"deployed.json": '{"files": {'},
    "the manifest is a list": {"deployed.json": "[]"},
}  # fmt: skip


def _try_to_complete(board):
    """Do what every command does first, on a board whose switch may be impossible to finish."""
    try:
        deploy.complete(board)
    except deploy.UnfinishedError as error:
        assert re.search(r"cannot be finished \(\w+[^\[\]]*\), .* `megacam deploy` to", str(error))


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
@pytest.mark.parametrize("boot", [BOOT, BOOT_BEFORE], ids=["boot", "boot-before"])
def test_what_was_left_on_a_board_stops_neither_its_start_nor_a_deploy(left, boot):
    old = {**OLD, "boot.py": boot + "# old"}
    if "firmware" in left:
        old = {path: text for path, text in old.items() if not path.startswith("firmware/")}
    with in_ram({**old, **left}) as board:
        if boot == BOOT and "firmware" not in left:
            assert board.start()[-2:] == SAYS["old"]
        board.call("power_on")
        _try_to_complete(board)
        _make(board, NEW)
        assert board.start() == SAYS["new"]
        assert not {path.partition("/")[0] for path in board.tree()} & set(_LEFT[:3])
        assert {**board.tree(), **OWN, **NEW} == {**board.tree()}


def test_nothing_to_change_still_clears_what_was_left():
    with in_ram({**OWN, **NEW}) as board:
        _deploy(board)
        board.call("put", {"new/firmware/x": "x", "switch/y": "y"})
        _try_to_complete(board)
        _make(board, NEW)
        assert "new/firmware/x" not in board.tree()
        assert board.start() == SAYS["new"]


@pytest.mark.parametrize("missing", ["boot.py", "main.py", "firmware", "lib", "deployed.json"])
def test_what_is_missing_on_a_board_is_put_there(missing):
    old = {path: text for path, text in OLD.items() if path.partition("/")[0] != missing}
    with in_ram({**old, "lib/hmac.py": ""}) as board:
        _is_deployed(board)


def test_a_flash_that_is_full_keeps_the_old_firmware_and_the_space():
    big = {**NEW, **{f"firmware/part{n}.py": "x" * (n * 700) for n in range(9)}}
    refused, done = [], []
    sizes = range(20, 60, 2)
    for blocks in sizes:
        with in_ram(OLD, blocks) as board:
            free = files.free_bytes(board)
            try:
                _deploy(board, big)
            except files.NoSpaceError as error:
                refused.append(str(error))
                assert _starts_whole(board) == "old"
                assert board.tree() == OLD
                assert files.free_bytes(board) == free
            else:
                done.append(blocks)
                assert board.start() == SAYS["new"]
                assert _files(board) == {**OWN, **big}
    assert refused and done == [blocks for blocks in sizes if blocks >= min(done)]
    assert all("has no space" in text and "is unchanged" in text for text in refused)


def test_a_flash_that_fills_up_meanwhile_keeps_the_old_firmware_and_the_space():
    fill = """
try:
 while 1:
  with open('/filler','ab') as g:g.write(bytes(999))
except OSError:pass
"""
    with in_ram(OLD) as board:
        plan = deploy.plan(board, {path: text.encode() for path, text in NEW.items()})
        with pytest.raises(files.NoSpaceError, match="flash has no space; remove your own files"):
            deploy.make(board, plan, lambda n: board.exec(fill))
        assert _starts_whole(board) == "old"
        left = board.tree()
        assert left.pop("filler")
        assert left == OLD
        board.exec("import os\nos.remove('/filler')")
        _is_deployed(board)


def test_a_flash_that_fails_once_is_one_sentence_and_the_next_deploy_mends_it():
    told = set()
    with in_ram(OLD) as board:
        board.call("keep", "start")
        _deploy(board)
        accesses = int(board.call("accesses"))
        for fail_at in range(1, accesses, max(1, accesses // 75)):
            board.call("cut", "start", 0, False)
            board.call("fail", fail_at)
            try:
                _deploy(board)
            except MegacamError as error:
                told.add(str(error))
            board.start()
            _is_deployed(board)
    assert len(told) > 1
    assert not [text for text in told if "[Errno" in text or "\n" in text]
