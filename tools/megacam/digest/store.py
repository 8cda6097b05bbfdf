"""What the digest asks of the store, each request counted; nothing is overwritten unseen.

    store = Store(boto3.client("s3", config=CONFIG), "my-photos")
    found = store.read_json("cam1/_digest/2026/11/23/day.json")

All calls block and are thread-safe. They raise refusals.BucketError.
"""

import contextlib
import json
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import botocore.config

from megacam.gallery import bucket as photo_bucket
from megacam.gallery import refusals
from megacam.gallery.bucket import PHOTO_LIMIT_BYTES
from megacam.gallery.refusals import BucketError, PhotoMissingError

# Nobody waits for these calls: throttling is waited out, with botocore's backoff and jitter.
CONFIG = photo_bucket.CONFIG.merge(
    botocore.config.Config(read_timeout=30, retries={"mode": "standard", "total_max_attempts": 6})
)
JSON_LIMIT_BYTES = 16 << 20
FILM_LIMIT_BYTES = 256 << 20
_KINDS = {"jpg": "image/jpeg", "mp4": "video/mp4", "json": "application/json"}
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_NO_CONDITIONS = ("NotImplemented", "501")
_DENIED = ("AccessDenied", "403", "Forbidden")
_REMEDIES = {
    "": "run the digest again, it goes on from here",
    "SlowDown": "S3 asks for fewer requests; run the digest again, it goes on from here",
    "AccessDenied": "give these credentials s3:ListBucket on the bucket, s3:GetObject on the "
    "photos, and s3:PutObject and s3:DeleteObject below DEVICE/_digest/",
}
# A piece under such a name never changes, so a browser may keep it.
_FOR_EVER = "private, max-age=31536000, immutable"


class LostRaceError(BucketError):
    """Another run wrote the object meanwhile: read it again."""


@dataclass(frozen=True)
class Index:
    """An index as it is in the store; `etag` is "" if there is none, and then `data` is empty."""

    data: dict[str, Any]
    etag: str


