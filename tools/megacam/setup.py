"""The steps that only `megacam setup` has: the questions, the key and the first photo.

Every step first checks what is already done, so you can run an interrupted setup again.
"""

import dataclasses
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from megacam import settings
from megacam.aws import Aws
from megacam.board import flash, provision
from megacam.board.device import Device
from megacam.board.keys import KeyBoard
from megacam.cloud import rotate
from megacam.commands.options import Place, is_other_store, place
from megacam.console import MisuseError
from megacam.doctor import probes, verdicts
from megacam.errors import MegacamError

_POLL_S = 2
_LINK_S = 7 * 86_400  # the longest that Signature V4 allows
# The settings that setup asks for, and the questions.
QUESTIONS = (
    ("s3.bucket", "Name of the bucket for the photos (unique world-wide)"),
    ("s3.region", "AWS region"),
    ("device", "Name of this camera"),
)


class NoPhotoError(MegacamError):
    """No photo arrived in time."""


def write_config(path: Path, answers: dict[str, str]) -> None:
    """Write a config.json with these settings; raises SettingsError or MegacamError.

    It never contains secrets: those go from the prompt to the board.
    """
    config: dict[str, Any] = {}
    for name, value in answers.items():
        section, _, inner = name.rpartition(".")
        (config.setdefault(section, {}) if section else config)[inner] = value
    # The board must upload to the store in which the bucket is created.
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        config.setdefault("s3", {}).update(endpoint=endpoint, path_style=True)
    settings.check(config)
    try:
        path.write_text(json.dumps(config, indent=4) + "\n", encoding="utf-8")
    except OSError as error:
        raise MegacamError(f"cannot write {path}: {error.strerror}; choose --config") from error


def place_of(config: Path) -> Place:
    """Return where the board will put its photos; settings not in config.json have defaults."""
    found = place(None, None, None, config)
    return dataclasses.replace(
        found,
        device=found.device or settings.default("device"),
        region=found.region or settings.default("s3.region"),
    )


def owner(place: Place, profile: str | None) -> Aws | None:
    """Return the owner's access to AWS, or None for a store whose keys are created elsewhere."""
    if is_other_store(place):
        return None
    return Aws(profile, place.region, path_style=place.path_style)


def check_iot(place: Place, aws: Aws | None, raw: dict[str, Any]) -> None:
    """Raise MisuseError if --iot is used with a store other than AWS or with an access key."""
    if not aws:
        raise MisuseError(
            f"--iot needs AWS, and {place.source} names the store {place.endpoint}; make a key "
            "there and leave out --iot"
        )
    if "aws" in provision.from_environment(raw):
        raise MisuseError(
            "--iot makes a certificate, but an access key is given as well; remove it from "
            f"{place.source} (aws) and the environment (MEGACAM_KEY_ID), or leave out --iot"
        )


def must_flash(board: Device, image: flash.Image | None) -> bool:
    """Return whether to flash `image` to a board whose MicroPython is already new enough."""
    return image is not None and image.version != board.version


def put_key(board: Device, ring: rotate.KeyRing[Any], say: Callable[[str], None]) -> str:
    """Make sure that the board has a working key of `ring`; return the key's identity.

    A working key on the board stays. If the ring has no active key, make one; if it has active
    keys but none is on the board, rotate them (see rotate). Raises MegacamError.
    """
    held = KeyBoard(board).key_identity()
    active = [one["id"] for one in ring.list() if one["active"]]
    if held in active:
        say(f"the board has the {ring.word} {held} already")
        return str(held)
    if active:
        return rotate.rotate(ring, KeyBoard(board), say).identity
    key = rotate.new_key(ring)
    try:
        KeyBoard(board).put_key(key)
    except MegacamError:
        ring.delete(key.identity)
        raise
    say(f"made the {ring.word} {key.identity} and put it on the board")
    return key.identity


def prove_upload(board: Device) -> tuple[str, str]:
    """Let the board take a photo and upload a text with its key; raises MegacamError.

    Returns the key of the object that it stored and the text that it sent.
    """
    for name, probe in (("camera", probes.CAMERA), ("frame", probes.FRAME)):
        verdicts.run(board, name, probe)
    return KeyBoard(board).store_text()


def join(board: Device) -> str:
    """Let the board join its Wi-Fi; return its address; raises FailedError."""
    return verdicts.run(board, "wifi", probes.WIFI)[0]


def photos(aws: Aws, place: Place) -> set[str]:
    """Return the keys of the device's photos that are in the bucket."""
    pages = aws.pages(
        "s3", "list_objects_v2", Bucket=place.need_bucket(), Prefix=f"{place.need_device()}/"
    )
    return {
        one["Key"]
        for page in pages
        for one in page.get("Contents", ())
        if one["Key"].endswith(".jpg")
    }


def first_photo(
    aws: Aws, place: Place, before: set[str], timeout_s: float, clock: Any = time
) -> tuple[str, str]:
    """Wait for a photo that was not there `before`; return (key, link); raises NoPhotoError."""
    deadline = clock.monotonic() + timeout_s
    while True:
        new = photos(aws, place) - before
        if new:
            key = min(new)
            return key, aws.presigned_url(place.need_bucket(), key, _LINK_S)
        if clock.monotonic() > deadline:
            raise NoPhotoError(
                f"no photo arrived within {timeout_s:.0f} s; `megacam logs` shows what the board "
                "does, `megacam doctor` says what to do"
            )
        clock.sleep(_POLL_S)


def missing_entries(board: Device, given: dict[str, Any]) -> list[str]:
    """Return the NVS entries that must be asked for: neither given nor on the board."""
    known = provision.known(board)
    return [entry for entry in provision.ENTRIES if entry not in given and entry not in known]
