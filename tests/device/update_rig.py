"""A board with two slots in RAM, for tests of firmware/update; runs on MicroPython only.

Its flash is mounted at `/`, so the firmware's own paths are used; the host's files are at /host.
Flash and NVS lose power together at one of their changes. The store is a dict.
"""

import gc
import os
import sys
from hashlib import sha256

import vfs

vfs.mount(vfs.VfsPosix("/"), "/host")
sys.path[:] = [path if path[:1] in (".", "") else "/host" + path for path in sys.path]

import flash_with_cuts as chip  # noqa: E402

NOW = 1795521600
BYTES = 64 * 4096
_NOT_FOUND = -0x1102


class RestartError(Exception):
    """The board restarts."""


class Power:
    """Counts changes; at number `cut_at` the power is lost until on().

    `journal` has the changes since on(): (address on the flash or name in NVS, content).
    """

    cut_at = changes = 0
    torn = False
    is_off = False

    def on(self, cut_at=0, torn=False):
        self.changes = 0
        self.is_off = False
        self.journal = []
        self.cut_at, self.torn = cut_at, torn

    def change(self, where, content):
        """Count a change; return whether the power is lost with it or has been lost before."""
        if not self.is_off:
            self.changes += 1
            self.journal.append((where, content))
            self.is_off = self.changes == self.cut_at
            return self.is_off
        return True


power = Power()


