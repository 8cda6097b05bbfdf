"""Examine a board from its cable to an object in the bucket; the table is in checks.py.

    for result in doctor.examine(None, raw_config, wanted): ...

It is a generator, because a check may take a minute and you want to see its result at once. It
ends with the first failure, because the later checks depend on the earlier ones.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from megacam import settings
from megacam.board import deploy, device, files, slots, tree
from megacam.board.device import Device, DeviceError, NotMicroPythonError, RestartedError
from megacam.doctor import checks, probes, verdicts
from megacam.doctor.probes import ProbeError
from megacam.doctor.verdicts import FailedError, failed
from megacam.errors import MegacamError
from megacam.words import count

_CLOCK_OFF_S = 60  # an exchange takes less; S3 tolerates 15 minutes
_WEAK_DBM = -75  # below this, an ESP32 loses packets


@dataclass(frozen=True)
class Result:
    """How one check went: `state` is good, warn or bad; `cause` says why and what to do."""

    name: str
    state: str
    found: str
    cause: checks.Cause | None = None


def _bad(failure: FailedError) -> Result:
    return Result(failure.name, "bad", failure.found, failure.cause)


def examine_host(config: Path, ca_file: Path | None = None) -> Iterator[Result]:
    """Check what needs no board: settings, firmware, roots."""
    try:
        yield from _host(config, ca_file)
    except FailedError as failure:
        yield _bad(failure)


def _host(config: Path, ca_file: Path | None) -> Iterator[Result]:
    if not config.exists():
        raise failed("config", "missing", f"{config} is missing")
    try:
        raw = settings.read(config)
        settings.check(raw)
    except MegacamError as error:
        raise failed("config", "", str(error)) from None
    yield Result("config", "good", f"{config} is valid")
    for doubt in settings.doubts(raw):
        yield Result("config", "warn", doubt, checks.cause("config", "pins"))
    try:
        wanted = deploy.tree(raw, ca_file)
    except MegacamError as error:
        raise failed("firmware", "", str(error)) from None
    size = sum(map(len, wanted.values()))
    version = settings.firmware_version()
    yield Result(
        "firmware", "good", f"version {version}: {count(len(wanted), 'file')}, {size:,} bytes"
    )


def examine(
    port: str | None,
    wanted: Mapping[str, bytes],
    now: Callable[[], float] = time.time,
    read: Callable[[str], bytes] | None = None,
) -> Iterator[Result]:
    """Check a board that should have the files `wanted`; it restarts at the end.

    `read(key)` returns an object of the bucket with the owner's credentials, or raises
    MegacamError; with None, nothing is read back.
    """
    try:
        with contextlib.ExitStack() as stack:
            board = yield from _reach(port, stack)
            yield from _examine_board(board, wanted, now, read)
    except FailedError as failure:
        yield _bad(failure)
    except RestartedError as error:
        code = "brown-out" if error.brown_out else "RestartedError"
        yield Result("usb", "bad", str(error), checks.cause("usb", code))
    except DeviceError as error:
        yield Result("usb", "bad", str(error), checks.cause("usb", type(error).__name__))


def _reach(port: str | None, stack: contextlib.ExitStack) -> Generator[Result, None, Device]:
    try:
        board = stack.enter_context(device.connect(port))
    except NotMicroPythonError as error:
        raise failed("micropython", "", str(error)) from None
    yield Result("usb", "good", f"a board at {board.port}")
    yield Result("micropython", "good", f"MicroPython {board.version}")
    return board


def _examine_board(
    board: Device,
    wanted: Mapping[str, bytes],
    now: Callable[[], float],
    read: Callable[[str], bytes] | None,
) -> Iterator[Result]:
    yield _files(board, wanted)
    name, store, picture = verdicts.run(board, "settings", probes.SETTINGS)
    yield Result("settings", "good", f"{name} into {store['bucket']}, {picture['resolution']}")
    sensor = verdicts.run(board, "camera", probes.CAMERA)
    yield Result("camera", "good", f"an Arducam Mega answers, sensor {sensor:#x}")
    size = verdicts.run(board, "frame", probes.FRAME)
    yield Result("frame", "good", f"a complete JPEG of {size:,} bytes")
    board.reset()  # the camera's code would take the memory that TLS needs
    yield from _network(board, now)
    key, sent = yield from _store(board, store["region"])
    if read:
        yield whole(key, sent, read)


def _network(board: Device, now: Callable[[], float]) -> Iterator[Result]:
    address, rssi = verdicts.run(board, "wifi", probes.WIFI)
    state = "good" if rssi >= _WEAK_DBM else "warn"
    yield Result("wifi", state, f"joined, {address}, {rssi} dBm")
    host, region = verdicts.run(board, "key", probes.CLIENT)
    key = verdicts.run(board, "key", probes.KEY)
    yield Result("key", "good", f"{key} for {host} in {region}")
    yield Result("dns", "good", f"{verdicts.run(board, 'dns', probes.DNS)} is resolved")
    begun_s = now()
    server, seconds = verdicts.run(board, "clock", probes.CLOCK)
    # The board read its clock at some moment in between; a slow board is no wrong clock.
    off_s = round(max(begun_s - seconds, seconds - now()))
    if off_s > _CLOCK_OFF_S:
        cause = checks.cause("clock", "differs")
        text = f"{server} and this computer differ by {off_s} s"
        yield Result("clock", "warn", text, cause)
    else:
        yield Result("clock", "good", f"set by {server}")


def _store(board: Device, region: str) -> Generator[Result, None, tuple[str, str]]:
    """Have the board store an object; return its key and what was sent."""
    verdicts.connect(board)
    yield Result("tls", "good", "connected, the certificate is verified")
    try:
        key, status, found, skew_s, sent = probes.run(board, probes.PUT)
    except ProbeError as error:
        failure = verdicts.of_put(error)
        yield from _proven(failure)
        raise failure from None
    yield Result("signature", "good", "accepted")
    yield Result("permission", "good", f"the key may put {key.partition('/')[0]}/*")
    if found != region:
        cause = checks.cause("region", "")
        yield Result("region", "warn", f"the bucket is in {found}, not in {region}", cause)
    else:
        yield Result("region", "good", found)
    if skew_s:
        cause = checks.cause("clock", "differs")
        yield Result("clock", "warn", f"the store's clock is {skew_s} s ahead", cause)
    yield Result("stored", "good", f"{key}, status {status}")
    return key, sent


def whole(key: str, sent: str, read: Callable[[str], bytes]) -> Result:
    """Compare an object with what the board has sent; `read` is as in examine().

    There is no other way to see that a store keeps the frames of aws-chunked bodies in objects.
    """
    try:
        found = read(key)
    except MegacamError as error:
        return Result("whole", "warn", str(error), checks.cause("whole", "unread"))
    if found == sent.encode():
        return Result("whole", "good", f"{len(found)} bytes read back as they were sent")
    text = f"{key}: {len(sent)} bytes were sent, but {len(found)} other bytes read back"
    return Result("whole", "bad", text, checks.cause("whole", ""))


def _proven(failure: verdicts.FailedError) -> Iterator[Result]:
    """Yield the checks that a refused object proves to be good."""
    # A store that does not know the bucket may have checked neither signature nor policy.
    if failure.name == "permission":
        yield Result("signature", "good", "accepted")


def _files(board: Device, wanted: Mapping[str, bytes]) -> Result:
    runs = slots.read(board)
    manifest = deploy.deployed(board, runs.folder)
    digests = {path: files.sha256(wanted[path]) for path in wanted if path != "config.json"}
    deployed = manifest["files"] if manifest else {}
    at = {
        path: f"{runs.folder if tree.is_of_slot(path) else ''}/{path}"
        for path in digests | deployed
    }
    found = files.hashes(board, at.values())
    there = {path: found[at[path]] for path in at if at[path] in found}
    if manifest is None and deploy.ARCHIVE not in there:
        raise failed("files", "none", "megacam is not on the board")
    if not any(deploy.is_of_one_build(there, build) for build in (digests, deployed)):
        text = f"the board's files and its {deploy.ARCHIVE} are not of one build"
        raise failed("files", "mixed", text)
    differ = [path for path in digests if there.get(path) != digests[path]]
    if differ or manifest is None:
        version = settings.firmware_version()
        example = differ[0] if differ else deploy.MANIFEST
        text = (
            f"not of version {version}: {count(len(differ) or 1, 'file')}, for example {example}"
        )
        raise failed("files", "", text)
    text = f"version {manifest['version']}, {count(len(digests), 'file')} intact"
    return Result("files", "good", text + _slot(runs))


def _slot(runs: slots.Slots) -> str:
    """Return the end of a sentence that says which slot runs, and why."""
    text = f", slot {runs.slot}" if runs.slot else ""
    if runs.is_on_trial:
        text += f", on trial for {count(runs.left, 'more start')}"
    if runs.back in slots.WHY_BACK:
        text += f"; the newer files are not in use: {slots.WHY_BACK[runs.back]}"
    return text
