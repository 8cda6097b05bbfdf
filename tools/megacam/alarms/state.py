"""The state of a camera's alarms: DEVICE/_digest/alarms.json in the bucket, or a local file.

    state, tag = box.load()
    box.save(state, tag)  # raises ConflictError if somebody else saved in the meantime

In the bucket the save is a conditional put, so of two watchers that see the same trouble only one
tells it.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from megacam.alarms.rules import WORDS, State
from megacam.errors import MegacamError
from megacam.gallery import refusals

#: The prefix of all that is derived from a camera's photos, and the name below it.
NAME = "_digest/alarms.json"
#: For who tells nobody but Home Assistant: whoever first saves an event in NAME must send it.
HOME_NAME = "_digest/home.json"
_LIMIT_BYTES = 1 << 18
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_UNKNOWN = ("NotImplemented", "501")
_NUMBERS = ("reported", "refused", "refused_at", "refused_new", "behind", "grown", "peak")


class ConflictError(MegacamError):
    """Another watcher has saved the state since it was loaded; the next look reads that."""


class Box(Protocol):
    """Where one camera's state is kept."""

    def load(self) -> tuple[State, str]:
        """Return (state, tag); the state is empty and the tag "" if there is none yet."""
        ...

    def save(self, state: State, tag: str) -> str:
        """Replace the state that has `tag`; return the new tag; raises ConflictError."""
        ...


class BucketBox:
    """The state in the bucket; needs s3:GetObject and s3:PutObject on DEVICE/_digest/."""

    def __init__(self, client: Any, bucket: str, device: str, name: str = NAME):
        self._client = client
        self._bucket = bucket
        self._key = f"{device}/{name}"
        # Some stores know no conditional put: there two watchers may both tell an event.
        self._is_conditional = True

    def load(self) -> tuple[State, str]:
        """See Box."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            with contextlib.closing(answer["Body"]) as body:
                return _parsed(body.read(_LIMIT_BYTES)), str(answer.get("ETag", ""))
        except refusals.FAULTS as error:
            if refusals.code_of(error) in refusals.MISSING or self._is_only_hidden(error):
                return {}, ""
            raise self._explained(error, "reading") from error

    def save(self, state: State, tag: str) -> str:
        """See Box."""
        wanted = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            return self._put(state, wanted if self._is_conditional else {})
        except refusals.FAULTS as error:
            code = refusals.code_of(error)
            if code in (*_CONFLICTS, *refusals.MISSING):
                raise ConflictError(f"{self._key} was changed by another watcher") from error
            if code in _UNKNOWN and self._is_conditional:
                self._is_conditional = False
                return self.save(state, tag)
            raise self._explained(error, "writing") from error

    def _is_only_hidden(self, error: Exception) -> bool:
        """Return True if the object does not exist, which S3 tells only to who may list all."""
        if not refusals.is_denied(error):
            return False
        try:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._key)
        except refusals.FAULTS:
            return False
        return all(one["Key"] != self._key for one in found.get("Contents", ()))

    def _put(self, state: State, condition: dict[str, str]) -> str:
        answer = self._client.put_object(
            Bucket=self._bucket,
            Key=self._key,
            Body=_bytes(state),
            ContentType="application/json",
            **condition,
        )
        return str(answer.get("ETag", ""))

    def _explained(self, error: Exception, doing: str) -> MegacamError:
        if doing == "writing" and refusals.code_of(error) in ("AccessDenied", "403"):
            return MegacamError(
                f"these credentials may not write {self._key}; allow s3:PutObject on it, or keep "
                "the state on this computer with --state FOLDER"
            )
        endpoint = str(self._client.meta.endpoint_url)
        return refusals.explain(error, f"{doing} {self._key}", self._bucket, endpoint)


class MemoryBox:
    """The state in memory, for a watcher that tells nobody: others must tell the events."""

    def __init__(self) -> None:
        self._data = b""

    def load(self) -> tuple[State, str]:
        """See Box."""
        return (_parsed(self._data), _tag(self._data)) if self._data else ({}, "")

    def save(self, state: State, tag: str) -> str:
        """See Box."""
        self._data = _bytes(state)
        return _tag(self._data)


class FileBox:
    """The state in FOLDER/DEVICE.json, for a watcher whose credentials only read the bucket."""

    def __init__(self, folder: Path, device: str):
        self._path = folder / f"{device.replace(os.sep, '_')}.json"

    def load(self) -> tuple[State, str]:
        """See Box."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}, ""
        except OSError as error:
            raise MegacamError(f"cannot read {self._path}: {error.strerror}") from error
        return _parsed(data), _tag(data)

    def save(self, state: State, tag: str) -> str:
        """See Box."""
        data = _bytes(state)
        if self.load()[1] != tag:
            raise ConflictError(f"{self._path} was changed by another watcher")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                file.write(data)
            Path(file.name).replace(self._path)
        except OSError as error:
            raise MegacamError(f"cannot write {self._path}: {error.strerror}") from error
        return _tag(data)


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(state: State) -> bytes:
    return json.dumps(state, separators=(",", ":")).encode()


def _parsed(data: bytes) -> State:
    """Return the state in `data`; what is damaged, or from another version, counts as none."""
    try:
        state = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return state if isinstance(state, dict) and _is_sound(state) else {}


def _is_sound(state: State) -> bool:
    # A camera's key may create this object: it must neither stop nor mislead a watcher.
    problems = state.get("problems", {})
    claim = state.get("claim") or {"by": "", "until": 0}
    over, held, outbox = (state.get(name, []) for name in ("over", "held", "outbox"))
    return (
        state.get("version") == 1
        and all(type(state.get(name)) in (int, type(None)) for name in _NUMBERS)
        and all(type(state.get(name)) in (str, type(None)) for name in ("update", "photo"))
        and isinstance(problems, dict)
        and all(name in WORDS and _has(one, since=int) for name, one in problems.items())
        and all(type(one.get("calm")) in (int, type(None)) for one in problems.values())
        and _has(claim, by=str, until=int)
        and all(isinstance(some, list) for some in (over, held, outbox))
        and all(_has(one, name=str, since=int) and one["name"] in WORDS for one in over)
        and all(_has(one, device=str, kind=str, text=str, time=int) for one in held + outbox)
        and all(_has(one, to=list, tries=int, again=int) for one in outbox)
    )


def _has(value: Any, **kinds: type) -> bool:
    is_dict = isinstance(value, dict)
    return is_dict and all(type(value.get(name)) is kind for name, kind in kinds.items())
