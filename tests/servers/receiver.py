"""An HTTPS server that takes messages as ntfy, Telegram or a webhook do, and can fail at it."""

import http.server
import json
import ssl
import threading


class Receiver:
    """Within a `with` block it listens at `url`; `got` are (path, headers, JSON) of each POST.

    The next requests are answered with `statuses`, then with 200; those for the paths in `silent`
    with nothing at all.
    """

    def __init__(self, context: ssl.SSLContext):
        self.got = []
        self.statuses = []
        self.headers = {}
        self.silent = set()
        self.ends = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.take(self)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Who hangs up early is no error of the receiver.
        self._server.handle_error = lambda *_: None
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def take(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if request.path in self.silent:
            self.ends.wait(60)
            return
        status = self.statuses.pop(0) if self.statuses else 200
        self.got.append((request.path, dict(request.headers), json.loads(body), status))
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"{}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
