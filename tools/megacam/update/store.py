"""The objects under DEVICE/_update/: the release that is offered, and its files by hash."""

import contextlib
import dataclasses
from collections.abc import Mapping

from megacam.aws import Aws, AwsError
from megacam.cloud.spec import updates_folder
from megacam.errors import MegacamError
from megacam.update import manifest as manifests
from megacam.update import verify
from megacam.update.manifest import Manifest, ManifestError

RELEASE = "release"
_LIMIT_BYTES = manifests.SIGNATURE_BYTES + manifests.TEXT_BYTES
_GONE = ("NoSuchKey", "404")
_LOST = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")


@dataclasses.dataclass(frozen=True)
class Offer:
    """What lies in the bucket for a camera. `manifest`: None unless one of our keys signed it."""

    etag: str
    content: bytes
    manifest: Manifest | None


class Updates:
    """The updates of a bucket, as its owner. `moduli`: the keys whose releases are ours."""

    def __init__(self, aws: Aws, bucket: str, moduli: tuple[bytes, ...]):
        self._aws = aws
        self.bucket = bucket
        self._moduli = moduli

    def offer(self, device: str) -> Offer | None:
        """Return what is offered to a camera, or None; raises AwsError."""
        key = name(device, RELEASE)
        answer = self._aws.call("s3", "get_object", missing=_GONE, Bucket=self.bucket, Key=key)
        if answer is None:
            return None
        with contextlib.closing(answer["Body"]) as body:
            content = body.read(_LIMIT_BYTES + 1)
        return Offer(answer["ETag"], content, self._ours(content))

    def _ours(self, content: bytes) -> Manifest | None:
        signature, text = (
            content[: manifests.SIGNATURE_BYTES],
            content[manifests.SIGNATURE_BYTES :],
        )
        if not any(verify.is_signed(signature, text, modulus) for modulus in self._moduli):
            return None
        try:
            return manifests.parse(text)
        except ManifestError:
            return None

    def put_files(self, device: str, objects: Mapping[str, bytes]) -> None:
        """Store the files of a release. Those that are there are stored again: one may be bad."""
        for digest, content in objects.items():
            self._put(name(device, digest), content)

    def put_release(self, device: str, content: bytes, before: Offer | None) -> None:
        """Offer a release, if what is offered is still `before`; raises MegacamError if not."""
        still = ("IfMatch", before.etag) if before else ("IfNoneMatch", "*")
        try:
            self._put(name(device, RELEASE), content, still)
        except AwsError as error:
            if error.code not in _LOST:
                raise
            raise MegacamError(
                f"somebody else released something for {device} at this moment, and that stays; "
                "look at it with `megacam update status` before you push again"
            ) from error

    def withdraw(self, device: str) -> None:
        """Offer nothing any more; cameras that took the release keep it."""
        self._aws.call("s3", "delete_object", Bucket=self.bucket, Key=name(device, RELEASE))

    def _put(self, key: str, content: bytes, *conditions: tuple[str, str]) -> None:
        order = {"Bucket": self.bucket, "Key": key, "Body": content, **dict(conditions)}
        self._aws.call("s3", "put_object", **order, ContentType="application/octet-stream")


def name(device: str, below: str) -> str:
    """Return the key of an object below DEVICE/_update/."""
    return f"{updates_folder(device)}/{below}"
