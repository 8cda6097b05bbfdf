"""Run the steps of a job on MicroPython: `micropython s3_session.py job.json`.

A job has the arguments of S3Client and `steps`. For each step it prints a line of JSON: the result
or error, how long the step took, how much of the body was read, and how many descriptors were open
afterwards.
"""

import binascii
import errno
import gc
import json
import os
import select
import socket
import sys
import time

import micropython
import utime
from s3 import S3Client, S3Error

_FILLED = 1_000_000
_STEP_MS = 100


class _Credentials:
    def __init__(self, job):
        self.access_key_id = job.get("access_key_id", "AKIDEXAMPLE")
        self.secret_access_key = job.get("secret_access_key", "secret")
        self.session_token = job.get("session_token")
        if "renewed" in job:
            self.renew = self._renew
            self.expires_s = 1
            self.next = job["renewed"]

    def _renew(self, close):
        if not self.expires_s:
            close()
            self.expires_s = 1
            if isinstance(self.next, dict):
                for name, value in self.next.items():
                    setattr(self, name, value)
            else:
                self.session_token = self.next


class _Waits:
    """The clock, and the stand-in of `select`, for servers that create a file when they stall.

    From then on, a wait in which nothing comes at once is over, and the clock has moved by it.
    So it does in a step that sleeps.
    """

    POLLIN = select.POLLIN
    POLLOUT = select.POLLOUT
    moved_ms = 0

    def ticks_ms(self):
        return time.ticks_add(time.ticks_ms(), self.moved_ms)

    def ticks_diff(self, end, start):
        return time.ticks_diff(end, start)

    def poll(self):
        self._poller = poller = select.poll()
        self.register = poller.register
        self.modify = poller.modify
        return self

    def ipoll(self, wait_ms):
        while True:
            # What a server has sent before it stalls is there when its file is.
            stalls = self._stalls()
            step_ms = min(wait_ms, _STEP_MS)
            for _ in self._poller.ipoll(step_ms):
                return (True,)
            wait_ms -= step_ms
            if stalls:
                self.moved_ms += wait_ms
            if stalls or not wait_ms:
                return ()

    def _stalls(self):
        try:
            os.stat(self.stalled)
        except OSError:
            return False
        return True


_waits = _Waits()


class _BodyError(Exception):
    pass


class _Body:
    """A body of `size` bytes, with a fault if `fault` is one of these words.

    short, long: it has one byte less or more than `size`. raise, unreadable: it fails half way.
    lock: the heap is locked from the first piece to the last, so an allocation raises an error.
    """

    def __init__(self, size, fault):
        self.size = size
        self._fault = fault
        self.seek(0)

    def seek(self, offset):
        self.read = 0
        self._left = self.size + {"short": -1, "long": 1}.get(self._fault, 0)

    def readinto(self, buf):
        if self._fault == "raise" and self.read >= self.size // 2:
            raise _BodyError("the camera fell over")
        if self._fault == "unreadable" and self.read >= self.size // 2:
            raise OSError(errno.EIO)
        if self._fault == "lock" and self.read == 0:
            micropython.heap_lock()
        count = min(len(buf), self._left)
        # Filling larger bodies byte by byte would take seconds: only the first byte is set.
        if count:
            buf[0] = self.read * 7 & 255
        for i in range(count if self.size <= _FILLED else 0):
            buf[i] = (self.read + i) * 7 & 255
        self._left -= count
        self.read += count
        if self._fault == "lock" and count and not self._left:
            micropython.heap_unlock()
        return count


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _iot(job, roots, buf, now):
    from iot_credentials import IoTCredentials

    iot = job["iot"]
    from https import tls_context

    device_context = tls_context.device_context
    context = device_context(roots, _read(iot["certificate"]), _read(iot["private_key"]))
    return IoTCredentials(
        "localhost", iot["alias"], iot["thing"], context, buf, now, port=iot["port"]
    )


