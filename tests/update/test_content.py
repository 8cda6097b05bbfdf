"""What a release brings: the same bytes each time, nothing that starts the board, no secret."""

import json

import pytest
from megacam import settings
from megacam.errors import MegacamError
from megacam.update import content, manifest


@pytest.fixture(scope="module")
def firmware():
    return content.firmware()


def test_the_firmware_is_a_whole_slot_but_for_what_the_board_keeps(firmware):
    assert {"lib/overlay.bin", "lib/overlay.mpy", "firmware/app.mpy"} <= firmware.files.keys()
    assert firmware.keep == ("config.json", "lib/hmac.mpy", "roots")
    tops = {path.partition("/")[0] for path in firmware.files}
    assert tops == {"firmware", "lib", "deployed.json"}
    assert firmware.version == settings.firmware_version()
    listed = json.loads(firmware.files["deployed.json"])["files"]
    assert listed == {
        path: content.digest(one)
        for path, one in firmware.files.items()
        if path != "deployed.json"
    }


def test_its_manifest_leaves_room_for_more_files(firmware):
    text = firmware.manifest(
        counter=2**25 - 1, devices=("c" * 32,), not_before=1, expires=2, next_key="00" * 384
    ).text()
    assert len(text) < manifest.TEXT_BYTES * 3 / 4


def test_compiled_files_have_the_version_that_the_manifest_names(firmware):
    code = next(one for path, one in firmware.files.items() if path.endswith("app.mpy"))
    assert code[:2] == b"M" + bytes([int(firmware.mpy.partition(".")[0])])


def test_two_builds_are_alike(tmp_path, firmware):
    for name in ("one", "two"):
        content.write(tmp_path / name, content.firmware())
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert {content.digest(found) for name, found in one.items() if name != "manifest"} == {
        name for name in one if name != "manifest"
    }
    assert content.read(tmp_path / "one").manifest(
        counter=3, devices=("cam1",), not_before=1, expires=2
    ) == firmware.manifest(counter=3, devices=("cam1",), not_before=1, expires=2)


def test_a_folder_with_a_changed_file_is_no_release(tmp_path, firmware):
    content.write(tmp_path / "one", firmware)
    path = max((tmp_path / "one").iterdir(), key=lambda path: path.stat().st_size)
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    with pytest.raises(MegacamError, match="is not the file"):
        content.read(tmp_path / "one")
    path.unlink()
    with pytest.raises(MegacamError, match="make the folder with `megacam release`"):
        content.read(tmp_path / "one")
    with pytest.raises(MegacamError, match="not an empty folder"):
        content.write(tmp_path / "one", firmware)


def test_settings_go_without_their_secrets():
    raw = json.loads(settings.example())
    raw["wifi"]["networks"] = [{"ssid": "home", "password": "secret of the house"}]
    found = content.of_settings(raw)
    assert list(found.files) == ["config.json"]
    assert b"secret of the house" not in found.files["config.json"]
    assert json.loads(found.files["config.json"])["s3"]["bucket"] == "my-photos"
    assert set(found.keep) == {"deployed.json", "firmware", "lib", "roots"}


def test_settings_that_the_board_would_refuse_are_not_released():
    raw = {**json.loads(settings.example()), "interval_s": 0}
    with pytest.raises(settings.SettingsError, match="interval_s"):
        content.of_settings(raw)


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("a/firmware/app.mpy", "firmware/app.mpy"),
        ("b/lib/overlay.bin", "lib/overlay.bin"),
        ("firmware/app.mpy", "firmware/app.mpy"),
        ("a/deployed.json", "deployed.json"),
        ("config.json", "config.json"),
        ("boot.py", None),
        ("main.py", None),
        ("slot", None),
        ("lib", None),
        ("a/boot.py", None),
    ],
)
def test_a_release_brings_what_lies_in_a_slot(path, below):
    assert content.slot_path(path) == below
