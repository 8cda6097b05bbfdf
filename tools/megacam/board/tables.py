"""Keep modules in memory from holding the memory behind them, too.

MicroPython puts a module's tables of names and of constants into one piece of the heap, names
first (mp_module_context_alloc_tables() in py/bc.c). Without constants, the pointer to their table
is the end of that piece. Where a block of the heap ends there, the collector takes the pointer for
one to the next piece, which may be a module that has long been done with.
"""

from collections.abc import Callable, Mapping

Compile = Callable[[Mapping[str, str]], dict[str, bytes]]

_HEADER_BYTES = 4
# Bytes in a word and in a block of the heap: on the ESP32, and on the simulator's interpreter.
_LAYOUTS = ((4, 16), (8, 32))
_NAME_BYTES = 2
# Known to every MicroPython, so they take no memory; reading one does nothing.
_NAMES = ("__name__", "len", "int", "str", "print", "range")


def compile_apart(texts: Mapping[str, str], compile_texts: Compile) -> dict[str, bytes]:
    """Return {module: .mpy} of {module: source}; some get one or two names more."""
    compiled = compile_texts(texts)
    for name, text in texts.items():
        for more in _NAMES:
            if not holds_the_next(compiled[name]):
                break
            text += f"{more}\n"
            compiled[name] = compile_texts({name: text})[name]
    return compiled


def holds_the_next(module: bytes) -> bool:
    """Return whether a compiled module's tables may end where a block of the heap ends."""
    names, at = _number(module, _HEADER_BYTES)
    constants, _ = _number(module, at)
    return not constants and any(
        -(-names * _NAME_BYTES // word) * word % block == 0 for word, block in _LAYOUTS
    )


def _number(module: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` (seven bits a byte, the highest first), and where it ends."""
    number = 0
    while True:
        number = number << 7 | module[at] & 127
        at += 1
        if module[at - 1] < 128:
            return number, at
