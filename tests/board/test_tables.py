"""No resident module holds the memory behind its tables, on either interpreter."""

from each import each
from megacam.board import overlays, tables, tree


def _module(names, constants, digits=b""):
    return b"M\x06\x00\x1f" + digits + bytes([names, constants]) + b"\x00"


@each("names", range(1, 100))
def test_a_table_that_ends_where_a_block_ends_is_seen(names):
    ends = {-(-2 * names // word) * word % block for word, block in ((4, 16), (8, 32))}
    assert tables.holds_the_next(_module(names, 0)) == (0 in ends)
    assert not tables.holds_the_next(_module(names, 1))


def test_a_number_of_two_bytes_is_read():
    assert tables.holds_the_next(_module(0, 0, b"\x81"))  # 128 names
    assert not tables.holds_the_next(_module(1, 0, b"\x81"))


@each("count", range(1, 40))
def test_every_compiled_module_ends_somewhere_else(count):
    text = "".join(f"name_{number} = 0\n" for number in range(count))
    module = tables.compile_apart({"m": text}, tree.compile_texts)["m"]
    assert not tables.holds_the_next(module)


def test_the_firmware_has_none():
    files = {path: content for path, content in tree.build().items() if path.endswith(".mpy")}
    assert not [path for path, content in files.items() if tables.holds_the_next(content)]


def test_no_overlay_has_one_either():
    files = tree.build()
    archive = files["lib/overlay.bin"]
    for line in files["lib/overlay.txt"].decode().splitlines():
        name, offset = line.split()
        assert not tables.holds_the_next(archive[int(offset) - overlays.FIRST :]), name


def test_the_interpreter_frees_what_lies_behind_a_table(micropython, tmp_path):
    for name, compile_texts in (
        ("apart", lambda texts: tables.compile_apart(texts, tree.compile_texts)),
        ("plain", tree.compile_texts),
    ):
        text = "".join(f"_{letter} = 0\n" * 50 for letter in "abcdefghijklm")
        (tmp_path / name).mkdir()
        for number in range(8):
            blob = compile_texts({f"m{number}": text})[f"m{number}"]
            (tmp_path / name / f"m{number}.mpy").write_bytes(blob)
    used = [
        int(micropython("-c", _PROGRAM, path=[tmp_path / name], heap="400K"))
        for name in ("apart", "plain")
    ]
    assert used[0] < used[1] - 8 * 800


# The code at the top of a module is done with once it has run.
_PROGRAM = """
import gc
gc.collect()
before = gc.mem_alloc()
for number in range(8):
    __import__("m%d" % number)
gc.collect()
print(gc.mem_alloc() - before)
"""