def _open(job):
    roots = [_read(path) for path in job.get("roots", ())]
    offset_s = job.get("clock_offset_s", 0)
    buf = bytearray(job.get("buffer_bytes", 4092))

    def now():
        return int(utime.time()) + offset_s

    if "stalled" in job:
        _waits.stalled = job["stalled"]
        sys.modules["select"] = _waits
    from https import tls_context

    client = S3Client(
        job.get("bucket", "bucket"),
        job.get("region", "us-east-1"),
        _iot(job, roots, buf, now) if "iot" in job else _Credentials(job),
        tls_context.client_context(roots),
        buf,
        now,
        endpoint=job.get("endpoint"),
        path_style=job.get("path_style"),
        integrity=job.get("integrity", "none"),
        clock=_waits if "stalled" in job else time,
        log=lambda line: print(json.dumps({"log": line})),
    )
    client.limit_ms = job.get("limit_ms", 20_000)
    return client


def _put(client, step):
    body = _Body(step.get("size", 10_000), step.get("fault"))
    result = {"read": 0}
    try:
        status, etag, sent_bytes = client.put(
            step["key"],
            body,
            metadata=step.get("metadata", {}),
            overwrite=step.get("overwrite", False),
        )
        result = {"status": status, "etag": etag, "sent": sent_bytes}
    except _BodyError:
        result["error"] = "body fault"
    except OSError as error:
        result["error"] = f"body fault {error.errno}"
    finally:
        result["read"] = body.read
    return result


def _get(client, step):
    from s3 import read

    page = bytearray(step.get("room", 1000))
    length = read.get(client, step["key"], page)
    return {"text": bytes(page[:length]).decode()}


def _part(client, step):
    from s3 import download

    pieces = []
    result = {}
    try:
        result["status"], result["etag"] = client.attempt(
            download.get,
            client,
            step["key"],
            step.get("first", 0),
            step["most"],
            lambda piece: pieces.append(bytes(piece)),
            step.get("etag", ""),
        )
    finally:
        print(json.dumps({"log": f"part {binascii.hexlify(b''.join(pieces)).decode()}"}))
    return result


def _head(client, step):
    from s3 import read

    return {"headers": read.head(client, step["key"])}


def _list(client, step):
    from s3 import read

    page = bytearray(step.get("room", 4000))
    keys, more = read.list_page(
        client, step["prefix"], page, step.get("after", ""), step.get("most", 20)
    )
    return {"keys": keys, "more": more}


def _connect(client, step):
    client.connect()
    return {}


def _begin(client, step):
    """Return the headers that are left from the last reply when another request begins."""
    return {"headers": client.attempt(lambda: list(client.connection.headers))}


def _look(client, step):
    """Check for a reply before waiting for anything else, as happens with a fast server."""

    def look(*_):
        micropython.heap_lock()
        client.connection.check_reply()
        micropython.heap_unlock()

    client.connection.send = look
    client.connection.connect(b"PUT /", 20_000)
    return {}


def _sleep(client, step):
    if client.clock is _waits:
        _waits.moved_ms += step["ms"]
    else:
        time.sleep_ms(step["ms"])
    return {}


_OPERATIONS = {
    "put": _put,
    "get": _get,
    "part": _part,
    "head": _head,
    "list": _list,
    "connect": _connect,
    "begin": _begin,
    "look": _look,
    "sleep": _sleep,
}


def _do(client, step):
    start = _waits.ticks_ms()
    try:
        result = _OPERATIONS[step["op"]](client, step)
    except S3Error as error:
        result = {
            "code": error.code,
            "status": error.status,
            "action": error.action,
            "error": str(error),
            "body_started": error.body_started,
            "retry_after_ms": error.retry_after_ms,
        }
    result["ms"] = _waits.ticks_diff(_waits.ticks_ms(), start)
    if client:
        result["reused"] = client.connection.reused
        result["integrity"] = client.integrity
        result["region"] = client.region
        result["skew_s"] = client.skew_s
        if step.get("close", True):
            client.close()
    result["modules"] = sorted(sys.modules)
    result["lookups"] = getattr(socket, "lookups", None)
    result["peak"] = micropython.mem_peak()
    gc.collect()
    result["heap"] = gc.mem_alloc()
    result["fds"] = len(list(os.ilistdir("/proc/self/fd")))
    return result


def main(path):
    with open(path) as file:
        job = json.load(file)
    client = None
    for step in job["steps"]:
        if client is None or "endpoint" in step or step.get("new"):
            job.update(step.get("job", {}))
            if "endpoint" in step:
                job["endpoint"] = step["endpoint"]
            client = _open(job)
        print(json.dumps(_do(client, step)))


main(sys.argv[-1])
