"""A scripted S3 for the tests of S3Client: stores objects, or refuses as scripted."""

import datetime
import json
import re

import pytest

from servers.scripted import CONTINUE

STORED = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'
SECRET = "wJalrXUtnFEMI-this-must-never-show"
TOKEN = "FwoGZXIvYXdz-nor-this"


def put(**more):
    return {"op": "put", "key": "cam1/a.jpg", **more}


def refusal(status, code, *headers, **elements):
    """Return an error response of S3."""
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items())
    page = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code>{inner}</Error>'
    lines = [f"HTTP/1.1 {status} Word", f"Content-Length: {len(page)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + page).encode()


def date_header(offset_s):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset_s)
    return f"Date: {now:%a, %d %b %Y %H:%M:%S} GMT"


def pieces(log):
    """Return what each step "part" of a session has received; `log` is the session's."""
    parts = [line.partition("part ") for line in log if line.startswith("part ")]
    return [bytes.fromhex(text) for _, _, text in parts]


class Store:
    """Answers each request with the next of `answers`: a refusal instead of 100 Continue, or None.

    None, or no answer left, stores the object. HEAD of the bucket is answered with
    `bucket_region`.
    """

    def __init__(self, *answers, bucket_region=None):
        self.answers = list(answers)
        self.bucket_region = bucket_region
        self.heads = []
        self.bodies = []

    def __call__(self, peer):
        while True:
            self.heads.append(peer.read_head().decode())
            if self.heads[-1].startswith("HEAD "):
                told = f"x-amz-bucket-region: {self.bucket_region}\r\n"
                peer.send(f"HTTP/1.1 403 No\r\n{told * bool(self.bucket_region)}\r\n".encode())
                continue
            answer = self.answers.pop(0) if self.answers else None
            if answer:
                peer.send(answer)
                continue
            peer.send(CONTINUE)
            self.bodies.append(peer.read_body())
            peer.body = b""
            peer.send(STORED)

    def header(self, index, name):
        for line in self.heads[index].split("\r\n")[1:]:
            if line.startswith(name + ":"):
                return line.partition(":")[2].strip()
        return None

    def region(self, index):
        return re.search(r"Credential=[^/]+/\d+/([^/]+)/s3", self.heads[index])[1]


@pytest.fixture
def run(server, session):
    """Return run(store, *steps, **job) -> results of the steps with a Store."""

    def run(store, *steps, **job):
        endpoint = f"https://localhost:{server.play(store)}"
        job = {"secret_access_key": SECRET, "session_token": TOKEN, **job}
        results = session(list(steps or [put()]), endpoint=endpoint, **job)
        shown = json.dumps([results, session.log])
        assert SECRET not in shown
        assert TOKEN not in shown
        run.log = session.log
        return results if len(results) > 1 else results[0]

    return run
