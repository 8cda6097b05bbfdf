"""The ESP32's `esp32`: NVS kept in a file, so that it outlives the flash image and resets.

As in the real partition, a commit is appended and the last whole one counts: a power cut in the
middle of one leaves the one before.
"""

import binascii
import json

HEAP_DATA = 4

_FILE = "/.board/nvs.json"
_ESP_ERR_NVS_NOT_FOUND = -0x1102
_ESP_ERR_NVS_INVALID_NAME = -0x1106
_ESP_ERR_NVS_INVALID_LENGTH = -0x110C
_NAME_LENGTH = 15  # of a namespace and of a key


def _load():
    partition = {}
    try:
        with open(_FILE) as f:
            for line in f:
                if line.endswith("\n"):
                    partition = json.loads(line)
    except OSError:
        pass  # a new board
    return partition


def _name(name):
    if not 0 < len(name) <= _NAME_LENGTH:
        raise OSError(_ESP_ERR_NVS_INVALID_NAME, "ESP_ERR_NVS_INVALID_NAME")
    return name


class NVS:
    def __init__(self, namespace):
        self._namespace = _name(namespace)
        self._pending = {}

    def _set(self, key, kind, value):
        self._pending[_name(key)] = None if value is None else (kind, value)

    def _get(self, key, kind):
        entry = self._pending.get(key) or _load().get(self._namespace, {}).get(key)
        if entry is None or entry[0] != kind:
            raise OSError(_ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return entry[1]

    def set_i32(self, key, value):
        self._set(key, "i32", value)

    def get_i32(self, key):
        return self._get(key, "i32")

    def set_blob(self, key, value):
        self._set(key, "blob", binascii.b2a_base64(value).decode().strip())

    def get_blob(self, key, buf):
        value = binascii.a2b_base64(self._get(key, "blob"))
        if len(value) > len(buf):
            raise OSError(_ESP_ERR_NVS_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH")
        buf[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        if key not in self._pending and key not in _load().get(self._namespace, {}):
            raise OSError(_ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        self._set(key, None, None)

    def commit(self):
        partition = _load()
        entries = partition.setdefault(self._namespace, {})
        for key, entry in self._pending.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry
        with open(_FILE, "a") as f:
            f.write(json.dumps(partition) + "\n")
        self._pending.clear()


def idf_heap_info(capabilities):
    return [(100000, 53000, 31000, 29000)]
