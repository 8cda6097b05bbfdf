"""A process that has loaded MicroPython and forks itself for each start of a board.

    python -S fork_server.py FOLDER CONTROL-FD

A start by fork takes a third of the time of a new process, and tests start thousands. FOLDER holds
the package micropython_unix; interpreter.start() has the other side.

Each message on the control socket is one byte with descriptors: first a socket for this process
alone, then its standard input and output, then others. On that socket come a line of JSON with
`arguments`, `environment`, `folder` (the working directory) and `names` (the environment variables
for the numbers of the other descriptors), and after that signals to send, a byte each. The answers
are the process's number and, once it has ended, its exit code, negative for a signal; a line each.
If the socket closes, the process is killed.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any

import interpreter_process  # pyright: ignore[reportMissingImports] it lies beside this script

_MOST_DESCRIPTORS = 16


class _Server:
    def __init__(self, control: socket.socket):
        self._control = control
        self._wakeup, self._ended = socket.socketpair()
        self._lines: dict[int, socket.socket] = {}  # by the number of the process
        self._selector = selectors.DefaultSelector()
        for end, action in ((control, self._start), (self._ended, self._reap)):
            self._selector.register(end, selectors.EVENT_READ, action)
        self._wakeup.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Start processes until the other end of the control socket closes."""
        is_open = True
        while is_open:
            for key, _ in self._selector.select():
                is_open = key.data() and is_open

    def _start(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, _MOST_DESCRIPTORS)
        if not message:
            return False
        line = socket.socket(fileno=descriptors.pop(0))
        with line.makefile("rb") as request:
            asked = json.loads(request.readline())
        pid = os.fork()
        if not pid:
            line.close()
            self._become_board(asked, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._lines[pid] = line
        self._selector.register(line, selectors.EVENT_READ, lambda: self._signal(pid))
        _answer(line, pid)
        return True

    def _become_board(self, asked: dict[str, Any], descriptors: list[int]) -> None:
        code = 1
        try:
            for other in (*self._lines.values(), self._control, self._wakeup, self._ended):
                other.close()
            self._selector.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            interpreter_process.die_with_parent()
            stdin, stdout, *others = descriptors
            for number, there in enumerate((stdin, stdout, stdout)):
                os.dup2(there, number)
            for descriptor in {stdin, stdout}:
                os.close(descriptor)
            os.chdir(asked["folder"])
            os.environ.clear()
            os.environ.update(asked["environment"])
            os.environ.update(zip(asked["names"], map(str, others), strict=True))
            code = interpreter_process.run(asked["arguments"])
        finally:
            os._exit(code)

    def _signal(self, pid: int) -> bool:
        line = self._lines.get(pid)
        if line is None:
            return True  # it has ended since select() returned, and the number may be another's
        numbers = line.recv(64)
        for number in numbers or (signal.SIGKILL,):
            os.kill(pid, number)  # it is not reaped yet, so this number is still its own
        if not numbers:
            self._selector.unregister(line)
        return True

    def _reap(self) -> bool:
        self._ended.recv(64)
        while self._lines:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            with self._lines.pop(pid) as line:
                with contextlib.suppress(KeyError):  # nobody holds it any more
                    self._selector.unregister(line)
                _answer(line, os.waitstatus_to_exitcode(status))
        return True


def _answer(line: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        line.sendall(b"%d\n" % number)


def main() -> None:
    sys.path.append(sys.argv[1])
    import micropython_unix  # noqa: F401 each fork finds it loaded

    # It ends when the control socket closes. The kernel's signal would come with the end of the
    # thread that happened to start it.
    _Server(socket.socket(fileno=int(sys.argv[2]))).serve()


if __name__ == "__main__":
    main()