class Flash(chip.Flash):
    """Like its base class, with the power of the whole board."""

    def _change(self, start, data):
        if power.is_off:
            return -5
        data = bytes(data)
        if power.change(start, data):
            if not power.torn:
                return -5
            data = data[: len(data) // 2]
        self.image[start : start + len(data)] = data
        return -5 if power.is_off else 0


class NVS:
    """The part of esp32.NVS that the firmware uses; each entry is written whole."""

    entries = {}  # noqa: RUF012

    def __init__(self, namespace):
        pass

    def _set(self, key, value):
        if power.change(key, value):
            raise OSError(-1, "ESP_FAIL")
        self.entries[key] = value

    def set_i32(self, key, value):
        assert -(1 << 31) <= value < 1 << 31
        self._set(key, value)

    def set_blob(self, key, value):
        self._set(key, bytes(value))

    def _get(self, key):
        if key not in self.entries:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return self.entries[key]

    def get_i32(self, key):
        return self._get(key)

    def get_blob(self, key, buf):
        value = self._get(key)
        if len(value) > len(buf):
            raise OSError(-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        buf[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        self._get(key)
        if power.change(key, None):
            raise OSError(-1, "ESP_FAIL")
        del self.entries[key]

    def commit(self):
        pass


waits = []  # milliseconds of the timers


class _Machine:
    """The part of `machine` that the firmware uses here."""

    memory = b""

    class RTC:
        def memory(self, content=None):
            if content is not None:
                _Machine.memory = content
            return _Machine.memory

    class Timer:
        def __init__(self, number):
            pass

        def init(self, **how):
            waits.append(how["period"])

        def deinit(self):
            pass

    class WDT:
        def __init__(self, **how):
            pass

    @staticmethod
    def reset():
        raise RestartError

    @staticmethod
    def reset_cause():
        return 1


class _ESP32:
    NVS = NVS


sys.modules["esp32"] = _ESP32
sys.modules["machine"] = sys.modules["network"] = _Machine

import trial as top_trial  # noqa: E402
from s3 import S3Error  # noqa: E402

from firmware import clock, wifi  # noqa: E402
from firmware.settings import config  # noqa: E402
from firmware.start import slot_clear, slot_confirm, slot_state, slot_switch  # noqa: E402
from firmware.tasks import update as task  # noqa: E402
from firmware.update import fetch, files, finish, keep, start, trial, turn  # noqa: E402

clock.now = lambda: NOW
config.section = lambda name: True
wait_s = turn.wait_s
turn.wait_s = lambda app: 0  # there is always time


class _Time:
    now_s = NOW - clock.EPOCH_S

    @staticmethod
    def time():
        return _Time.now_s


slot_switch.time = _Time
wifi.is_up = lambda: True


class Store:
    """What the bucket holds under cam1/_update/: {name: content}. Counts its answers."""

    buf = bytearray(4092)

    def __init__(self, objects):
        self.objects = objects
        self.answers = []

    def attempt(self, action, client, key, first, most, write, etag=""):
        name = key.rpartition("/")[2]
        assert key == "cam1/_update/" + name, key
        if name not in self.objects:
            raise S3Error("NoSuchKey", 404, "fatal", "there is no object")
        content = self.objects[name]
        found = str(sha256(content).digest()[:4])
        self.answers.append((name[:7], first))
        if etag == found:
            return 304, etag
        if first >= len(content):
            raise S3Error("InvalidRange", 416, "fatal", "not satisfiable")
        for at in range(first, min(first + most, len(content)), 700):
            write(memoryview(content)[at : min(at + 700, first + most, len(content))])
        return 206, found


class Uploader:
    device = "cam1"
    waiting = 0
    cap = (3000, 1 << 30)
    seq = 0

    def __init__(self, store, counters):
        self.store = store
        self.counters = counters

    def feed(self):
        pass


class App:
    hash = None
    sleeps = False
    interval_s = 30
    windows = ((0, 1 << 40),)

    def __init__(self, store):
        self.tasks = {"status": 0}
        self.counters = {"seq": 7, "requests": 0, "sent_kb": 0, "stored": 3, "cause": "update"}
        self.uploader = Uploader(store, self.counters)


def write_tree(files):
    """Write {path: content} to the flash."""
    for path, content in files.items():
        for at in range(1, len(path)):
            if path[at] == "/":
                try:
                    os.mkdir(path[:at])
                except OSError:
                    pass
        with open(path, "wb") as f:
            f.write(content)


class Board:
    """The flash and NVS of one board, and the store that it asks."""

    def __init__(self, files, entries, store):
        self.image = bytearray(BYTES)
        power.on()
        vfs.VfsLfs2.mkfs(Flash(self.image))
        NVS.entries = dict(entries)
        self.store = store
        self.mount()
        write_tree(files)

    def copy(self):
        """Return what restore() takes."""
        return bytes(self.image), dict(NVS.entries)

    def restore(self, kept, cut_at=0, torn=False):
        """Put flash and NVS back to `kept`, and lose the power at change number `cut_at`."""
        self.image[:] = kept[0]
        NVS.entries = dict(kept[1])
        power.on()
        self.mount()
        power.on(cut_at, torn)

    def replay(self, kept, journal, torn):
        """Put flash and NVS to what the changes of `journal` make of `kept`.

        The last one is not begun or, with `torn`, half done.
        """
        self.image[:] = kept[0]
        NVS.entries = dict(kept[1])
        for where, content in journal[:-1]:
            self._change(where, content)
        where, content = journal[-1]
        if torn and isinstance(where, int):
            self._change(where, content[: len(content) // 2])

    def _change(self, where, content):
        if isinstance(where, int):
            self.image[where : where + len(content)] = content
        elif content is None:
            del NVS.entries[where]
        else:
            NVS.entries[where] = content

    def mount(self):
        """Mount the flash as at power-on."""
        _Machine.memory = b""
        gc.collect()  # a file that is still open must not be closed after its file system is gone
        try:
            vfs.umount("/")
        except OSError:
            pass
        vfs.mount(vfs.VfsLfs2(Flash(self.image)), "/")
        os.chdir("/")

    def choose(self):
        """Count a start and choose the slot, with boot.py's own code."""
        state = NVS.entries.get("slot", 0)
        if state & 14:
            state = top_trial.begin(state)
        for module in (
            slot_clear,
            slot_confirm,
            slot_state,
            slot_switch,
            files,
            fetch,
            finish,
            keep,
            trial,
        ):
            module.slot = "/b" if state & 1 else "/a"

    def start(self, is_good=True):
        """Start once; return whether there is nothing more to do.

        On trial, a good firmware stores a photo and puts a report; a bad one does nothing.
        """
        try:
            self.choose()
            start.clear()
            app = App(self.store)
            start.add(app)
            if "trial" in app.tasks:
                if not is_good:
                    return False
                trial.look(app)
                app.uploader.seq = 8
                trial.look(app)
                return keep.keep(app)
            app.tasks["update"] = 0
            for _ in range(99):
                if task.do(app) is None or power.is_off:
                    return not power.is_off
            raise AssertionError("the download does not end")
        except RestartError:
            return False
        except OSError:
            if power.is_off:
                return False
            raise

    def tree(self, folder):
        """Return {path: content} of the slot `folder`."""
        return chip.tree(folder)

    def files(self):
        """Return {path: content} of the whole flash."""
        return chip.tree("", without=("host",))
