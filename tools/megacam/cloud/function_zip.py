"""The code of the digest's Lambda function: this package's own modules and PyPI's wheels, zipped.

    code = build(film=True)

The wheels are those of Lambda's platform, in the versions that are installed here. The same
versions give the same bytes.
"""

import hashlib
import importlib.metadata
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from megacam import __file__ as package_file
from megacam import device_code
from megacam.errors import MegacamError

PYTHON = "3.13"
ARCHITECTURE = "arm64"
HANDLER = "megacam.digest.handler.handle"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
UNZIPPED_LIMIT_BYTES = 250 << 20
ZIP_LIMIT_BYTES = 50 << 20
_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
_PACKAGES = ("paho-mqtt", "pillow", "python-dateutil", "six")
_FILM_PACKAGES = ("av",)
_PACKAGE = Path(package_file).parent
_MODULES = (
    "__init__.py", "address.py", "errors.py", "exif.py", "outgoing.py", "untrusted.py",
    "digest/*.py",
    *(f"gallery/{name}.py" for name in (
        "__init__", "baseline", "bucket", "copies", "days", "film", "motion", "photos",
        "pictures", "refusals", "sharing",
    )),
    "device_code.py", "words.py",
    *(f"alarms/{name}.py" for name in (
        "__init__", "due", "homeassistant", "look", "mqtt", "outbox", "rules", "seen", "senders",
        "settings", "state",
    )),
)  # fmt: skip
# The camera's own code says when photos were due; see device_code.py.
_DEVICE_MODULES = tuple(
    f"firmware/shot/{name}.py" for name in ("day_plan", "schedule", "time_zone")
)
# ZIP's earliest time: with the time of today, no two builds would be the same.
_TIME = (1980, 1, 1, 0, 0, 0)
_DOWNLOAD_TIMEOUT_S = 600


def requirements(film: bool) -> list[str]:
    """Return the packages with the versions installed here; raises MegacamError without them."""
    found = []
    for name in (*_PACKAGES, *(_FILM_PACKAGES if film else ())):
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError as error:
            raise MegacamError(f"this needs {name}: pip install 'megacam[digest]'") from error
    return found


def identity(film: bool) -> str:
    """Return a hash of all that goes into the code, without downloading anything."""
    digest = hashlib.sha256(" ".join([PYTHON, ARCHITECTURE, *requirements(film)]).encode())
    for name, data in _own_modules():
        digest.update(f"\n{name}\n".encode() + data)
    return digest.hexdigest()[:16]


def build(film: bool) -> bytes:
    """Return the zip; raises MegacamError if a wheel is missing or the code is too large."""
    with tempfile.TemporaryDirectory(prefix="megacam-") as folder:
        _download(requirements(film), Path(folder))
        wheels = sorted(Path(folder).glob("*.whl"))
        return pack(wheels)


def pack(wheels: Sequence[Path]) -> bytes:
    """Return the zip of these wheels and our modules; raises MegacamError if it is too large."""
    files = dict(_own_modules())
    for wheel in wheels:
        files |= _of_wheel(wheel)
    size = sum(map(len, files.values()))
    if size > UNZIPPED_LIMIT_BYTES:
        raise MegacamError(
            f"the function's code has {size / 2**20:,.0f} MB unzipped and Lambda takes "
            f"{UNZIPPED_LIMIT_BYTES >> 20} MB: leave the films out with --no-film"
        )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as code:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, also where this runs on Windows
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            code.writestr(entry, files[name])
    if made.tell() > ZIP_LIMIT_BYTES:
        raise MegacamError(
            f"the function's code has {made.tell() / 2**20:,.0f} MB zipped and Lambda takes "
            f"{ZIP_LIMIT_BYTES >> 20} MB in a request: leave the films out with --no-film"
        )
    return made.getvalue()


def _own_modules() -> Iterator[tuple[str, bytes]]:
    for pattern in _MODULES:
        for path in sorted(_PACKAGE.glob(pattern)):
            # A clone on Windows may have other line ends.
            data = path.read_bytes().replace(b"\r\n", b"\n")
            yield f"megacam/{path.relative_to(_PACKAGE).as_posix()}", data
    for name in _DEVICE_MODULES:
        data = (device_code.root() / name).read_bytes().replace(b"\r\n", b"\n")
        yield f"megacam/device/{name}", data


def _of_wheel(wheel: Path) -> dict[str, bytes]:
    found = {}
    with zipfile.ZipFile(wheel) as source:
        for info in source.infolist():
            name = PurePosixPath(info.filename)
            if name.is_absolute() or ".." in name.parts:
                raise MegacamError(f"{wheel.name} has a file outside of its folder: {name}")
            if not info.is_dir() and name.name != "RECORD":
                found[info.filename] = source.read(info)
    return found


def _download(wanted: Sequence[str], folder: Path) -> None:
    platforms = [word for name in _PLATFORMS for word in ("--platform", name)]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}",
        *platforms, "--dest", str(folder), *wanted,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MegacamError(
            f"pip did not download {', '.join(wanted)} in {_DOWNLOAD_TIMEOUT_S} s: check the "
            "network and run the same command again"
        ) from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = said[-1].removeprefix("ERROR: ") if said else done.stderr.strip()[-200:]
        raise MegacamError(f"pip cannot download the wheels for Lambda: {why}")
