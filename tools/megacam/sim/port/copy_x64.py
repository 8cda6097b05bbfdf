"""Copy memory, allocating nothing; in machine code, so only for x86-64 (see rom.py)."""


@micropython.viper
def copy(to: ptr8, source: ptr8, size: int):
    """Copy `size` bytes; `to` and `source` are buffers or addresses."""
    words = size >> 2
    to_words = ptr32(to)
    source_words = ptr32(source)
    i = 0
    while i < words:
        to_words[i] = source_words[i]
        i += 1
    i = words << 2
    while i < size:
        to[i] = source[i]
        i += 1
