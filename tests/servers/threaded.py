"""An HTTP server whose connections end with it, so that a run of all tests keeps few open."""

import contextlib
import socket
from http.server import ThreadingHTTPServer


class ThreadedServer(ThreadingHTTPServer):
    """As ThreadingHTTPServer, but server_close() also ends the connections that are still open."""

    daemon_threads = True

    def __init__(self, *args):
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self):
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it ends at this moment
                connection.shutdown(socket.SHUT_RDWR)
