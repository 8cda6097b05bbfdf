"""What a serial port of an ESP32 shows of the unix interpreter's prompt, which words it otherwise.

The stand-in start.py prints MARK when boot.py and main.py have run; what follows is the unix
port's banner, in whose place the ESP32's is shown, or the raw REPL that the client was in before
its soft reset.
"""

MARK = b"\x16megacam-prompt\x16"
_UNIX_BANNER_END = b'Type "help()" for more information.\r\n>>> '
_RAW = b"raw REPL; CTRL-B to exit\r\n>"
_BANNER = (
    b"MicroPython v1.29.0 (simulated); Generic ESP32 module with ESP32\r\n" + _UNIX_BANNER_END
)
_CTRL_A = b"\x01"
_MEMORY_BYTES = 256


class Prompt:
    """The prompt of one life of the interpreter; `raw`: the client expects the raw REPL.

    `is_ready`: what is typed now is read. Before, it must wait, or would be lost.
    """

    def __init__(self, raw: bool):
        self.raw = raw
        self.is_ready = False
        self._held = b""
        self._banner = False
        self._tail = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take the interpreter's output; return (what the port shows, what to type for it)."""
        if self.is_ready:
            self._watch(data)
            return data, b""
        self._held += data
        shown = b"" if self._banner else self._until_mark()
        prompt, answer = self._until_prompt() if self._banner else (b"", b"")
        return shown + prompt, answer

    def _until_mark(self) -> bytes:
        shown, mark, rest = self._held.partition(MARK)
        if mark:
            self._banner, self._held = True, rest
            return shown
        # The beginning of a mark stays back until it is clear that it is none.
        keep = next((n for n in range(len(MARK), 0, -1) if self._held.endswith(MARK[:n])), 0)
        shown = self._held[: len(self._held) - keep]
        self._held = self._held[len(shown) :]
        return shown

    def _until_prompt(self) -> tuple[bytes, bytes]:
        if self.raw:
            if self._held.endswith(_RAW):
                self.is_ready = True
                return _RAW, b""
            return b"", _CTRL_A if self._held.endswith(_UNIX_BANNER_END) else b""
        if self._held.endswith(_UNIX_BANNER_END):
            self.is_ready = True
            return _BANNER, b""
        return b"", b""

    def _watch(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_MEMORY_BYTES:]
        raw, friendly = self._tail.rfind(_RAW), self._tail.rfind(_UNIX_BANNER_END)
        if raw != friendly:
            self.raw = raw > friendly
