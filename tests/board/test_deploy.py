"""Deploying: complete or not at all, only changed files, and one sentence for each error."""

import json
import time

import pytest
from command import megacam
from megacam.board import deploy, device, mip, slots, tree
from megacam.board import files as device_files
from megacam.board.device import DeviceError
from megacam.errors import MegacamError
from megacam.sim import flash
from megacam.sim.rom import PORT
from small_firmware import NEW, OLD, SMALL_OLD
from usb_board import CONFIG, plugged_in


def _run(board, wanted, **options):
    with device.connect(board.port) as found:
        plan = deploy.plan(found, wanted, **options)
        deploy.make(found, plan)
    return plan


def _image(board):
    board.pull()
    image = flash.read_image(board.image)
    image.pop("tally.new", None)  # the new firmware may have been about to save its counters
    return image


def _slot(image, slot):
    """Return the files of a slot, and those of the board itself, without the manifest."""
    whole = {path.removeprefix(f"{slot}/"): content for path, content in image.items()}
    return {p: c for p, c in whole.items() if p[:2] not in ("a/", "b/") and p != "deployed.json"}


def test_an_empty_board_gets_every_file_and_runs_it(tmp_path):
    wanted = {**deploy.tree(CONFIG), "main.py": b"print('main runs')"}
    with plugged_in(tmp_path, {}) as board:
        plan = _run(board, wanted)
        assert (plan.same, plan.remove) == (0, [])
        deadline = time.monotonic() + 120
        while b"main runs" not in board.console and time.monotonic() < deadline:
            time.sleep(0.05)
        assert b"main runs" in board.console
        image = _image(board)
    manifest = json.loads(image.pop("a/deployed.json"))
    image.pop("tally", None)  # the board has started and may have counted that
    assert image == tree.placed(wanted)
    assert set(manifest["files"]) == set(wanted)
    assert manifest["version"] == plan.version
    assert json.loads(image["a/config.json"])["checked"] == plan.version


def test_the_roots_are_der_and_amazon_s_unless_a_store_has_its_own(tmp_path):
    roots = {path: der for path, der in deploy.tree(CONFIG).items() if path.startswith("roots/")}
    assert len(roots) == 5
    assert all(der[:2] == b"\x30\x82" for der in roots.values())
    assert "roots/amazon-root-ca-1.der" in roots
    other = {"s3": {"bucket": "photos", "endpoint": "https://store.example"}}
    assert not [path for path in deploy.tree(other) if path.startswith("roots/")]


# The result of a deploy: config.json and hmac belong to the board and stay.
SWITCHED = {"config.json": b"{}", "lib/hmac.py": b"", **NEW}


def test_only_what_changed_is_sent_and_what_is_no_longer_wanted_goes(tmp_path):
    files = {**OLD, "lib/mine.py": b"mine", "a/lib/s3.py": b"slow source"}
    with plugged_in(tmp_path, files) as board:
        first = _run(board, {**NEW, "lib/s3.mpy": b"x", "lib/body.mpy": b"y"})
        assert "lib/s3.py" in first.remove
        again = _run(board, {**NEW, "lib/s3.mpy": b"x", "lib/body.mpy": b"y"})
        assert again.is_empty
        third = _run(board, {**NEW, "lib/s3.mpy": b"x2"})
        assert set(third.send) == {"lib/s3.mpy", "deployed.json"}
        assert third.remove == ["lib/body.mpy"]
        assert (first.new.slot, third.new.slot) == ("b", "a")
        image = _image(board)
    assert _slot(image, "a") == {**SWITCHED, "lib/mine.py": b"mine", "lib/s3.mpy": b"x2"}
    assert image["b/lib/s3.mpy"] == b"x", "the files before are still there"


@pytest.fixture(scope="module")
def writes(tmp_path_factory):
    """Return an upper limit of the flash writes that a complete deploy of NEW over OLD needs."""
    folder = tmp_path_factory.mktemp("count")
    for n in (64, 128, 256, 512):
        with plugged_in(folder / str(n), OLD) as board:
            board.pull()
            board.plug_in(cut_after_writes=n)
            try:
                _run(board, NEW)
            except DeviceError:
                continue
            return n
    raise AssertionError("a deploy of six files writes more often than can be")


def _starts_whole(board):
    """Start the board after a cut; return its files once boot.py has run."""
    board.pull()
    before = len(board.console)
    board.plug_in()
    deadline = time.monotonic() + 120
    while b">>> " not in board.console[before:] and time.monotonic() < deadline:
        time.sleep(0.02)
    is_new = b"booted anew" in board.console[before:]
    return _slot(_image(board), "b" if is_new else "a"), is_new


@pytest.mark.parametrize("part", range(12))
def test_a_cable_pulled_in_mid_deploy_leaves_the_old_files_or_the_new(tmp_path, writes, part):
    cut = 1 + part * writes // 12 + part % 3
    with plugged_in(tmp_path, OLD) as board:
        board.pull()
        board.plug_in(cut_after_writes=cut)
        try:
            _run(board, NEW)
        except DeviceError as error:
            assert "lost the board" in str(error)
        ours, is_new = _starts_whole(board)
        wanted = SWITCHED if is_new else _slot(OLD, "a")
        # boot.py and the like are replaced after the slot, one at a time.
        assert {p: c for p, c in ours.items() if "/" in p} == {
            p: c for p, c in wanted.items() if "/" in p
        }
        board.plug_in()
        slot = _run(board, NEW).new.slot
        assert _slot(_image(board), slot) == SWITCHED


