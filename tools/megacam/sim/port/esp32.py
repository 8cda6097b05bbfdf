"""The ESP32's `esp32`: NVS kept by the simulator in a file, so that it outlives the flash."""

from world import ask


class NVS:
    def __init__(self, namespace):
        self._namespace = namespace
        ask("nvs_open", namespace)

    def set_blob(self, key, value):
        ask("nvs_set", self._namespace, key, "blob", value.hex())

    def get_blob(self, key, buf):
        value = bytes.fromhex(ask("nvs_get", self._namespace, key, "blob", len(buf)))
        buf[: len(value)] = value
        return len(value)

    def set_i32(self, key, value):
        ask("nvs_set", self._namespace, key, "i32", value)

    def get_i32(self, key):
        return ask("nvs_get", self._namespace, key, "i32", 0)

    def erase_key(self, key):
        ask("nvs_erase", self._namespace, key)

    def commit(self):
        ask("nvs_commit")


def idf_heap_info(capabilities):
    return [(100000, 53000, 31000, 29000)]