class Store:
    """A bucket; `requests` counts what was asked, by kind: list, get, put, delete."""

    def __init__(self, client: Any, bucket: str):
        self.bucket = bucket
        self.requests: Counter[str] = Counter()
        self.read_bytes = 0
        self.written_bytes = 0
        self._client = client
        self._plain = False
        self._lock = threading.Lock()

    def pages(self, prefix: str, after: str = "") -> Iterator[list[dict[str, Any]]]:
        """Yield the objects of a listing, up to 1,000 at a time; `after` is where it starts."""
        request = {"Bucket": self.bucket, "Prefix": prefix}
        request |= {"StartAfter": after} if after else {}
        while True:
            with self._ask("list", f"listing {prefix}"):
                page = self._client.list_objects_v2(**request)
            yield page.get("Contents", [])
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def read(self, key: str, limit_bytes: int = PHOTO_LIMIT_BYTES) -> tuple[bytes, dict[str, str]]:
        """Return an object and its metadata; raises PhotoMissingError if it is over the limit."""
        data, answer = self._get(key, limit_bytes)
        return data, {str(k): str(v) for k, v in answer.get("Metadata", {}).items()}

    def read_index(self, key: str, format: int) -> Index:
        """Return an index; one that is missing is empty, and so is one that is not ours."""
        try:
            data, answer = self._get(key, JSON_LIMIT_BYTES)
        except PhotoMissingError:
            return Index({}, "")
        etag = str(answer.get("ETag", ""))
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            return Index({}, etag)
        ours = isinstance(found, dict) and found.get("format") == format
        return Index(found if ours else {}, etag)

    def metadata(self, key: str) -> dict[str, str]:
        """Return what the camera wrote about a photo."""
        with self._missing_is_said(key), self._ask("get", f"reading {key}"):
            answer = self._client.head_object(Bucket=self.bucket, Key=key)
        return {str(k): str(v) for k, v in answer.get("Metadata", {}).items()}

    def write_piece(self, key: str, data: bytes, metadata: dict[str, str] | None = None) -> None:
        """Put an object that never changes; that it is there already is as good."""
        with contextlib.suppress(LostRaceError):
            more = {"Metadata": metadata or {}, "CacheControl": _FOR_EVER}
            self._put(key, data, {"IfNoneMatch": "*"}, **more)

    def write_index(
        self, key: str, data: dict[str, Any], seen: Index, *, safely: bool = False
    ) -> None:
        """Put an index in place of the one `seen`; raises LostRaceError if it has changed.

        `safely`: raise BucketError if the store has no conditional writes.
        """
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        condition = {"IfMatch": seen.etag} if seen.etag else {"IfNoneMatch": "*"}
        self._put(key, text.encode(), condition, safely)

    def annotate(self, key: str, etag: str, name: str, text: str) -> bool:
        """Attach `text` to the object with this ETag ("": any); return whether it was done.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html

        A store that does not know the operation may replace the object, so only Amazon is asked.
        """
        put = getattr(self._client, "put_object_annotation", None)
        host = urllib.parse.urlsplit(str(self._client.meta.endpoint_url)).hostname or ""
        if put is None or not host.endswith(_AMAZON):
            return False
        what: dict[str, Any] = {"AnnotationName": name, "AnnotationPayload": text.encode()}
        what |= {"ObjectIfMatch": f'"{etag}"'} if etag else {}
        with self._ask("put", f"annotating {key}"):
            put(Bucket=self.bucket, Key=key, **what)
        return True

    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to 1,000 objects; those that do not exist are no error."""
        if len(keys) == 1:
            with self._ask("delete", f"deleting {keys[0]}"):
                self._client.delete_object(Bucket=self.bucket, Key=keys[0])
        elif keys:
            order = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            with self._ask("delete", f"deleting {keys[0]} and others"):
                self._client.delete_objects(Bucket=self.bucket, Delete=order)

    def _get(self, key: str, limit_bytes: int) -> tuple[bytes, dict[str, Any]]:
        with self._missing_is_said(key), self._ask("get", f"reading {key}"):
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
            with contextlib.closing(answer["Body"]) as body:
                if answer.get("ContentLength", 0) > limit_bytes:
                    raise PhotoMissingError(f"{key} is over {limit_bytes >> 20} MB")
                data = body.read(limit_bytes + 1)
        with self._lock:
            self.read_bytes += len(data)
        return data, answer

    def _put(
        self,
        key: str,
        data: bytes,
        condition: dict[str, str],
        safely: bool = False,
        **more: Any,
    ) -> None:
        if safely and self._plain:
            raise BucketError(f"writing {key}: this store has no conditional writes")
        kind = _KINDS[key.rpartition(".")[2]]
        order = {"Bucket": self.bucket, "Key": key, "Body": data, "ContentType": kind, **more}
        try:
            with self._ask("put", f"writing {key}"):
                self._client.put_object(**order, **({} if self._plain else condition))
        except PhotoMissingError as error:
            raise LostRaceError(f"writing {key}: another run has deleted it") from error
        except BucketError as error:
            if _code_behind(error) not in _NO_CONDITIONS or self._plain or safely:
                raise
            # A store without conditional writes: two runs at once may then lose an hour, which
            # the next run makes again.
            self._plain = True
            with self._ask("put", f"writing {key}"):
                self._client.put_object(**order)
        with self._lock:
            self.written_bytes += len(data)

    @contextlib.contextmanager
    def _missing_is_said(self, key: str) -> Iterator[None]:
        """Tell a missing object from a forbidden one.

        To a role that may list only a prefix, S3 answers 403 for an object that does not exist.
        """
        try:
            yield
        except PhotoMissingError:
            raise
        except BucketError as error:
            if _code_behind(error) not in _DENIED or key in {
                one["Key"] for one in next(self.pages(key))
            }:
                raise
            raise PhotoMissingError(f"reading {key}: it is not in the bucket") from error

    @contextlib.contextmanager
    def _ask(self, kind: str, what: str) -> Iterator[None]:
        with self._lock:
            self.requests[kind] += 1
        try:
            yield
        except refusals.FAULTS as error:
            if refusals.code_of(error) in _TAKEN:
                raise LostRaceError(f"{what}: another run was faster") from error
            endpoint = str(self._client.meta.endpoint_url)
            raise refusals.explain(error, what, self.bucket, endpoint, _REMEDIES) from error


def modified(item: dict[str, Any]) -> datetime:
    """Return when an object of a listing was last written."""
    return item["LastModified"]


def _code_behind(error: BucketError) -> str:
    cause = error.__cause__
    return refusals.code_of(cause) if isinstance(cause, Exception) else ""
