"""A real MQTT broker, Debian's mosquitto, and a client that listens as Home Assistant does."""

import queue
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

#: Debian installs it where users have no path to.
PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
_HANG_S = 120
needs_mosquitto = pytest.mark.skipif(
    not PROGRAM, reason="needs the MQTT broker mosquitto (Debian: mosquitto)"
)


class Mosquitto:
    """Within a `with` block the broker runs; stop() and start() are an outage.

    With `login` (user, password) it takes no other, and with `certificate`, a trustme.LeafCert,
    it speaks TLS.
    """

    def __init__(self, folder: Path, login=None, certificate=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        lines = [f"listener {self.port} 127.0.0.1", "persistence true",
                 f"persistence_location {folder}/", "user root"]  # fmt: skip
        if login:
            file = folder / "passwords"
            words = ["mosquitto_passwd", "-b", "-c", str(file), *login]
            subprocess.run(words, check=True, capture_output=True)
            lines.append(f"password_file {file}")
        lines.append(f"allow_anonymous {'false' if login else 'true'}")
        if certificate:
            certificate.private_key_pem.write_to_path(folder / "key.pem")
            certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
            lines += [f"certfile {folder}/cert.pem", f"keyfile {folder}/key.pem"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self._process = None

    def start(self):
        command = [str(PROGRAM), "-c", str(self._config)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            assert self._process.poll() is None, "mosquitto has ended"
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()


class HomeAssistant:
    """Another client of the broker: `got` has the last payload of each topic.

    `authority` is a trustme.CA, that of a broker that speaks TLS.
    """

    def __init__(self, port, login=None, authority=None):
        self.got, self.news = {}, queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "home-assistant")
        self._client.on_message = self._take
        wanted = [("homeassistant/#", 1), ("megacam/#", 1)]
        self._client.on_connect = lambda client, *_: client.subscribe(wanted)
        if login:
            self._client.username_pw_set(*login)
        self._client.reconnect_delay_set(1, 1)
        if authority:
            trusting = ssl.create_default_context()
            authority.configure_trust(trusting)
            self._client.tls_set_context(trusting)
        self._client.connect("localhost", port)

    def _take(self, client, data, message):
        self.got[message.topic] = message.payload.decode()
        self.news.put((message.topic, message.payload.decode(), message.retain))

    def say(self, topic, text):
        self._client.publish(topic, text, 1).wait_for_publish(20)

    def wait(self, topic, text=None):
        """Return the payload of the next message of `topic`, or of the next with `text`."""
        while True:
            at, payload, _ = self.news.get(timeout=_HANG_S)
            if at == topic and text in (None, payload):
                return payload

    def reach(self, *topics):
        """Return once each of `topics` has had a message."""
        while not set(topics) <= set(self.got):
            self.news.get(timeout=_HANG_S)

    def __enter__(self):
        self._client.loop_start()
        return self

    def __exit__(self, *exc):
        self._client.disconnect()
        self._client.loop_stop()
