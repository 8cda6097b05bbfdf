"""A board in RAM that can restore its flash to the state before any write or erase.

Each line of standard input is JSON: ["exec", code] runs code as the raw REPL does, and ["call",
name, arguments...] calls a method of Board. Its output ends with ^D, and so does its error.
"""

import gc
import json
import os
import sys

import flash_with_cuts as chip
import vfs

_BUILT_IN = tuple(sys.modules)


class Recorded(chip.Flash):
    """A chip that records its initial content and each change since."""

    def __init__(self, image):
        super().__init__(image)
        self.first = bytes(image)
        self.journal = []

    def _change(self, start, data):
        self.journal.append((start, bytes(data)))
        return super()._change(start, data)


class Board:
    """`kept` is {name: chip with its recorded changes}; `names` has the globals of the prompt."""

    def __init__(self):
        self.kept = {}
        self.names = {}

    def make(self, files, blocks):
        """Format the flash and write `files` {path: text} to it."""
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
        self.chip = Recorded(bytearray(image or self.chip.image))
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
        for start, data in kept.journal[:change]:
            image[start : start + len(data)] = data
        if torn:
            start, data = kept.journal[change]
            half = len(data) // 2
            image[start : start + half] = data[:half]
        self.power_on(image)

    def accesses(self):
        """Print how often the flash was read or changed since power-on."""
        print(self.chip.accesses)

    def fail(self, access):
        """Make the flash fail once, at that access counted from here."""
        self.chip.arm(fail_at=access)

    def start(self):
        """Power on and run boot.py and main.py; if boot.py fails, main.py does not run."""
        self.power_on()
        for path in ("/boot.py", "/main.py"):
            with open(path) as file:
                exec(file.read(), self.names)

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
    sys.path[:] = ["", ".frozen", "/lib"]
    board = Board()
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        _obey(board, *json.loads(line))


if __name__ == "__main__":
    main()
