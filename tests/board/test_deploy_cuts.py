"""After a power cut at any write of a deploy, flash or NVS, a whole firmware starts by itself."""

from pathlib import Path

import pytest
from board_of_cuts import in_ram
from megacam.board import deploy, files, slots
from megacam.errors import MegacamError

BOOT = (Path(__file__).parents[2] / "boot.py").read_text()
TRIAL = (Path(__file__).parents[2] / "trial.py").read_text()
# Of versions without slots: files at the top, and an interrupted deploy is finished at the start.
BOOT_BEFORE = """\
import os

if "switch" in os.listdir("/"):
    with open("/switch/finish.py") as f:
        exec(f.read())

from firmware import begin

begin()
"""
MAIN = "import s3\nfrom firmware import app\nprint(app.word, s3.word)\n"


def _firmware(word):
    """Return the small firmware of a slot that prints the `word` of each of its files."""
    return {
        "firmware/__init__.py": f"def begin():\n print('begin of {word}')\n",
        "firmware/app.py": f"word = '{word}'\n",
        "lib/s3.py": f"word = '{word}'\n",
        "lib/hmac.py": "",
    }


def _in(slot, tree):
    return {f"{slot}/{path}": text for path, text in tree.items()}


OWN = {"sequence": "64", "spool/photo": "x" * 5000, "lib/mine.py": "1"}
START = {"boot.py": BOOT, "main.py": MAIN, "trial.py": TRIAL}
OLD_SLOT = {**_firmware("old"), "config.json": "{}", "firmware/gone.py": "", "roots/a.der": "0"}
#: A board with slots, one without, and one that has had a deploy before.
OLD = {**OWN, **START, **_in("a", OLD_SLOT), "a/deployed.json": "{}"}
BEFORE = {
    **OWN,
    **OLD_SLOT,
    "boot.py": BOOT_BEFORE,
    "main.py": MAIN,
    "deployed.json": '{"version": "0", "files": {"lib/s3.py": "", "config.json": ""}}',
}
IDLE = {**_firmware("idle"), "firmware/more/deep.py": "x" * 9000, "firmware/odd.py": "", "x": "y"}
TWICE = {**OLD, **_in("b", IDLE), "b/deployed.json": "{}"}
NEW_SLOT = {**_firmware("new"), "firmware/more/deep.py": "x" * 5000, "roots/b.der": "1"}
NEW = {**NEW_SLOT, **START, "boot.py": BOOT + "# new\n"}
SAYS = {word: [f"begin of {word}", f"{word} {word}"] for word in ("old", "new")}
NOWHERE = str(Path(__file__).parent / "nowhere")
BOARDS = {"slots": (OLD, {}), "before": (BEFORE, {}), "twice": (TWICE, {"slot": 0})}
HAS_WORKED = (16, 32)
# One cut of so many is tried where each leads to as many others.
_SAMPLE = 13
_BLOCKS = 100


def _deploy(board, new=NEW):
    """Do what `megacam deploy` does."""
    wanted = {path: text.encode() for path, text in new.items()}
    deploy.make(board, deploy.plan(board, wanted, index=NOWHERE))


def _slot(board, new=NEW):
    """Check that the slot that runs has exactly the files of `new`, and its settings."""
    runs = slots.read(board).slot
    there = {path: text for path, text in board.tree().items() if path.startswith(f"{runs}/")}
    there.pop(f"{runs}/deployed.json")
    wanted = {path: text for path, text in new.items() if path not in START}
    assert there == _in(runs, {**wanted, "config.json": "{}"})


def _starts_whole(board, new=NEW):
    """Start the board; return which firmware it is, "old" or "new"."""
    said = board.start()
    word = said[0].rpartition(" ")[2]
    assert said == SAYS.get(word), said
    if word == "new":
        _slot(board, new)
    return word


def _is_deployed(board, new=NEW):
    """Deploy in one call, and check that the board then starts with nothing left over."""
    _deploy(board, new)
    assert board.start() == SAYS["new"]
    _slot(board, new)
    left = {path: text for path, text in board.tree().items() if path[:2] not in ("a/", "b/")}
    # hmac may be there for other programs.
    assert {"lib/hmac.py": "", **left} == {
        **OWN,
        **START,
        "lib/hmac.py": "",
        "boot.py": NEW["boot.py"],
    }