def test_a_deploy_that_was_cut_off_does_not_send_again_what_is_there(tmp_path):
    with plugged_in(tmp_path, OLD) as board:
        with device.connect(board.port) as found:
            device_files.make_folders(found, ["/b/firmware/more/x"])
            device_files.write(found, "/b/firmware/more/deep.mpy", bytes(6000))
        told = []
        with device.connect(board.port) as found:
            plan = deploy.plan(found, NEW)
            deploy.make(found, plan, told.append)
    there, *sent = told
    assert there == 6000 and 0 < sum(sent) < 6000
    assert sum(told) == plan.size_bytes, "a bar that ends at 100 %"


def test_a_full_flash_is_one_sentence_and_the_old_files_stay(tmp_path):
    files = {**OLD, "spool/big": bytes(1_900_000)}
    with plugged_in(tmp_path, files) as board:
        with pytest.raises(device_files.NoSpaceError, match=r"\d+ KB are needed and \d+ KB are"):
            _run(board, {**NEW, "firmware/big.mpy": bytes(150_000)})
        assert _image(board) == files


def test_hmac_comes_from_a_folder_or_is_asked_for_in_a_sentence(tmp_path):
    module = (PORT / "hmac.py").read_bytes()
    with plugged_in(tmp_path / "b", SMALL_OLD, without=["hmac"]) as board:
        with pytest.raises(mip.PackageError, match=r"or name a folder .* with --hmac FOLDER"):
            _run(board, NEW, index=str(tmp_path / "nowhere"))
        (tmp_path / "hmac.py").write_bytes(module)
        assert "lib/hmac.mpy" in _run(board, NEW, hmac_folder=tmp_path).send
        assert _run(board, NEW, index=str(tmp_path / "nowhere")).is_empty, "it has one now"
    with pytest.raises(mip.PackageError, match=r"holds neither hmac.py nor hmac.mpy"):
        mip.from_folder("hmac", tmp_path / "b")


@pytest.mark.parametrize("index", ["http://127.0.0.1:9", "folder"])
def test_an_hmac_that_nobody_vouches_for_leaves_the_board_as_it_was(tmp_path, index):
    digest = mip.PINS["hmac"].sha256
    place = tmp_path / "folder" / "file" / digest[:2] / digest[:8]
    place.parent.mkdir(parents=True)
    place.write_bytes(b"def new(*a):\n pass\n")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with plugged_in(tmp_path / "b", SMALL_OLD, without=["hmac"]) as board:
        done = megacam("deploy", "--port", board.port, "--index", index, cwd=tmp_path)
        assert done.returncode == 1
        assert "--hmac FOLDER" in done.stderr and "Traceback" not in done.stderr
        assert _image(board) == SMALL_OLD


def test_a_board_without_settings_or_roots_is_refused_in_words(tmp_path):
    with plugged_in(tmp_path, {}) as board:
        with pytest.raises(MegacamError, match=r"copy config.example.json to config.json"):
            _run(board, NEW)
        without_roots = {"config.json": b"{}", "main.py": b""}
        with pytest.raises(MegacamError, match=r"name the file of its CA with --roots FILE"):
            _run(board, without_roots)


def test_the_command_shows_what_it_would_do_and_then_does_it(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with plugged_in(tmp_path / "b", {}) as board:
        dry = megacam("deploy", "--port", board.port, "--dry-run", cwd=tmp_path)
        assert (dry.returncode, dry.stderr) == (0, "")
        assert "+ firmware/app.mpy" in dry.stdout
        assert "nothing was changed (--dry-run)" in dry.stdout
        done = megacam("deploy", "--port", board.port, "--json", cwd=tmp_path)
        assert "firmware/app.mpy" in json.loads(done.stdout)["sent"]
        again = megacam("deploy", "--port", board.port, cwd=tmp_path)
        assert "is on the board, nothing to change" in again.stdout, again.stderr
    gone = megacam("deploy", "--port", board.port, cwd=tmp_path)
    assert gone.returncode == 1
    assert gone.stderr.startswith(f"megacam: there is no port {board.port}")


@pytest.mark.parametrize(
    "left",
    [
        {"switch/main.py": b"new"},
        {"switch/finish.py": b"def fin", "switched/main.py": b"", "new/finish.py": b"1 / 0"},
    ],
    ids=["no finish.py", "half of it"],
)
def test_the_command_mends_a_board_of_an_older_version_that_cannot_start(tmp_path, left):
    boot = b"with open('/switch/finish.py') as f:\n exec(f.read())\n"
    before = {path.removeprefix("a/"): content for path, content in OLD.items()}
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with plugged_in(tmp_path / "b", {**before, "boot.py": boot, **left}) as board:
        done = megacam("deploy", "--port", board.port, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        image = _image(board)
    assert image["boot.py"] == tree.build()["boot.py"]
    top = {path.partition("/")[0] for path in image}
    assert top <= {"a", "boot.py", "main.py", "trial.py", "lib", "tally"}


def test_a_trial_is_announced_and_can_be_ended(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with plugged_in(tmp_path / "b", OLD) as board:
        idle = megacam("deploy", "--port", board.port, "--keep", cwd=tmp_path)
        assert "no files on the board are on trial" in idle.stdout, idle.stderr
        with device.connect(board.port) as found:
            slots.write(found, slots.Slots("a", worked=frozenset("a")))
        done = megacam("deploy", "--port", board.port, cwd=tmp_path)
        assert "the new files are on trial until a photo is stored" in done.stdout, done.stderr
        with device.connect(board.port) as found:
            # Whoever connects stops the board, maybe before its first start has counted.
            left = slots.read(found).left
            assert left in (3, 4)
            assert slots.read(found) == slots.Slots("b", left, frozenset("a"))
        kept = megacam("deploy", "--port", board.port, "--keep", cwd=tmp_path)
        assert "slot b is kept" in kept.stdout, kept.stderr
        with device.connect(board.port) as found:
            assert slots.read(found) == slots.Slots("b", 0, frozenset("a"))
