"""The lines of a manifest, and the files that it names; loaded only when there is a release."""

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_SIGNATURE_BYTES = const(384)


def lines(f):
    """Yield (name, value) of each line from here on; raises ValueError."""
    while True:
        line = f.readline()
        if not line:
            return
        if line[-1:] != b"\n" or max(line) > 126:
            raise ValueError("its manifest is cut off or not ASCII")
        name, _, value = line[:-1].decode().partition(" ")
        yield name, value


def files(path):
    """Yield (path, size in bytes, SHA-256 in hex) for each file of the manifest `path`.

    What the board keeps of the running slot, a file or a folder, is (path, -1, "").
    """
    with open(path, "rb") as f:
        f.seek(_SIGNATURE_BYTES)
        f.readline()
        for name, value in lines(f):
            if name == "keep":
                yield value, -1, ""
            elif name == "file":
                path, size, digest = value.split(" ")
                yield path, int(size), digest