@pytest.mark.parametrize("kind", BOARDS)
def test_a_deploy_that_is_cut_starts_whole_and_can_be_made_again(kind):
    tree, numbers = BOARDS[kind]
    with in_ram(tree, _BLOCKS, **numbers) as board:
        _deploy(board)
        words = []
        for _ in board.cuts("deploy"):
            if board.is_new():
                words.append(_starts_whole(board))
                _is_deployed(board)
    assert words == sorted(words, reverse=True)
    assert words.count("old") > 20 and words.count("new") > 2


@pytest.mark.parametrize("kind", BOARDS)
def test_a_deploy_after_a_cut_one_needs_no_start_between(kind):
    tree, numbers = BOARDS[kind]
    with in_ram(tree, _BLOCKS, **numbers) as board:
        _deploy(board)
        for _ in board.cuts("deploy", torns=[True]):
            if board.is_new():
                _is_deployed(board)


@pytest.mark.parametrize("kind", BOARDS)
def test_a_deploy_that_is_cut_twice_starts_whole(kind):
    tree, numbers = BOARDS[kind]
    with in_ram(tree, _BLOCKS, **numbers) as board:
        _deploy(board)
        for change, _ in board.cuts("deploy", step=_SAMPLE, torns=[False]):
            _deploy(board)
            half = [change // _SAMPLE % 2 == 1]
            for _ in board.cuts("again", -change % _SAMPLE, _SAMPLE, half):
                if board.is_new():
                    _starts_whole(board)
                    _is_deployed(board)


def test_new_files_are_on_trial_if_the_old_ones_have_worked_and_a_cut_changes_nothing_of_that():
    crashes = {**NEW, "firmware/__init__.py": "1 / 0\n"}
    with in_ram(OLD, _BLOCKS, slot=HAS_WORKED[0]) as board:
        _deploy(board, crashes)
        assert board.numbers() == {
            "slot": 1 | 4 << 1 | HAS_WORKED[0], "back": 0, "until": 848_003_600
        }  # fmt: skip
        for _ in board.cuts("deploy"):
            if board.is_new():
                assert board.start()[-2:] == SAYS["old"]
                assert board.numbers()["slot"] == HAS_WORKED[0]


def test_nothing_goes_back_to_a_slot_whose_files_a_deploy_has_begun_to_change():
    def idle():
        return {path: text for path, text in board.tree().items() if path.startswith("b/")}

    both = sum(HAS_WORKED)
    with in_ram(TWICE, _BLOCKS, slot=both) as board:
        before = idle()
        _deploy(board)
        assert board.numbers()["slot"] == 1 | 4 << 1 | HAS_WORKED[0]
        found = []
        for _ in board.cuts("deploy"):
            if board.is_new():
                found.append(board.numbers()["slot"])
                assert idle() == before or found[-1] != both
                assert _starts_whole(board) in SAYS
                _is_deployed(board)
        assert {both, HAS_WORKED[0]} <= {*found}


def test_a_deploy_without_space_leaves_a_whole_slot_to_go_back_to():
    big = {**NEW, "firmware/big.py": "x" * _BLOCKS * files.BLOCK_BYTES}
    with in_ram(TWICE, _BLOCKS, slot=sum(HAS_WORKED)) as board:
        with pytest.raises(files.NoSpaceError):
            _deploy(board, big)
        assert board.numbers()["slot"] == sum(HAS_WORKED)
        assert board.tree() == TWICE


def test_a_deploy_during_a_trial_keeps_the_slot_that_has_worked():
    tried = {
        **OLD,
        **_in("b", {**_firmware("tried"), "config.json": "{}"}),
        "b/deployed.json": "{}",
    }
    with in_ram(tried, _BLOCKS, slot=1 | 3 << 1 | HAS_WORKED[0]) as board:
        _deploy(board)
        assert board.numbers()["slot"] == 1 | 4 << 1 | HAS_WORKED[0]
        words = set()
        for _ in board.cuts("deploy"):
            if board.is_new():
                words.add(board.start()[-1])
                _deploy(board)
                assert board.start() == SAYS["new"]
                assert board.numbers()["slot"] in (23, 21)  # b on trial, a has worked
        assert words == {"tried tried", "old old", "new new"}


def test_what_runs_on_trial_and_is_wanted_stays_on_trial():
    with in_ram(OLD, _BLOCKS, slot=HAS_WORKED[0]) as board:
        _deploy(board)
        before = board.numbers()
        wanted = {path: text.encode() for path, text in NEW.items()}
        plan = deploy.plan(board, wanted, index=NOWHERE)
        assert plan.is_empty
        deploy.make(board, plan)
        assert board.numbers() == before


def test_a_deploy_that_sends_some_blocks_of_a_file_is_cut_and_starts_whole():
    big = "".join(f"{line:15}\n" for line in range(5 * files.BLOCK_BYTES // 16))
    old = {**OLD, "a/lib/big": big}
    new = {**NEW, "lib/big": big.replace("555\n", "xxx\n")}
    wanted = {path: text.encode() for path, text in new.items()}
    with in_ram(old, _BLOCKS) as board:
        plan = deploy.plan(board, wanted, index=NOWHERE)
        assert 0 < len(plan.copy["lib/big"]) < 5
        deploy.make(board, plan)
        for _ in board.cuts("deploy", step=7, torns=[False]):
            if board.is_new():
                _starts_whole(board, new)
                _is_deployed(board, new)


# What older versions, or users, may have left on a board without slots.
LEFT = {
    "switch is empty": {"switch/": ""},
    "switch is half removed": {"switch/main.py": MAIN, "switch/firmware/": ""},
    "finish.py fails": {"switch/finish.py": "1 / 0"},
    "switched has files": {"switched/firmware/x": "x", "switched/finish.py": ""},
    "new is of another deploy": {"new/firmware/x": "x", "new/finish.py": "1 / 0"},
    "new is a file": {"new": ""},
    "firmware is a file": {"firmware": ""},
    "a slot is a file": {"a": ""},
    "a slot has a file for a folder": {"a/firmware": ""},
    "files are half replaced": {"config.json.new": "", "boot.py.new": "", "sequence.new": ""},
    "the manifest is half": {"deployed.json": '{"files": {'},
    "the manifest is a list": {"deployed.json": "[]"},
}  # fmt: skip


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_what_was_left_on_a_board_stops_no_deploy(left):
    old = BEFORE
    if "firmware" in left:
        old = {path: text for path, text in old.items() if not path.startswith("firmware/")}
    with in_ram({**old, **left}, _BLOCKS) as board:
        _deploy(board)
        assert board.start() == SAYS["new"]
        _slot(board)
        top = {path.partition("/")[0] for path in board.tree()}
        assert not top & {
            "new",
            "switch",
            "switched",
            "firmware",
            "roots",
            "config.json",
            "deployed.json",
        }
        assert {**board.tree(), **OWN} == board.tree()


def test_nothing_to_change_still_clears_what_was_left():
    with in_ram(OLD, _BLOCKS) as board:
        _deploy(board)
        board.call("put", {"new/firmware/x": "x", "switch/y": "y"})
        _is_deployed(board)


@pytest.mark.parametrize(
    "missing", ["boot.py", "main.py", "a", "a/firmware", "a/lib", "a/deployed.json"]
)
@pytest.mark.parametrize("numbers", [{}, {"slot": 0}, {"slot": 1}], ids=["none", "a", "b"])
def test_what_is_missing_on_a_board_is_put_there(missing, numbers):
    old = {path: text for path, text in TWICE.items() if f"{path}/".partition(missing + "/")[0]}
    with in_ram({**old, "lib/hmac.py": ""}, _BLOCKS, **numbers) as board:
        _deploy(board, {**NEW, "config.json": "{}"})
        assert board.start() == SAYS["new"]
        _slot(board)


def test_files_copied_by_hand_are_deployed_over():
    with in_ram({**TWICE, "slot": "a"}, _BLOCKS, slot=1) as board:
        assert slots.read(board).slot == "a"
        _deploy(board)
        assert board.start() == SAYS["new"]
        assert slots.read(board).slot == "b"


def test_a_flash_that_is_full_keeps_the_old_firmware_and_the_space():
    big = {**NEW, **{f"firmware/part{n}.py": "x" * (n * 700) for n in range(9)}}
    refused, done = [], []
    sizes = range(30, 80, 4)
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
                assert _starts_whole(board, big) == "new"
    assert refused and done == [blocks for blocks in sizes if blocks >= min(done)]
    assert all("has no space" in text and "is unchanged" in text for text in refused)


def test_a_flash_that_fills_up_meanwhile_keeps_the_old_firmware_and_the_space():
    fill = """
try:
 while 1:
  with open('/filler','ab') as g:g.write(bytes(999))
except OSError:pass
"""
    with in_ram(OLD, _BLOCKS) as board:
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
    with in_ram(OLD, _BLOCKS) as board:
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
            if board.is_new():
                _is_deployed(board)
    assert len(told) > 1
    assert not [text for text in told if "[Errno" in text or "\n" in text]
