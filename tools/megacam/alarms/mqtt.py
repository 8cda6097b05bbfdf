"""Keep Home Assistant up to date by MQTT: connect, publish, come back after an outage.

All messages are retained, and what was last published is sent again on each connection, so
neither a broker nor a Home Assistant that restarts misses anything.
"""

import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from megacam.alarms import homeassistant
from megacam.alarms.homeassistant import OFFLINE, ONLINE, Topics
from megacam.alarms.look import Look
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

    `say` is called with a sentence when the connection fails, once, and when it is back.
    """

    def __init__(self, broker: Broker, bucket: str, version: str, say: Callable[[str], None]):
        self.topics = Topics(bucket)
        self._version = version
        self._say = say
        self._fault = ""
        self._latest: dict[str, str] = {self.topics.availability: ONLINE}
        self._lock = threading.Lock()
        self._connected = threading.Event()
        parts = urllib.parse.urlsplit(broker.server)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._client = _client(broker, parts.scheme == "mqtts")
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
        if self._connected.is_set():
            # A clean end is no last will, so it must be said.
            told = self._client.publish(self.topics.availability, OFFLINE, _QOS, retain=True)
            told.wait_for_publish(_CONNECT_S)
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, limit_s: float = _CONNECT_S) -> None:
        """Return once connected; raises MqttError if that takes longer than `limit_s`."""
        if not self._connected.wait(limit_s):
            raise MqttError(self._fault or f"{self._name} does not answer; check mqtt.server")

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
        self._send(news)

    @property
    def _name(self) -> str:
        return f"the MQTT broker {self._host}:{self._port}"

    def _send(self, messages: dict[str, str]) -> None:
        if self._connected.is_set():
            for topic, text in messages.items():
                self._client.publish(topic, text, _QOS, retain=True)

    def _send_all(self) -> None:
        with self._lock:
            messages = dict(self._latest)
        self._send(messages)

    def _on_connect(
        self, client: Any, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if reason.is_failure:
            self._complain(f"{self._name} refuses: {reason}; check mqtt.user and mqtt.password")
            return
        client.subscribe(homeassistant.BIRTH_TOPIC, _QOS)
        self._connected.set()
        if self._fault:
            self._fault = ""
            self._say(f"{self._name} is back")
        self._send_all()

    def _on_connect_fail(self, client: Any, data: Any) -> None:
        self._complain(f"{self._name} cannot be reached; trying again")

    def _on_disconnect(
        self, client: Any, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        was_connected = self._connected.is_set()
        self._connected.clear()
        if reason.is_failure and was_connected:
            self._complain(f"{self._name} broke the connection; trying again")

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        # Home Assistant has started: it may be new, or have lost the values.
        if message.topic == homeassistant.BIRTH_TOPIC and message.payload == ONLINE.encode():
            self._send_all()

    def _complain(self, sentence: str) -> None:
        if sentence != self._fault:
            self._fault = sentence
            self._say(sentence)


def _client(broker: Broker, is_tls: bool) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, f"megacam-{time.time_ns():x}")
    client.reconnect_delay_set(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    client.connect_timeout = _CONNECT_S
    if broker.user:
        client.username_pw_set(broker.user, broker.password)
    if is_tls:
        client.tls_set_context(ssl.create_default_context())
    return client
