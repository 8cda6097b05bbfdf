"""What of lib/arducam_mega*.py stays in memory, and what mip puts onto a board."""

import subprocess
import sys
from pathlib import Path

import pytest
from arducam_mega import ArducamMega
from arducam_mega_rig import Rig
from megacam.device_tree import compile_file
from megacam.sim import interpreter, wire
from mpremote import mip

LIB = Path(__file__).parent.parent / "lib"
DEVICE = Path(__file__).parent / "device"
REGISTERS = "arducam_mega_registers"
RESIDENT = "arducam_mega"


def test_the_resident_code_is_at_most_3_kb():
    assert len(compile_file(LIB / f"{RESIDENT}.py")) <= 3072


def test_nothing_but_the_resident_module_stays_loaded():
    with Rig() as rig:
        rig.camera.configure(resolution="320x240")
        rig.shoot()
        assert "brightness" in rig.camera.settings
    ours = {path.stem for path in LIB.glob("arducam_mega*.py")}
    assert ours & set(sys.modules) == {RESIDENT, "arducam_mega_host"}  # that one on CPython only


def test_waiting_loads_a_module_only_when_there_is_something_to_do():
    with Rig("3mp", "slow-capture") as rig:
        loaded = []
        rare = rig.camera._rare
        rig.camera._rare = lambda name: loaded.append(name) or rare(name)
        rig.camera.start()
        polls = 0
        while not rig.camera.ready():
            rig.clock.sleep_ms(10)
            polls += 1
        assert polls > 50
        assert loaded == ["capture", "reset", "capture", "capture"]  # start, trigger, check


def test_what_the_program_imported_itself_stays_with_its_parts():
    with Rig() as rig:
        import arducam_mega_power

        kept = {name: sys.modules[name] for name in (arducam_mega_power.__name__, REGISTERS)}
        try:
            rig.shoot()
            rig.camera.sleep()
            assert all(sys.modules.get(name) is module for name, module in kept.items())
        finally:
            for name in kept:
                del sys.modules[name]


def test_the_clock_of_cpython_is_good_enough():
    spi, cs, _ = wire.connect("3mp")
    assert not ArducamMega(spi, cs).intact()


class _Board:
    """mpremote's transport, as far as installing a package goes: files in a dict."""

    def __init__(self):
        self.files = {}

    def fs_exists(self, path):
        return True

    def fs_writefile(self, path, data, **_):
        self.files[path] = data


def _install(manifest):
    board = _Board()
    mip._install_package(board, manifest, None, "/lib", None, False)
    return {path.removeprefix("/lib/"): data for path, data in board.files.items()}


@pytest.mark.parametrize("folder", ["", f"{LIB}/"])
def test_mip_installs_the_whole_driver_from_its_manifest(folder, monkeypatch):
    monkeypatch.chdir(LIB)
    on_board = {path.name for path in LIB.glob("arducam_mega*.py")} - {"arducam_mega_host.py"}
    expected = {name: (LIB / name).read_bytes() for name in on_board}
    assert _install(f"{folder}arducam_mega.json") == expected


def test_what_mip_installs_works_alone_compiled_as_well(tmp_path):
    for name, source in _install(str(LIB / "arducam_mega.json")).items():
        (tmp_path / name).write_bytes(source)
        compiled = tmp_path / "mpy" / name
        compiled.parent.mkdir(exist_ok=True)
        compiled.with_suffix(".mpy").write_bytes(compile_file(tmp_path / name))
    for folder in (tmp_path, tmp_path / "mpy"):
        done = subprocess.run(
            interpreter.command(str(DEVICE / "run.py"), "test_arducam_mega", heap="400K"),
            env={"MICROPYPATH": f"{folder}:{DEVICE}:.frozen"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("ran ")
