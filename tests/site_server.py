"""CloudFront for a test: function.js in front of objects, on http://localhost.

with site_server.Site(objects) as site: site.origin, site.sent, site.link()

S3 behind it answers 403 for what the bucket's policy does not allow and for what is missing, as it
does for a principal who may not list. Text is compressed as CloudFront compresses it.
"""

import fnmatch
import gzip
import json
import re
import threading
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import site_edge
from megacam.cloud.site import documents
from megacam.site import links, pages

_COMPRESSED = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


class Site:
    """`objects`: {key: bytes}; `cameras`: whom the site shows; `now_s`: the edge's clock.

    `types`: {key: content type} of objects whose name does not tell it.
    """

    def __init__(self, objects, cameras=("cam1",), now_s=None):
        self.objects = objects
        self.cameras = cameras
        self.now_s = now_s
        self.types = {}
        self.sent = []
        self.lines = []
        self.store = {"cameras": json.dumps(cameras)}
        self._lock = threading.Lock()

    def __enter__(self):
        self._function = site_edge.Function(self.store).__enter__()
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._wrap(self._server)
        self.origin = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._function.__exit__(*exc)

    def _wrap(self, server):
        """Give the server TLS, if it is to have it."""

    def link(self, name="me", cameras=(), days=30):
        """Return a new link to this site: its Link and its address."""
        made = links.new(name, cameras, days, self.now_s or time.time())
        self.store[made.entry_name] = made.entry
        return made, f"{self.origin}{links.ENTER}#{made.token('link')}"

    def decide(self, event):
        with self._lock:
            return self._function.run(event, self.now_s)

    def read(self, key):
        """Return an object as S3 gives it to the distribution, or None for 403."""
        allowed = any(matches(key, form) for form in documents.readable(self.cameras))
        return self.objects.get(key) if allowed else None


def matches(key, form):
    """Match as IAM does: * is any characters, ? is one, and nothing else is special."""
    return re.fullmatch(fnmatch.translate(form.replace("[", "[[]")), key) is not None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or each body would wait 40 ms, until the client has acknowledged the head before it.
    disable_nagle_algorithm = True

    def do_GET(self):
        parts = urlsplit(self.path)
        # What CloudFront's standard log would keep of a request.
        self.site.lines.append(f"{self.path} {self.headers.get('Referer', '-')}")
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        request = {
            "method": self.command,
            "uri": parts.path,
            "querystring": {},
            "headers": {name.lower(): {"value": value} for name, value in self.headers.items()},
            "cookies": {name: {"value": one.value} for name, one in cookies.items()},
        }
        made = self.site.decide({"version": "1.0", "context": {}, "request": request})
        if "statusCode" in made or "error" in made:
            return self._answer(made)
        return self._object(made["uri"])

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        self.do_GET()

    def _answer(self, made):
        headers = {name: one["value"] for name, one in made.get("headers", {}).items()}
        for name, one in made.get("cookies", {}).items():
            headers["set-cookie"] = f"{name}={one['value']}; {one['attributes']}"
        body = made.get("body", "").encode()
        self._send(made.get("statusCode", 503), {**self._policy(), **headers}, body)

    def _object(self, uri):
        body = self.site.read(uri[1:])
        if body is None:
            denied = b"<Error><Code>AccessDenied</Code></Error>"
            return self._send(403, {**self._policy(), "content-type": "application/xml"}, denied)
        kind = self.site.types.get(uri[1:]) or (
            "video/mp4" if uri.endswith(".mp4") else pages.content_type(uri)
        )
        headers = {**self._policy(), "content-type": kind}
        if headers["content-type"].startswith(_COMPRESSED):
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body)
        return self._send(200, headers, body)

    def _policy(self):
        """Return the headers of the cache behaviour for this path."""
        kinds = documents.header_policies("x")
        path = urlsplit(self.path).path
        found = kinds["app" if path.startswith("/_site/") else "photos"]
        security = found["SecurityHeadersConfig"]
        custom = found["CustomHeadersConfig"]["Items"]
        return {
            "content-security-policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
            "x-content-type-options": "nosniff",
            "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
            **{one["Header"].lower(): one["Value"] for one in custom},
        }

    def _send(self, status, headers, body):
        self.site.sent.append((self.command, self.path, status, len(body)))
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD" and status != 204:
                self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, format, *args):
        pass
