"""Which parts of lib/arducam_mega stay in memory, and what mip installs on a board."""

import subprocess
from pathlib import Path

import pytest
from arducam_mega import ArducamMega
from megacam.board.tree import compile_file
from megacam.sim import interpreter, wire
from mpremote import mip

LIB = Path(__file__).parents[2] / "lib"
DEVICE = Path(__file__).parents[1] / "device"


def test_the_resident_code_is_at_most_3_kb():
    assert len(compile_file(LIB / "arducam_mega/__init__.py")) <= 3072


def test_the_clock_of_cpython_is_good_enough():
    spi, cs, _ = wire.connect("3mp")
    assert not ArducamMega(spi, cs).intact()


class _Board:
    """The part of mpremote's transport that installs a package, with the files in a dict."""

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
    on_board = {path.relative_to(LIB).as_posix() for path in LIB.glob("arducam_mega/**/*.py")}
    expected = {
        name: (LIB / name).read_bytes() for name in on_board - {"arducam_mega/host_clock.py"}
    }
    assert _install(f"{folder}arducam_mega.json") == expected


def test_what_mip_installs_works_alone_compiled_as_well(tmp_path):
    for name, source in _install(str(LIB / "arducam_mega.json")).items():
        compiled = tmp_path / "mpy" / name
        for path in (tmp_path / name, compiled):
            path.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(source)
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
