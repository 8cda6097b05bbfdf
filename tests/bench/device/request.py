"""The cost of a request without its body: sign it, build it, parse the reply, connect."""

import gc
import json
import time

import micropython
import sigv4
from s3.body import BytesBody
from marks import begin, job, mark
from s3 import Credentials, S3Client

_KEY = "cam1/2026/11/24/101500-000042.jpg"
_METADATA = {"taken-at": "2026-11-24T10:15:00Z", "device": "cam1", "seq": "42"}


def now():
    """Return UTC seconds."""
    return int(time.time())


def measure(name, action, *args):
    """Print how many bytes `action` allocates; the host counts its instructions."""
    gc.collect()
    before = micropython.mem_total()
    mark(name)
    result = action(*args)
    mark("")
    print(json.dumps({"name": name, "allocated": micropython.mem_total() - before - _mark_bytes}))
    return result


def client_for(endpoint, context):
    """Return a client that sends bodies unframed."""
    key = Credentials("AKIDEXAMPLE", "secret")
    return S3Client("b", "us-east-1", key, context, bytearray(4092), now, endpoint, True, "none")


def headers():
    """Return the headers that are signed for a photo with its metadata."""
    names = {"content-type": "image/jpeg", "content-length": "4", "if-none-match": "*"}
    for name, value in _METADATA.items():
        names["x-amz-meta-" + name] = value
    return names


def parse(connection):
    """Read `100 Continue` and the whole reply."""
    connection.expect_continue()
    connection.reply()
    connection.read()


def put(client, name):
    """Store four bytes."""
    measure(name, client.put, _KEY, BytesBody(b"\xff\xd8\xff\xd9"), "image/jpeg", _METADATA, True)


def main(wanted):
    """Measure over plain HTTP, then with each server of `tls`: {name: {port, root}}."""
    client = client_for(f"http://127.0.0.1:{wanted['port']}", None)
    sign = sigv4.Signer(client.region).sign
    for name in ("sign, a new day", "sign, key cached"):
        given = headers()
        given["host"] = client.host
        arguments = ("PUT", client.path(_KEY), "", given, "UNSIGNED-PAYLOAD", now())
        measure(name, sign, client.credentials, *arguments)
    client.connect()
    given = headers()
    measure("request", client.send_head, "PUT", _KEY, "", given, "UNSIGNED-PAYLOAD")
    client.connection.send(b"\xff\xd8\xff\xd9")
    time.sleep_ms(500)
    measure("reply", parse, client.connection)
    client.close()
    for name, server in wanted["tls"].items():
        with open(server["root"], "rb") as file:
            from https import tls_context

            context = tls_context.client_context([file.read()])
        client = client_for(f"https://localhost:{server['port']}", context)
        measure(f"handshake, {name}", client.connect)
        put(client, f"first put, {name}")
        put(client, f"next put, {name}")
        client.close()


if __name__ == "__main__":
    work = job()
    _mark_bytes = 0
    begin()
    before = micropython.mem_total()
    mark("")
    mark("")
    _mark_bytes = micropython.mem_total() - before
    main(work)
    mark("end")
