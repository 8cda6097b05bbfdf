"""Turn the prompt of the unix interpreter into what an ESP32 shows on its serial port.

The stand-in start.py prints MARK before boot.py and after main.py. Then the unix port's banner
follows, which is replaced with the ESP32's, or with the raw REPL if the client was in it before
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
    """The prompt of one run of the interpreter; with `raw`, the client expects the raw REPL.

    `runs` means that there is a program for Ctrl-C to stop. `is_ready` means that input is read
    now; earlier input must wait, or it would be lost.
    """

    def __init__(self, raw: bool):
        self.raw = raw
        self.runs = self.is_ready = False
        self._held = b""
        self._banner = self._asked_for_raw = False
        self._tail = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take the interpreter's output; return (what the port shows, what to type in reply)."""
        if self.is_ready:
            self._watch(data)
            return data, b""
        self._held += data
        shown = b""
        if not self.runs:
            shown, self.runs = self._until_mark()
        if self.runs and not self._banner:
            more, self._banner = self._until_mark()
            shown += more
        prompt, answer = self._until_prompt() if self._banner else (b"", b"")
        return shown + prompt, answer

    def _until_mark(self) -> tuple[bytes, bool]:
        shown, mark, rest = self._held.partition(MARK)
        if mark:
            self._held = rest
            return shown, True
        # Hold back what may be the beginning of a mark until it is clear that it is none.
        keep = next((n for n in range(len(MARK), 0, -1) if self._held.endswith(MARK[:n])), 0)
        shown = self._held[: len(self._held) - keep]
        self._held = self._held[len(shown) :]
        return shown, False

    def _until_prompt(self) -> tuple[bytes, bytes]:
        _, banner, rest = self._held.partition(_UNIX_BANNER_END)
        if not banner:
            return b"", b""
        if not self.raw:
            self.is_ready = True
            return _BANNER + rest, b""
        if not self._asked_for_raw:
            self._asked_for_raw = True
            return b"", _CTRL_A
        _, raw, rest = rest.partition(_RAW)
        self.is_ready = bool(raw)
        return raw + rest, b""

    def _watch(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_MEMORY_BYTES:]
        raw, friendly = self._tail.rfind(_RAW), self._tail.rfind(_UNIX_BANNER_END)
        if raw != friendly:
            self.raw = raw > friendly
