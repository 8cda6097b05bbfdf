"""Keep the camera's end of the SPI bus in sync while boards connect and disconnect.

A board that loses power, or whose program is stopped, leaves the transfer in progress incomplete.
The relay completes it, so that the camera only sees complete transfers, just as a shift register
does not care who clocks it. After a Ctrl-C, the program begins its next transfer with a header N,
which comes back as an echo; zeros before the header complete the interrupted transfer.
"""

import socket
import struct
import threading

_HEADER = struct.Struct("<BBHIQ")
_WRITE, _READ, _EXCHANGE, _ECHO = b"WRXN"


class Relay:
    """Connects one board after another to the camera behind the socket `camera`."""

    def __init__(self, camera: socket.socket):
        self._camera = camera
        self._thread: threading.Thread | None = None

    def connect(self) -> socket.socket:
        """Return a new board's end of the bus; the previous board must be gone."""
        if self._thread:
            self._thread.join()  # it may still have a transfer to complete
        board, ours = socket.socketpair()
        self._thread = threading.Thread(target=_relay, args=(ours, self._camera), daemon=True)
        self._thread.start()
        return board


def _relay(board: socket.socket, camera: socket.socket) -> None:
    with board:
        while True:
            head = _head(board)
            if len(head) < _HEADER.size:
                return
            op, _, _, n, _ = _HEADER.unpack(head)
            if op == _ECHO:
                board.sendall(head)
                continue
            out = _take(board, n).ljust(n, b"\0") if op in (_WRITE, _EXCHANGE) else b""
            try:
                camera.sendall(head + out)
                answer = _take(camera, n) if op in (_READ, _EXCHANGE) else b""
            except OSError:
                return  # the camera is gone, the simulation over
            try:
                board.sendall(answer)
            except OSError:
                return


def _head(board: socket.socket) -> bytes:
    """Return the next header, without the zeros before it."""
    head = _take(board, _HEADER.size)
    while head[:1] == b"\0":
        head = head.lstrip(b"\0")
        head += _take(board, _HEADER.size - len(head))
    return head


def _take(end: socket.socket, size: int) -> bytes:
    """Return `size` bytes, or fewer if the other end is gone."""
    data = b""
    while len(data) < size:
        try:
            new = end.recv(size - len(data))
        except OSError:
            new = b""
        if not new:
            break
        data += new
    return data
