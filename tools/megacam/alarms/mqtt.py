"""Keep Home Assistant up to date by MQTT: connect, publish, come back after an outage.

All messages are retained, and what was last published is sent again on each connection, so
neither a broker nor a Home Assistant that restarts misses anything. tell() does all of it once,
for who comes only every hour.
"""

import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from megacam.alarms import homeassistant
from megacam.alarms.homeassistant import OFFLINE, ONLINE, Topics
from megacam.alarms.look import Aim, Look, link_to
from megacam.alarms.settings import Broker
from megacam.errors import MegacamError

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE_S = 60
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1, 120
_CONNECT_S = 10
_QOS = 1


class MqttError(MegacamError):
    """The broker cannot be used; the message names it and the remedy."""


class Publisher:
    """A connection to the broker, in the background, within a `with` block.

    `say` is called with a sentence when the connection fails, once, and when it is back. When one
    that `stays` ends, its cameras are unavailable at once. One that does not stay leaves them as
    they are until their values expire.
    """

    def __init__(
        self,
        broker: Broker,
        bucket: str,
        version: str,
        say: Callable[[str], None],
        *,
        stays: bool = True,
    ):
        self.topics = Topics(bucket)
        self._version = version
        self._say = say
        self._stays = stays
        self._fault = ""
        self._latest: dict[str, str] = {self.topics.availability: ONLINE}
        self._sent: dict[str, paho.MQTTMessageInfo] = {}
        self._lock = threading.Lock()
        self._connected, self._answered = threading.Event(), threading.Event()
        parts = urllib.parse.urlsplit(broker.server)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        is_tls = parts.scheme == "mqtts"
        self._remedy = f"check its address{', its certificate' if is_tls else ''} and that it runs"
        self._client = _client(broker, is_tls)
        if stays:
            self._client.will_set(self.topics.availability, OFFLINE, _QOS, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> "Publisher":
        self._client.connect_async(self._host, self._port, _KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._stays and self._connected.is_set():
            # A clean end is no last will, so it must be said.
            told = self._client.publish(self.topics.availability, OFFLINE, _QOS, retain=True)
            told.wait_for_publish(_CONNECT_S)
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, limit_s: float = _CONNECT_S) -> None:
        """Return once connected; raises MqttError at the first fault, or after `limit_s`."""
        self._answered.wait(limit_s)
        if not self._connected.is_set():
            raise MqttError(self._fault or f"{self._name} does not answer; {self._remedy}")

    def flush(self, limit_s: float = _CONNECT_S) -> None:
        """Return once the broker has acknowledged everything; raises MqttError after `limit_s`."""
        ends_s = time.monotonic() + limit_s
        self.wait(limit_s)
        with self._lock:
            sent = list(self._sent.values())
        if not all(_is_acknowledged(one, ends_s - time.monotonic()) for one in sent):
            raise MqttError(f"{self._name} did not acknowledge all messages in {limit_s:g} s")

    def publish(self, found: Look, link: str, now: int, expire_s: int) -> None:
        """Publish what a look has found; `link` is that of the newest photo, or ""."""
        device = found.seen.device
        described = homeassistant.discovery(self.topics, found, self._version, expire_s)
        messages = {
            self.topics.discovery(device): json.dumps(described),
            self.topics.state(device): json.dumps(homeassistant.values(found, now)),
        }
        if link:
            messages[self.topics.image(device)] = link
        with self._lock:
            always = self.topics.state(device)
            news = {
                topic: text
                for topic, text in messages.items()
                if topic == always or self._latest.get(topic) != text
            }
            self._latest |= messages
            if self._connected.is_set():
                self._send(news)

    @property
    def _name(self) -> str:
        return f"the MQTT broker {self._host}:{self._port}"

    def _send(self, messages: dict[str, str]) -> None:
        for topic, text in messages.items():
            self._sent[topic] = self._client.publish(topic, text, _QOS, retain=True)

    def _send_all(self) -> None:
        with self._lock:
            self._send(self._latest)
            # Only now: flush() must not find less than everything.
            self._connected.set()
            self._answered.set()

    def _on_connect(
        self, client: Any, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if reason.is_failure:
            remedy = "check mqtt.user and mqtt.password"
            self._complain(f"{self._name} refuses: {reason}", remedy, remedy)
            return
        if self._stays:
            client.subscribe(homeassistant.BIRTH_TOPIC, _QOS)
        self._send_all()
        if self._fault:
            self._fault = ""
            self._say(f"{self._name} is back")

    def _on_connect_fail(self, client: Any, data: Any) -> None:
        self._complain(f"{self._name} cannot be reached", self._remedy)

    def _on_disconnect(
        self, client: Any, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        was_connected = self._connected.is_set()
        self._connected.clear()
        if reason.is_failure and was_connected:
            self._complain(f"{self._name} broke the connection", self._remedy)

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        # Home Assistant has started: it may be new, or have lost the values.
        if message.topic == homeassistant.BIRTH_TOPIC and message.payload == ONLINE.encode():
            self._send_all()

    def _complain(self, what: str, remedy: str, now: str = "trying again") -> None:
        """Keep the fault for wait(), and say what is done about it `now`."""
        fault = f"{what}; {remedy}"
        if fault != self._fault:
            self._fault = fault
            self._say(f"{what}; {now}")
        self._answered.set()


def tell(
    broker: Broker, aim: Aim, looks: Sequence[Look | None], version: str, now: int, every_s: float
) -> str:
    """Tell Home Assistant what some looks have found; return "" or a sentence why that failed.

    Its entities are unavailable when three looks, one every `every_s` seconds, were missed.
    Blocks until the broker has all of it, for some seconds at most. Nothing is said of a camera
    that has not stored anything yet.
    """
    try:
        with Publisher(broker, aim.source.name, version, lambda fault: None, stays=False) as home:
            for found in looks:
                if found and found.is_known:
                    home.publish(found, link_to(aim, found.photo), now, round(3 * every_s))
            home.flush()
    except MqttError as error:
        return f"Home Assistant was not told: {error}"
    return ""


def _is_acknowledged(sent: paho.MQTTMessageInfo, limit_s: float) -> bool:
    try:
        sent.wait_for_publish(max(0, limit_s))
        return sent.is_published()
    except (RuntimeError, ValueError):  # the connection had broken when it was to be sent
        return False


def _client(broker: Broker, is_tls: bool) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, f"megacam-{time.time_ns():x}")
    client.reconnect_delay_set(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    client.connect_timeout = _CONNECT_S
    if broker.user:
        client.username_pw_set(broker.user, broker.password)
    if is_tls:
        client.tls_set_context(ssl.create_default_context())
    return client
