"""The ESP32's `esp32`: NVS kept by the simulator in a file, so that it outlives the flash."""

from world import ask

# A whole blob in JSON would take more of the firmware's heap than the port itself does.
_PIECE = 512


class NVS:
    def __init__(self, namespace):
        self._namespace = namespace
        ask("nvs_open", namespace)

    def set_blob(self, key, value):
        ask("nvs_set", self._namespace, key, "blob", value.hex())

    def get_blob(self, key, buf):
        n = ask("nvs_get", self._namespace, key, "blob", len(buf))
        for at in range(0, n, _PIECE):
            piece = bytes.fromhex(ask("nvs_piece", self._namespace, key, at, _PIECE))
            buf[at : at + len(piece)] = piece
        return n

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
