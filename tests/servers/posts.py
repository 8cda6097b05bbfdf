"""A server on loopback that takes POSTs, for tests to say how it answers.

class Echo(PostServer):
    def take(self, request, body): ...

with Echo() as server:
    post(server.url, b"text")
"""

import http.server
import ssl
import threading


class PostServer:
    """Within a `with` block it listens at `url`; each POST is a call of take().

    It speaks TLS with `context`, else HTTP. take() may wait for `ends`, which is set at the end of
    the block.
    """

    def __init__(self, context: ssl.SSLContext | None = None):
        self.ends = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                server.take(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Who hangs up early is no error of the server.
        self._server.handle_error = lambda *_: None
        if context:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        host = "https://localhost" if context else "http://127.0.0.1"
        self.url = f"{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def take(self, request, body):
        """Answer `request`, a http.server.BaseHTTPRequestHandler, whose `body` has been read."""
        raise NotImplementedError

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
