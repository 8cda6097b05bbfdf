"""The board's own modules that also run on the host: where they are, and how to import one."""

import importlib
import sys
from pathlib import Path
from typing import Any


def root() -> Path:
    """Return the folder that holds boot.py, main.py, firmware/ and lib/."""
    package = Path(__file__).parent
    packaged = package / "device"
    return packaged if packaged.is_dir() else package.parents[1]


def load(module: str) -> Any:
    """Return a module of the board, such as `firmware.shot.day_plan` or `s3.endpoint`."""
    top = root()
    for folder in (str(top), str(top / "lib")):
        if folder not in sys.path:
            sys.path.append(folder)
    return importlib.import_module(module)
