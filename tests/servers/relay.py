"""A TCP relay between a simulated board and its store that can be interrupted."""

import contextlib
import select
import socket
import threading


class Relay:
    """Relays connections to a server and cuts the first one in the middle of its body.

    While `is_down`, it closes every connection immediately.
    """

    def __init__(self, port, cut_after_bytes):
        self.cuts = 0
        self.is_down = False
        self._port = port
        self._left = cut_after_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_down:
                    client.close()
                    continue
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            other = {client: server, server: client}
            with contextlib.suppress(OSError):
                while True:
                    for end in select.select([client, server], [], [])[0]:
                        data = end.recv(4096)
                        if not data:
                            return
                        if end is client and not self.cuts:
                            self._left -= len(data)
                            if self._left < 0:
                                self.cuts += 1
                                return
                        other[end].sendall(data)
