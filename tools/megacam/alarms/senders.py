"""The senders: ntfy, Telegram, a webhook, and e-mail by Amazon SNS.

A sender has a `name` and send(message), which raises SendError. TLS is always verified, no
redirect is followed, and no error names a token, a topic or the path of an address: these are
secrets.
"""

import contextlib
import dataclasses
import json
import urllib.parse
from collections.abc import Callable
from typing import Any, Protocol

import botocore.config
import botocore.exceptions
import urllib3

from megacam import outgoing
from megacam.errors import MegacamError

_CONNECT_S = 5
_READ_S = 10
_TELEGRAM = "https://api.telegram.org"
# ntfy's scale is 1 to 5, and 3 is the default.
_PRIORITIES = {"well": 3, "test": 3, "lost": 5}
_TAGS = {"well": "white_check_mark", "test": "wave"}
_SUBJECT_LIMIT = 99
SNS_CONFIG = botocore.config.Config(
    connect_timeout=_CONNECT_S,
    read_timeout=_READ_S,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class SendError(MegacamError):
    """A message was not sent; it says why. `is_final`: the same again would fail as well."""

    def __init__(self, text: str, is_final: bool = False):
        super().__init__(text)
        self.is_final = is_final


@dataclasses.dataclass(frozen=True)
class Message:
    """What a sender sends; `link` is a presigned URL of the newest photo, or "".

    `time` is UTC in seconds since 1970, `id` the same when a message is sent again.
    """

    id: str
    device: str
    kind: str
    time: int
    title: str
    text: str
    link: str = dataclasses.field(default="", repr=False)

    @property
    def body(self) -> str:
        """The text, with the link in a line of its own."""
        return f"{self.text}\n{self.link}" if self.link else self.text


class Sender(Protocol):
    """Sends messages to one place."""

    name: str

    def send(self, message: Message) -> None:
        """Send `message`; raises SendError."""
        ...


class Ntfy:
    """ntfy.sh, or a server of your own; `url` is that of the topic.

    https://docs.ntfy.sh/publish/#publish-as-json
    """

    name = "ntfy"

    def __init__(self, url: str, token: str = ""):
        self._server, _, self._topic = url.rstrip("/").rpartition("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, message: Message) -> None:
        """See Sender."""
        wanted: dict[str, Any] = {
            "topic": self._topic,
            "title": message.title,
            "message": message.text,
            "priority": _PRIORITIES.get(message.kind, 4),
            "tags": [_TAGS.get(message.kind, "warning")],
        }
        if message.link:
            wanted |= {"click": message.link, "attach": message.link, "filename": "photo.jpg"}
        _post(self.name, f"{self._server}/", wanted, self._headers)


class Telegram:
    """A Telegram bot; `chat` is the number of a chat or @NAME of a channel.

    https://core.telegram.org/bots/api#sendmessage
    """

    name = "telegram"

    def __init__(self, chat: str, token: str, server: str = _TELEGRAM):
        self._chat = chat
        self._url = f"{server.rstrip('/')}/bot{token}/sendMessage"

    def send(self, message: Message) -> None:
        """See Sender."""
        text = f"{message.title}\n{message.body}"
        _post(self.name, self._url, {"chat_id": self._chat, "text": text}, {})


class Webhook:
    """Any server that takes a POST with JSON; docs/alarms.md has the entries."""

    name = "webhook"

    def __init__(self, url: str, token: str = ""):
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, message: Message) -> None:
        """See Sender."""
        wanted = dataclasses.asdict(message)
        _post(self.name, self._url, wanted, self._headers)


class Sns:
    """A topic of Amazon SNS, which sends e-mail to all who have confirmed their address.

    `client` takes a region and returns a boto3 client of SNS, preferably with SNS_CONFIG.
    """

    name = "sns"

    def __init__(self, topic: str, client: Callable[[str], Any]):
        self._topic = topic
        self._client = client

    def send(self, message: Message) -> None:
        """See Sender."""
        # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        subject = message.title.encode("ascii", "replace").decode()[:_SUBJECT_LIMIT]
        try:
            client = self._client(self._topic.split(":")[3])
            client.publish(TopicArn=self._topic, Subject=subject, Message=message.body)
        except botocore.exceptions.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            is_final = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500
            raise SendError(f"sns: AWS refused the message ({code})", is_final) from error
        except botocore.exceptions.BotoCoreError as error:
            raise SendError(f"sns: {type(error).__name__}") from error


def _post(name: str, url: str, wanted: dict[str, Any], headers: dict[str, str]) -> None:
    """POST `wanted` as JSON to `url`; raises SendError."""
    host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
    try:
        answer = outgoing.pool(url, _CONNECT_S, _READ_S).request(
            "POST",
            url,
            body=json.dumps(wanted).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "megacam", **headers},
            redirect=False,
            retries=False,
            preload_content=False,
        )
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # The text of these errors has the whole address, so it stays out. So does their chain.
        raise SendError(f"{name}: {host} {outgoing.reason(error)}") from None
    with contextlib.closing(answer):
        if 200 <= answer.status < 300:
            return
        is_final = 300 <= answer.status < 500 and answer.status not in (408, 425, 429)
        raise SendError(
            f"{name}: {host} answered {answer.status}{_remedy(answer.status)}", is_final
        )


def _remedy(status: int) -> str:
    if status in (401, 403):
        return ": check its token"
    if status in (400, 404):
        return ": check its address"
    if 300 <= status < 400:
        return ", a redirect, which is not followed: use the address that it leads to"
    return ""
