"""What says what is to be seen in a photo: Amazon Rekognition, or a model of your own over HTTP.

    model = of("https://model.example.org/labels", token="...")
    model.label(jpeg)       # (("fox", 0.93), ("grass", 0.88))

Every fault of a model is a ModelError, which names no secret. What it answers is untrusted.
"""

import contextlib
import ipaddress
import json
import math
import queue
import threading
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import botocore.config
import botocore.exceptions
import urllib3

from megacam import outgoing
from megacam.errors import MegacamError

REKOGNITION = "rekognition"
#: The variable that holds the token of an address.
TOKEN = "MEGACAM_LABELS_TOKEN"
#: Labels of a photo with their scores, 0 to 1, best first.
Labels = tuple[tuple[str, float], ...]
LABELS_MOST = 10
NAME_CHARACTERS = 40
# Below that, a label is more often wrong than right.
SCORE_LEAST = 0.6
ANSWER_LIMIT_BYTES = 64 << 10
CALL_S = 20.0
_CONNECT_S = 5
# One attempt is one call, which the budget counts; so nothing is repeated behind its back.
CONFIG = botocore.config.Config(
    connect_timeout=_CONNECT_S,
    read_timeout=CALL_S,
    retries={"mode": "standard", "total_max_attempts": 1},
)
# 169.254.0.0/16, where AWS hands out credentials, is not among them.
_NEAR = [
    ipaddress.ip_network(net)
    for net in ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]


class ModelError(MegacamError):
    """The model did not label a photo."""


class Model(Protocol):
    """Something that labels photos; a call is what is paid for."""

    def label(self, jpeg: bytes) -> Labels:
        """Return the labels of a photo; raises ModelError after at most CALL_S."""
        ...


def of(words: str, token: str = "", client: Callable[[], Any] | None = None) -> Model:
    """Return the model of the setting: `rekognition`, for which `client` is, or an address."""
    if words == REKOGNITION and client:
        return Rekognition(client())
    return Http(words, token)


def check(words: str, *, near: bool = True) -> str:
    """Return `words` if they name a model; raises MegacamError.

    `near`: whether http:// on this computer or in a private network will do.
    """
    if words == REKOGNITION:
        return words
    try:
        parts = urllib.parse.urlsplit(words)
        host = parts.hostname or ""
        is_right = parts.port != 0 and "@" not in parts.netloc and words.isprintable()
    except ValueError:
        parts, host, is_right = urllib.parse.urlsplit(""), "", False
    secure = parts.scheme == "https" or (near and parts.scheme == "http" and _is_near(host))
    if not (is_right and host and secure and " " not in words):
        also = ", or http:// and an address on this computer or in your own network"
        raise MegacamError(
            "the model for labels must be rekognition or begin with https://"
            f"{also if near else ''}; a token goes into the variable {TOKEN}"
        )
    return words


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in net for net in _NEAR)


class Rekognition:
    """DetectLabels of Amazon Rekognition; `client` is boto3's, made with CONFIG.

    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
    """

    def __init__(self, client: Any, limit_s: float = CALL_S):
        self._client = client
        self._limit_s = limit_s

    def label(self, jpeg: bytes) -> Labels:
        """See Model."""
        return _within(self._limit_s, "Rekognition", lambda: self._ask(jpeg))

    def _ask(self, jpeg: bytes) -> Labels:
        wanted = {"MaxLabels": LABELS_MOST, "MinConfidence": 100 * SCORE_LEAST}
        try:
            answer = self._client.detect_labels(Image={"Bytes": jpeg}, **wanted)
        except botocore.exceptions.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ModelError(f"Rekognition refused ({code})") from error
        except botocore.exceptions.BotoCoreError as error:
            raise ModelError(f"Rekognition: {type(error).__name__}") from error
        return tidy((one["Name"], one["Confidence"] / 100) for one in answer["Labels"])


class Http:
    """A server that takes a POST of the JPEG; docs/digest.md has the form of its answer."""

    def __init__(self, url: str, token: str = "", limit_s: float = CALL_S):
        self._url = check(url)
        self._host = urllib.parse.urlsplit(url).netloc
        self._headers = {"Content-Type": "image/jpeg", "User-Agent": "megacam"}
        self._headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self._limit_s = limit_s
        self._pool = outgoing.pool(url, _CONNECT_S, CALL_S)

    def label(self, jpeg: bytes) -> Labels:
        """See Model."""
        data = _within(self._limit_s, self._host, lambda: self._post(jpeg))
        try:
            found = json.loads(data)["labels"]
            return tidy((one["name"], one["score"]) for one in found)
        except (ValueError, RecursionError, LookupError, TypeError) as error:
            raise ModelError(
                f'{self._host} did not answer {{"labels": [{{"name": "fox", "score": 0.9}}]}}'
            ) from error

    def _post(self, jpeg: bytes) -> bytes:
        order: dict[str, Any] = {"redirect": False, "retries": False, "preload_content": False}
        try:
            answer = self._pool.request(
                "POST", self._url, body=jpeg, headers=self._headers, **order
            )
            with contextlib.closing(answer):
                # Not decoded: a few compressed bytes may become gigabytes.
                data = answer.read(ANSWER_LIMIT_BYTES + 1, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ModelError(f"{self._host} {outgoing.reason(error)}") from None
        if answer.status != 200:
            raise ModelError(f"{self._host} answered {answer.status}")
        if len(data) > ANSWER_LIMIT_BYTES:
            raise ModelError(f"{self._host} answered with over {ANSWER_LIMIT_BYTES >> 10} KB")
        return data


def tidy(found: Iterable[tuple[Any, Any]]) -> Labels:
    """Return the best labels of an answer, in lower case; raises ValueError for a wrong shape."""
    best: dict[str, float] = {}
    for name, score in found:
        name, score = checked(name.strip().lower() if isinstance(name, str) else name, score)
        if score >= SCORE_LEAST:
            best[name] = max(score, best.get(name, 0.0))
    ranked = sorted(best.items(), key=lambda one: (-one[1], one[0]))
    return tuple(ranked[:LABELS_MOST])


def checked(name: Any, score: Any) -> tuple[str, float]:
    """Return a label; raises ValueError if it is none."""
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= NAME_CHARACTERS:
        raise ValueError("the name of a label is a short text")
    if type(score) not in (int, float) or not math.isfinite(score) or not 0 <= score <= 1:
        raise ValueError("the score of a label is 0 to 1")
    return name, round(float(score), 3)


def _within(limit_s: float, name: str, ask: Callable[[], Any]) -> Any:
    """Return what `ask` returns; raise ModelError if that takes too long, or whatever it raises.

    A server that sends a byte every few seconds meets every time-out of a socket; so it is left
    waiting in a thread of its own.
    """
    done: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((ask(), None))
        except Exception as error:
            done.put((None, error))

    threading.Thread(target=run, daemon=True, name="label").start()
    try:
        found, error = done.get(timeout=limit_s)
    except queue.Empty:
        raise ModelError(f"{name} did not answer in {limit_s:g} s") from None
    if isinstance(error, ModelError):
        raise error
    if error:
        raise ModelError(f"{name} gave an answer that makes no sense") from error
    return found
