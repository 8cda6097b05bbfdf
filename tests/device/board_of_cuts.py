"""A board in RAM that goes back to where its flash was in front of any change of it.

Each line of standard input is JSON: ["exec", code] runs code as the raw REPL does, ["call", name,
arguments...] a function of Board. After what it prints comes a ^D, after its error another.
"""

import gc
import json
import os
import sys

import flash_with_cuts as chip
import vfs

_BUILT_IN = tuple(sys.modules)


class Recorded(chip.Flash):
    """A chip that remembers what it was at first, and each change of it since."""

    def __init__(self, image):
        super().__init__(image)
        self.first = bytes(image)
        self.journal = []

    def _change(self, start, data):
        self.journal.append((start, bytes(data)))
        return super()._change(start, data)


class Board:
    """`kept` is {name: chip as it was left}; `names` are the globals of the prompt."""

    def __init__(self):
        self.kept = {}
        self.names = {}

    def make(self, files, blocks):
        """Format the flash and put `files` {path: text} on it."""
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
        """Mount the flash, as it is or `image` in its place; changes are recorded from here."""
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
        """Keep what happened since the power came; print how many changes of the flash."""
        self.kept[name] = self.chip
        print(len(self.chip.journal))

    def cut(self, name, change, torn):
        """Power on with the flash as it was at that change of what was kept, or half of it."""
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
        """Print how often the flash was read or changed since the power came."""
        print(self.chip.accesses)

    def fail(self, access):
        """Let the flash fail once, at that access from here."""
        self.chip.arm(fail_at=access)

    def start(self):
        """Power on and run boot.py and main.py; an error in the one stops the other."""
        self.power_on()
        for path in ("/boot.py", "/main.py"):
            with open(path) as file:
                exec(file.read(), self.names)

    def tree(self):
        """Print {path: text} of all that is on the flash."""
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
