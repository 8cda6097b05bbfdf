"""The key-value store at CloudFront, which has the links of a site, and their revocation."""

import dataclasses
import json
import time
from collections.abc import Callable
from typing import Any

from megacam.aws import Aws, AwsError
from megacam.errors import MegacamError
from megacam.site import links
from megacam.site.links import Link

_SERVICE = "cloudfront-keyvaluestore"
_CAMERAS = "cameras"
# A revoked link stays under this name until it would have ended: its refusal can be proved.
_REVOKED = "revoked."
# What CloudFront takes: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_KEYS_HIGHEST = 50
_VALUE_HIGHEST = 1024
# Somebody else changed the store between our reading and our writing.
_TRIES = 5
_CHANGED = ("ConflictException", "PreconditionFailed", "412")


@dataclasses.dataclass(frozen=True)
class Contents:
    """All that the store has: links that work, links that were revoked, and the cameras."""

    links: tuple[Link, ...]
    revoked: tuple[Link, ...]
    cameras: tuple[str, ...]

    def live(self, now_s: float) -> list[Link]:
        """Return the links that have not ended."""
        return [link for link in self.links if link.until > now_s]


class Store:
    """The store with the ARN `arn`; every method raises AwsError if AWS refuses."""

    def __init__(self, aws: Aws, arn: str, now: Callable[[], float] = time.time):
        self._aws = aws
        self._arn = arn
        self._now = now

    def read(self) -> Contents:
        """Return the contents; one request for up to 50 entries."""
        raw = self._raw()
        found = [links.read(name, value) for name, value in raw.items()]
        gone = [
            links.read(name.removeprefix(_REVOKED), value)
            for name, value in raw.items()
            if name.startswith(_REVOKED)
        ]
        return Contents(
            tuple(sorted((one for one in found if one), key=lambda link: link.made)),
            tuple(sorted((one for one in gone if one), key=lambda link: link.made)),
            tuple(json.loads(raw.get(_CAMERAS, "[]"))),
        )

    def set_cameras(self, cameras: tuple[str, ...]) -> None:
        """Replace the list of cameras that a link without cameras shows."""
        check_cameras(cameras)
        self._change(lambda raw: ({_CAMERAS: _cameras_entry(cameras)}, []))

    def add(self, link: Link) -> None:
        """Add a link, and forget those that have ended, as many as one request takes."""
        if len(link.entry) > _VALUE_HIGHEST:
            raise MegacamError(
                f"too many cameras for one link ({len(link.cameras)}); make the link without "
                "--device, for all cameras, or several links with fewer --device each"
            )

        def change(raw: dict[str, str]) -> tuple[dict[str, str], list[str]]:
            now_s = self._now()
            ended = [
                name
                for name, value in raw.items()
                if (one := links.read(name.removeprefix(_REVOKED), value)) and one.until <= now_s
            ]
            return {link.entry_name: link.entry}, ended[: _KEYS_HIGHEST - 1]

        self._change(change)

    def revoke(self, revoked: list[Link]) -> None:
        """Revoke links, up to 25 a request; CloudFront's servers know within seconds."""
        count = _KEYS_HIGHEST // 2
        for first in range(0, len(revoked), count):
            self._revoke(revoked[first : first + count])

    def _revoke(self, revoked: list[Link]) -> None:
        self._change(
            lambda raw: (
                {_REVOKED + link.entry_name: link.entry for link in revoked},
                [link.entry_name for link in revoked if link.entry_name in raw],
            )
        )

    def _raw(self) -> dict[str, str]:
        pages = self._aws.pages(_SERVICE, "list_keys", KvsARN=self._arn)
        return {one["Key"]: one["Value"] for page in pages for one in page.get("Items", [])}

    def _change(
        self, change: Callable[[dict[str, str]], tuple[dict[str, str], list[str]]]
    ) -> None:
        for _ in range(_TRIES):
            about = self._aws.call(_SERVICE, "describe_key_value_store", KvsARN=self._arn)
            puts, deletes = change(self._raw())
            order: dict[str, Any] = {
                "Puts": [{"Key": name, "Value": value} for name, value in puts.items()],
                "Deletes": [{"Key": name} for name in deletes],
            }
            try:
                self._aws.call(
                    _SERVICE, "update_keys", KvsARN=self._arn, IfMatch=about["ETag"], **order
                )
            except AwsError as error:
                if error.code not in _CHANGED:
                    raise
                continue
            return
        raise MegacamError("the links of the site change too fast; run the same command again")


def check_cameras(cameras: tuple[str, ...]) -> None:
    """Raise MegacamError if a site cannot show so many cameras: their names are in one entry."""
    if len(_cameras_entry(cameras)) > _VALUE_HIGHEST:
        raise MegacamError(
            f"too many cameras for one site ({len(cameras)}): their names have more than "
            f"{_VALUE_HIGHEST} characters together; put this camera into another bucket with a "
            "site of its own"
        )


def _cameras_entry(cameras: tuple[str, ...]) -> str:
    return json.dumps(sorted(cameras), separators=(",", ":"))


def chosen(contents: Contents, word: str) -> list[Link]:
    """Return the links that `word` means: an id, a name, or "all"; raises MegacamError."""
    found = [one for one in contents.links if word in (one.id, one.name, "all")]
    if not found:
        known = ", ".join(f"{one.id} ({one.name})" for one in contents.links) or "none"
        raise MegacamError(f"there is no link {word!r}; the links are: {known}")
    return found
