"""The board's files in a folder, for users who copy them with mpremote."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from board_of_cuts import in_ram
from megacam import settings
from megacam.board import build, builds, deploy, tree
from megacam.errors import MegacamError
from megacam.sim.rom import PORT
from setup_run import megacam
from usb_board import CONFIG

SECRETS = {
    "wifi": {"networks": [{"ssid": "Observatory", "password": "clear skies tonight"}]},
    "aws": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "s" * 40},
}


def _build(folder, *args, **environment):
    return megacam(folder, "build", *args, MEGACAM_HMAC=str(PORT), **environment)


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_folder_holds_what_a_deploy_sends_to_an_empty_board():
    wanted = build.tree(CONFIG, hmac_folder=PORT)
    with in_ram({}) as board:
        plan = deploy.plan(board, deploy.tree(CONFIG), PORT)
    assert wanted == {**tree.placed(plan.send), "slot": b"a\n"}
    slot = {"lib/hmac.mpy", "config.json", "deployed.json", "roots/amazon-root-ca-1.der"}
    assert {f"a/{path}" for path in slot} < {*wanted}


def test_no_secret_is_in_the_folder_and_what_is_left_to_do_is_said(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, **SECRETS}))
    done = _build(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "  mpremote cp -r build/. : + cp config.json : + reset\n" in done.stdout
    assert "provision" not in done.stdout
    files = _files(tmp_path / "build")
    assert json.loads(files["a/config.json"])["checked"] == settings.firmware_version()
    secret = SECRETS["aws"]["secret_access_key"].encode()
    assert not [name for name in files if secret in files[name] or b"skies" in files[name]]


def test_without_secrets_or_settings_what_is_missing_is_said(tmp_path):
    none = _build(tmp_path)
    assert "there is no config.json: copy config.example.json" in none.stdout
    assert "build/. : + cp config.json : + reset\n" in none.stdout
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    bare = _build(tmp_path)
    assert "  mpremote cp -r build/. : + reset\n" in bare.stdout
    assert "put the Wi-Fi network and the access key on the board with" in bare.stdout


def test_a_second_build_is_the_same_and_stale_files_go(tmp_path):
    wanted = build.tree(CONFIG, hmac_folder=PORT)
    folder = tmp_path / "new" / "build"
    older = deploy.with_manifest({"lib/old.mpy": b"old", "firmware/app.mpy": b"old"})
    build.write(folder, tree.placed(older))
    build.write(folder, wanted)
    assert _files(folder) == wanted
    before = tmp_path / "of a version without slots"
    for path, content in older.items():
        (before / path).parent.mkdir(parents=True, exist_ok=True)
        (before / path).write_bytes(content)
    build.write(before, wanted)
    assert _files(before) == wanted
    assert _files(folder) == wanted
    again = build.tree(CONFIG, hmac_folder=PORT)
    build.write(folder, again)
    assert _files(folder) == wanted


def test_a_build_that_was_cut_off_is_an_earlier_build(tmp_path, monkeypatch):
    wanted = build.tree(CONFIG, hmac_folder=PORT)
    plain, left = Path.write_bytes, [9]

    def write_some(path, data):
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device", str(path))
        return plain(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", write_some)
        with pytest.raises(MegacamError, match="No space left on device; name another"):
            build.write(tmp_path / "build", wanted)
    build.write(tmp_path / "build", wanted)
    assert _files(tmp_path / "build") == wanted


@pytest.mark.parametrize("inside", ["notes.txt", "a/firmware/mine.py", "a/deployed.json"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, inside):
    build.write(tmp_path, tree.placed(deploy.with_manifest({"lib/old.mpy": b"old"})))
    (tmp_path / "a" / "firmware").mkdir()
    (tmp_path / inside).write_bytes(b"mine")
    before = _files(tmp_path)
    with pytest.raises(MegacamError, match=f"{tmp_path} holds .*not from an earlier build"):
        build.write(tmp_path, {"main.py": b""})
    assert _files(tmp_path) == before


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "build").write_text("mine")
    done = _build(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "build is a file, not an earlier build; name a new folder" in done.stderr
    assert (tmp_path / "build").read_text() == "mine"


def test_a_store_of_its_own_needs_its_root(tmp_path):
    config = {"s3": {"bucket": "photos", "endpoint": "https://store.example"}}
    with pytest.raises(MegacamError, match="name the file of its CA with --roots FILE"):
        build.tree(config, hmac_folder=PORT)


def test_make_board_is_megacam_build():
    top = tree.root()
    # If make runs the tests, its own options are in the environment.
    alone = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(
        ["make", "-n", "board"], cwd=top, env=alone, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1].strip() == ".venv/bin/megacam build"


def test_the_same_sources_give_the_same_bytes_in_another_process(tmp_path):
    digests = set()
    for name in ("a", "b"):
        done = _build(tmp_path, name, **{builds.FOLDER: ""})  # each builds on its own
        assert done.returncode == 0, done.stderr
        files = _files(tmp_path / name)
        digests.add(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
    assert len(digests) == 1


def test_the_boards_schema_has_everything_but_the_help():
    path = tree.root() / "firmware/settings/schema.py"
    text = path.read_text(encoding="utf-8")
    whole, short = {}, {}
    exec(compile(text, "whole", "exec"), whole)
    exec(compile(tree._without_help(text), "short", "exec"), short)
    own = [row for row in short["SETTINGS"] if row[0] in {row[0] for row in whole["SETTINGS"]}]
    assert [row[:-1] for row in own] == [row[:-1] for row in whole["SETTINGS"]]
    assert short["INTEGRITY"] == whole["INTEGRITY"] and short["RESOLUTIONS"]
    others = ("camera.", "motion.", "trigger.")  # from modules of their own
    assert all(row[-1] == "" for row in short["SETTINGS"] if not row[0].startswith(others))
