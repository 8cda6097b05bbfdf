"""An HTTPS server that takes messages as ntfy, Telegram or a webhook do, and can fail at it."""

import json
import ssl
import threading

from servers.posts import PostServer


class Receiver(PostServer):
    """Within a `with` block it listens at `url`; `got` are (path, headers, JSON) of each POST.

    The next requests are answered with `statuses`, then with 200; those for the paths in `silent`
    with nothing at all. `came` is set when one is answered.
    """

    def __init__(self, context: ssl.SSLContext):
        super().__init__(context)
        self.got = []
        self.statuses = []
        self.headers = {}
        self.silent = set()
        self.came = threading.Event()

    def take(self, request, body):
        if request.path in self.silent:
            self.ends.wait(60)
            return
        status = self.statuses.pop(0) if self.statuses else 200
        self.got.append((request.path, dict(request.headers), json.loads(body), status))
        self.came.set()
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"{}")
