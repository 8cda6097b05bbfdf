"""A board in RAM that can restore its flash and NVS to the state before any write or erase.

Each line of standard input is JSON: ["exec", code] runs code as the raw REPL does, and ["call",
name, arguments...] calls a method of Board. Its output ends with ^D, and so does its error.
"""

import gc
import json
import os
import sys

import flash_with_cuts as chip
import vfs


class Restart(BaseException):
    """The chip was reset by its program."""


class NVS:
    """Numbers that survive: each is written whole or not at all, as on the ESP32."""

    board = None

    def __init__(self, namespace):
        self._new = {}

    def get_i32(self, name):
        if name not in self.board.numbers:
            raise OSError(-4354)
        return self.board.numbers[name]

    def set_i32(self, name, value):
        self._new[name] = value

    def commit(self):
        for change in self._new.items():
            self.board.chip.journal.append(change)
        self.board.numbers.update(self._new)
        self._new = {}


class Machine:
    """The module `machine`; power is switched on and resets are hard."""

    def reset(self):
        raise Restart

    def reset_cause(self):
        return 2

    def WDT(self, timeout):  # noqa: N802
        pass

    def Timer(self, number):  # noqa: N802
        return self

    def init(self, **options):
        pass


class Clock:
    """The module `time`; sleeps take none."""

    def time(self):
        return 848000000

    def sleep_ms(self, ms):
        pass


sys.modules["machine"], sys.modules["time"] = Machine(), Clock()
sys.modules["esp32"] = type("esp32", (), {"NVS": NVS})
_BUILT_IN = tuple(sys.modules)
_PATH = ["", ".frozen", "/lib"]
_MOST_RESTARTS = 9


class Recorded(chip.Flash):
    """A chip that records its initial content and each change since."""

    def __init__(self, image, numbers):
        super().__init__(image)
        self.first = bytes(image)
        self.numbers = dict(numbers)
        self.journal = []

    def _change(self, start, data):
        self.journal.append((start, bytes(data)))
        return super()._change(start, data)


class Board:
    """`kept` is {name: chip with its recorded changes}; `names` has the globals of the prompt.

    `numbers` are in NVS.
    """

    def __init__(self):
        NVS.board = self
        self.kept = {}
        self.names = {}
        self.numbers = {}
        self.met = chip.Met()

    def make(self, files, blocks, numbers):
        """Format the flash and write `files` {path: text} to it, and `numbers` to NVS."""
        self.numbers = numbers
        image = bytearray(blocks * chip.FLASH)
        vfs.VfsLfs2.mkfs(chip.Flash(image))
        self.power_on(image)
        self.put(files)
        self.power_on()

    def put(self, files):
        """Write `files` {path: text}; a path that ends with a slash is a folder."""
        for path, text in files.items():
            for end in range(len(path)):
                if path[end] == "/":
                    _make_folder(path[:end])
            if not path.endswith("/"):
                with open(path, "w") as file:
                    file.write(text)

    def power_on(self, image=None):
        """Mount the flash, or `image` instead of it; changes are recorded from here on."""
        gc.collect()
        self.chip = Recorded(bytearray(image or self.chip.image), self.numbers)
        sys.path[:] = _PATH
        vfs.umount("/")
        vfs.mount(vfs.VfsLfs2(self.chip), "/")
        os.chdir("/")
        self.names = {}
        for name in tuple(sys.modules):
            if name not in _BUILT_IN:
                del sys.modules[name]

    def keep(self, name):
        """Keep the changes since power-on as `name`; print how many there are."""
        self.kept[name] = self.chip
        print(len(self.chip.journal))

    def cut(self, name, change, torn):
        """Power on with the flash as it was before the kept `change`, or with half of it done."""
        kept = self.kept[name]
        image = bytearray(kept.first)
        self.numbers = dict(kept.numbers)
        for start, data in kept.journal[:change]:
            if isinstance(start, str):
                self.numbers[start] = data
            else:
                image[start : start + len(data)] = data
        start, data = kept.journal[change]
        if torn and not isinstance(start, str):
            half = len(data) // 2
            image[start : start + half] = data[:half]
        self.power_on(image)

    def is_new(self):
        """Print whether files or numbers differ from what was met; see chip.Met."""
        print(json.dumps(self.met.is_new(chip.tree(""), self.numbers)))

    def accesses(self):
        """Print how often the flash was read or changed since power-on."""
        print(self.chip.accesses)

    def fail(self, access):
        """Make the flash fail once, at that access counted from here."""
        self.chip.arm(fail_at=access)

    def start(self):
        """Power on and run boot.py and main.py; if boot.py fails, main.py does not run."""
        for _ in range(_MOST_RESTARTS):
            self.power_on()
            try:
                for path in ("/boot.py", "/main.py"):
                    with open(path) as file:
                        exec(file.read(), self.names)
                return
            except Restart:
                print("restart")
        raise AssertionError("it restarts for ever")

    def count(self):
        """Print the numbers in NVS."""
        print(json.dumps(self.numbers))

    def tree(self):
        """Print {path: text} of all files on the flash."""
        found = chip.tree("")
        print(json.dumps({path: found[path].decode() for path in found}))


def _make_folder(path):
    try:
        os.mkdir(path)
    except OSError:
        pass


def _obey(board, kind, what, *arguments):
    try:
        if kind == "exec":
            exec(what, board.names)
        else:
            getattr(board, what)(*arguments)
        sys.stdout.write("\x04\x04")
    except Exception as e:
        sys.stdout.write("\x04")
        sys.print_exception(e, sys.stdout)
        sys.stdout.write("\x04")


def main():
    board = Board()
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        _obey(board, *json.loads(line))


if __name__ == "__main__":
    main()
