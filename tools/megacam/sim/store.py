"""A local AWS on loopback: MiniStack behind TLS, with a certificate from a CA made for this run.

It verifies signatures and IAM policies, keeps everything in memory and ends with its `with` block:

    with Store() as store:
        store.create_bucket("photos")
        access_key_id, secret_access_key = store.create_device_user("photos", "cam1")
"""

import contextlib
import datetime
import functools
import importlib.util
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.session

from megacam.cloud import policies
from megacam.errors import MegacamError

_DEMO_EXTRA = ("ministack", "trustme")
_SERVICES = ("s3", "iam", "sts")
# MiniStack's administrator: its requests are not verified, so nothing under test may use it.
ROOT_KEY = "test"
# Started in 0.6 s on an idle machine; a loaded CI runner with a cold disk needs many times that.
_READY_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 3
_LOG_LINES = 12
_INHERITED_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")


class StoreError(MegacamError):
    """The local store could not start; the message says why and what to do."""


class Store:
    """A MiniStack process for the duration of a `with` block, on `port` (0: a free one).

    Attributes within the block: `endpoint` ("https://localhost:PORT"), `region`, `ca_der` (bytes
    of the root of its certificate), `ca_pem` (the same as a file, Path), `pid`.
    """

    def __init__(
        self,
        region: str = "us-east-1",
        services: tuple[str, ...] = _SERVICES,
        ready_timeout_s: float = _READY_TIMEOUT_S,
        port: int = 0,
    ):
        self.region = region
        self.endpoint = ""
        self.ca_der = b""
        self.ca_pem = Path()
        self.pid = 0
        self._services = services
        self._port = port
        self._ready_timeout_s = ready_timeout_s
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._cleanup = contextlib.ExitStack()

    def __repr__(self) -> str:
        return f"Store(endpoint={self.endpoint!r}, region={self.region!r})"

    def __enter__(self) -> "Store":
        missing = [name for name in _DEMO_EXTRA if importlib.util.find_spec(name) is None]
        if missing:
            raise StoreError(
                f"the local store needs {' and '.join(missing)}: pip install 'megacam[demo]'"
            )
        with contextlib.ExitStack() as started:
            self._start(started)
            self._cleanup = started.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._cleanup.close()

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service` ("s3", "iam", ...) with every right.

        It verifies the store's certificate and ignores the user's own AWS profile and proxies.
        """
        return self.client_with_key(service, ROOT_KEY, ROOT_KEY)

    def client_with_key(self, service: str, access_key_id: str, secret_access_key: str) -> Any:
        """Return a client with the rights of an access key, for example a device's."""
        name = service, access_key_id, secret_access_key
        if name not in self._clients:
            self._clients[name] = self._new_client(*name)
        return self._clients[name]

    @functools.cached_property
    def _session(self) -> boto3.Session:
        """The session of all clients: reading AWS's service descriptions takes a tenth second."""
        own = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        return boto3.Session(
            region_name=self.region,
            botocore_session=botocore.session.Session(session_vars=own),
        )

    def _new_client(self, service: str, access_key_id: str, secret_access_key: str) -> Any:
        config = botocore.config.Config(
            proxies={},
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=30,
            # boto3 still signs links for us-east-1 with Signature V2.
            **({"signature_version": "s3v4"} if service == "s3" else {}),
        )
        return self._session.client(
            service,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            endpoint_url=self.endpoint,
            verify=str(self.ca_pem),
            config=config,
        )

    def create_bucket(self, bucket: str) -> None:
        """Create a private bucket: all four public access blocks on."""
        s3 = self.client("s3")
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        s3.create_bucket(Bucket=bucket, **({} if self.region == "us-east-1" else place))
        blocks = ("BlockPublicAcls", "IgnorePublicAcls")
        blocks += ("BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
        )

    def create_device_user(
        self, bucket: str, device: str, *, updates: bool = False
    ) -> tuple[str, str]:
        """Create an IAM user that may put objects under `device`/ in `bucket`, nothing else.

        None of them under `device`/_*, which is the owner's. With `updates`, it may also read its
        releases. Returns (access key id, secret access key).
        """
        iam = self.client("iam")
        user = f"megacam-{device}"
        there = f"arn:aws:s3:::{bucket}/{device}"
        policy = policies.put_only(f"{there}/*", f"{there}/{policies.OWNERS}")
        if updates:
            policy["Statement"].append(policies.updates(f"{there}/{policies.UPDATES}/*"))
        iam.create_user(UserName=user)
        iam.put_user_policy(
            UserName=user,
            PolicyName="put-photos",
            PolicyDocument=json.dumps(policy),
        )
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _start(self, started: contextlib.ExitStack) -> None:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="megacam-store-")))
        self._make_certificate(folder)
        # Bound here, so that no other process can take the port between the choice and the start.
        with socket.socket() as listener:
            # A port that was just released can be bound again immediately.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", self._port))
            except OSError as error:
                raise StoreError(
                    f"the local store cannot use port {self._port}: {error.strerror}; choose "
                    "another with --port"
                ) from None
            port = listener.getsockname()[1]
            process = self._spawn(started, folder, listener.fileno(), port)
        self.pid = process.pid
        self._wait_until_ready(process, port, folder / "log.txt")
        # The server has its key in memory by now, so a killed run leaves none on the disk.
        (folder / "server.key").unlink()
        self.endpoint = f"https://localhost:{port}"

    def _make_certificate(self, folder: Path) -> None:
        import trustme

        ca = trustme.CA(organization_name="megacam demo")
        now = datetime.datetime.now(datetime.timezone.utc)
        week = datetime.timedelta(days=7)
        leaf = ca.issue_cert("localhost", not_before=now - week, not_after=now + week)
        leaf.private_key_pem.write_to_path(folder / "server.key")
        (folder / "server.key").chmod(0o600)
        for blob in leaf.cert_chain_pems:
            blob.write_to_path(folder / "server.pem", append=True)
        self.ca_pem = folder / "ca.pem"
        ca.cert_pem.write_to_path(self.ca_pem)
        self.ca_der = ssl.PEM_cert_to_DER_cert(ca.cert_pem.bytes().decode())

    def _spawn(
        self, started: contextlib.ExitStack, folder: Path, listener: int, port: int
    ) -> subprocess.Popen[bytes]:
        log = started.enter_context((folder / "log.txt").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "megacam.sim.store_process", str(listener), str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self._environment(folder, port),
            cwd=folder,
            pass_fds=[listener],
            start_new_session=True,
        )
        started.callback(_stop, process)
        return process

    def _environment(self, folder: Path, port: int) -> dict[str, str]:
        inherited = {name: os.environ.get(name) for name in _INHERITED_ENVIRONMENT}
        return {
            **{name: value for name, value in inherited.items() if value},
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": self.region,
            "SERVICES": ",".join(self._services),
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(folder / "server.pem"),
            "MINISTACK_SSL_KEY": str(folder / "server.key"),
            # Otherwise MiniStack opens port 8883 and removes old containers of the user's Docker.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{folder / 'no-docker'}",
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        context = ssl.create_default_context(cadata=self.ca_der)
        deadline_s = time.monotonic() + self._ready_timeout_s
        while time.monotonic() < deadline_s:
            if process.poll() is not None:
                break
            with contextlib.suppress(ConnectionError, TimeoutError):
                with socket.create_connection(("127.0.0.1", port), timeout=5) as tcp:
                    context.wrap_socket(tcp, server_hostname="localhost").close()
                return
            time.sleep(0.02)
        lines = log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
        ended = process.poll()
        what = f"ended with code {ended}"
        if ended is None:
            what = f"took over {self._ready_timeout_s} s"
        raise StoreError("\n  ".join([f"the local store {what} on its start; its log:", *lines]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_TIMEOUT_S)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
    process.wait(_STOP_TIMEOUT_S)
