"""What only some commands need is an extra of the package, and loaded when they run."""

import importlib
from typing import Any

from megacam.errors import MegacamError


def load(module: str, extra: str, *packages: str) -> Any:
    """Return a module that needs the packages of `extra`; raises MegacamError without them.

    `packages` are those that it needs only later, in another process.
    """
    try:
        for package in packages:
            importlib.import_module(package)
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MegacamError(f"this needs {error.name}: pip install 'megacam[{extra}]'") from error
