"""Write the files that are generated from the sources: `python -m megacam.generate`.

- config.example.json and the table in docs/settings.md, from the schema
- package.json, which `mpremote mip install` reads, from the files of the board
- docs/troubleshooting.md, from the doctor's table

A test fails if any of them is out of date.
"""

import json
import re
from pathlib import Path

from megacam import settings
from megacam.board import mip, tree
from megacam.doctor import checks

# What the board needs from micropython-lib; most firmwares already have urequests frozen in.
_MIP_DEPENDENCIES = [["hmac", mip.PINS["hmac"].version], ["urequests", "latest"]]
_TABLE = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def package_json() -> str:
    """Return the mip manifest: every file of the board with its path from the root."""
    version = {"version": settings.firmware_version()}
    urls = [[name, name] for name in tree.sources()]
    return json.dumps({"urls": urls, "deps": _MIP_DEPENDENCIES, **version}, indent=4) + "\n"


def derived() -> dict[Path, str]:
    """Return {path: text} of every generated file."""
    top = tree.root()
    page = top / "docs" / "settings.md"
    table = settings.table_markdown()
    return {
        top / "config.example.json": settings.example(),
        top / "package.json": package_json(),
        top / "docs" / "troubleshooting.md": checks.markdown(),
        page: _TABLE.sub(lambda m: f"{m[1]}{table}{m[2]}", page.read_text(encoding="utf-8")),
    }


def main() -> None:
    """Bring every generated file up to date."""
    for path, text in derived().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
