"""Overlays of the board: which modules are loaded on demand, and the archive that holds them.

In the source, every import is a plain one. link() turns the imports of on-demand modules into
`overlay(OFFSET)` of lib/overlay.py, and archive() concatenates the compiled modules.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence

from megacam.board import syntax

# Single-file libraries that stay in memory: the one that reads a photo during its upload, the
# loader, and the one that must be imported before any other at the prompt.
_RESIDENT_LIBRARIES = ("lib/jpeg.py", "lib/overlay.py", "lib/overlay_names.py")

#: The first offset: from here on, all offsets have the same size in bytecode.
FIRST = 1 << 13

# Each module begins at a multiple of this. So most changes of a line leave all others in place,
# and `megacam deploy` sends one or two blocks of the archive, not all of it and all callers.
_SLOT_BYTES = 128

_BLOCK_BYTES = 4096
_POINTER_BYTES = 4
_JUMP = 4  # blocks
# What each photo loads lies at the end: littlefs finds a place in a file from its end, in steps.
_FOR_EACH_PHOTO = (
    *("firmware.health.counters", "firmware.shot.schedule", "firmware.tasks.loop"),
    *("firmware.shot.take", "firmware.shot.metadata", "exif"),
    *("arducam_mega.start", "arducam_mega.capture", "arducam_mega.frame"),
    *("s3.describe", "s3.aws_chunked", "s3.unsigned_payload", "s3.request", "s3.put"),
    *("s3.stored", "canonical_request", "signing_key"),
    *("https.request", "https.reply"),
)

#: Overlays that the host's commands import by name on a board: the build keeps their public names.
AT_PROMPT = {
    *("firmware.credentials", "firmware.health.counters", "firmware.health.report"),
    *("firmware.network.join", "firmware.settings.config", "firmware.start.board"),
    *("firmware.timing.set_clock", "https.errors", "https.tls_context", "s3.body"),
}

Compile = Callable[[Mapping[str, str]], dict[str, bytes]]


def is_resident(path: str) -> bool:
    """Return whether the file `path` on the board stays in memory; its folder decides.

    Files directly in firmware/ stay, and so does the __init__.py of a library.
    """
    folder, _, name = path.rpartition("/")
    is_package = folder.startswith("lib/") and folder.count("/") == 1 and name == "__init__.py"
    return folder == "firmware" or is_package or path in _RESIDENT_LIBRARIES


def is_code(text: str) -> bool:
    """Return whether a module has more than a docstring, unlike an __init__.py in firmware/."""
    return any(not isinstance(node, ast.Expr) for node in ast.parse(text).body)


def archive(
    texts: Mapping[str, str], program: Mapping[str, str], compile_texts: Compile
) -> tuple[bytes, dict[str, int], dict[str, str]]:
    """Return the archive of the on-demand modules `texts`, their offsets, and `program` linked.

    `texts` and `program` are {module: source}. The size of a module depends on the offsets in
    it, so every offset takes three bytes in bytecode: they begin at FIRST, as lib/overlay.py
    expects, and end below 1 MB. Each module is followed by zeros up to a multiple of _SLOT_BYTES;
    bytecode never ends with a zero. What each photo loads comes last.
    """
    texts = {name: texts[name] for name in sorted(texts, key=_FOR_EACH_PHOTO.__contains__)}
    numbers = {name: ~number for number, name in enumerate(texts)}
    numbered = {name: link(text, numbers) for name, text in texts.items()}
    same = [FIRST] * len(texts)
    sizes = compile_texts({name: _place(text, same) for name, text in numbered.items()})
    offsets, end = {}, FIRST
    for name in texts:
        offsets[name] = end
        end += len(_padded(sizes[name]))
    found = [*offsets.values()]
    blobs = compile_texts({name: _place(text, found) for name, text in numbered.items()})
    assert {name: len(blob) for name, blob in blobs.items()} == {
        name: len(blob) for name, blob in sizes.items()
    }
    linked = {name: _place(link(text, numbers), found) for name, text in program.items()}
    return _easy_to_search(b"".join(map(_padded, blobs.values()))), offsets, linked


def _easy_to_search(content: bytes) -> bytes:
    """Return `content` with zeros at its end, so that littlefs finds any place in it soon.

    Each search begins at the last block. Block n has pointers to the blocks n - 1, n - 2, n - 4
    ... for the powers of two that divide n, so with an odd n each search takes one or two more
    reads (littlefs DESIGN.md, "CTZ skip-lists").
    """
    while _last_block(len(content)) % _JUMP:
        content += bytes(_SLOT_BYTES)
    return content


def _last_block(size: int) -> int:
    """Return the number of a file's last block, counted from 0; see lfs_ctz_index() in lfs.c."""
    room = _BLOCK_BYTES - 2 * _POINTER_BYTES
    guess = (size - 1) // room
    if guess <= 0:
        return 0
    return (size - 1 - _POINTER_BYTES * ((guess - 1).bit_count() + 2)) // room


def _padded(module: bytes) -> bytes:
    return module + bytes(-len(module) % _SLOT_BYTES)


def _place(text: str, offsets: Sequence[int]) -> str:
    """Return a linked text with the number of each module (~0, ~1...) replaced by its offset."""
    return re.sub(r"\boverlay\((-\d+)\)", lambda m: f"overlay({offsets[~int(m[1])]})", text)


def link(text: str, offsets: Mapping[str, int | str]) -> str:
    """Return `text` with its imports of the modules in `offsets` turned into loads.

    A module that its scope uses only once is loaded right there and not kept afterwards.
    """
    tree = ast.parse(text)
    _Linker(tree, offsets).link()
    return ast.unparse(tree) + "\n"


def _load(offset: int | str) -> ast.expr:
    return ast.Call(ast.Name("overlay", ast.Load()), [ast.Constant(offset)], [])


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.fix_missing_locations(ast.Assign([ast.Name(name, ast.Store())], value, lineno=1))


class _Linker:
    def __init__(self, tree: ast.Module, offsets: Mapping[str, int | str]):
        self._tree = tree
        self._offsets = offsets
        self._parents = {
            child: node for node in syntax.walk(tree) for child in syntax.children(node)
        }

    def link(self) -> None:
        for node in syntax.walk(self._tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._replace(node)

    def _replace(self, node: ast.Import | ast.ImportFrom) -> None:
        kept = [alias for alias in node.names if self._target(node, alias) is None]
        statements: list[ast.stmt] = []
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        together = [alias for alias in node.names if self._target(node, alias) == module]
        if len(together) > 1:
            statements += self._load_once(module, together)
        for alias in node.names:
            target = self._target(node, alias)
            if target is not None and (alias not in together or len(together) == 1):
                statements += self._loads(node, alias, target)
        if not statements and len(kept) == len(node.names):
            return
        if kept:
            node.names = kept
            statements.insert(0, node)
        self._put(node, statements)

    def _target(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str | None:
        """Return the on-demand module that this name comes from, or None."""
        if isinstance(node, ast.Import):
            names: Sequence[str] = (alias.name,)
        else:
            names = (f"{node.module}.{alias.name}", node.module or "")
        return next((name for name in names if name in self._offsets), None)

    def _loads(
        self, node: ast.Import | ast.ImportFrom, alias: ast.alias, target: str
    ) -> list[ast.stmt]:
        value = _load(self._offsets[target])
        if isinstance(node, ast.ImportFrom) and node.module == target:
            value = ast.Attribute(value, alias.name, ast.Load())
        local = alias.asname or alias.name
        use = self._only_use(node, local)
        if use is None:
            return [_assign(local, value)]
        self._put_expression(use, ast.fix_missing_locations(value))
        return []

    def _load_once(self, module: str, names: Sequence[ast.alias]) -> list[ast.stmt]:
        """Return statements that take `names` from one load of `module`, held by the last name."""
        *others, last = [alias.asname or alias.name for alias in names]
        held = ast.Name(last, ast.Load())
        taken = [
            _assign(local, ast.Attribute(held, alias.name, ast.Load()))
            for local, alias in zip([*others, last], names, strict=True)
        ]
        return [_assign(last, _load(self._offsets[module])), *taken]

    def _only_use(self, node: ast.stmt, local: str) -> ast.Name | None:
        """Return the only use of what `node` imports, if the module may be loaded there."""
        scope = self._scope(node)
        again = [
            other.lineno
            for other in syntax.walk(scope)
            if isinstance(other, ast.Import | ast.ImportFrom)
            and other.lineno > node.lineno
            and local in [alias.asname or alias.name for alias in other.names]
        ]
        end = min(again, default=1 << 30)
        uses = [
            use
            for use in syntax.walk(scope)
            if isinstance(use, ast.Name) and use.id == local and node.lineno < use.lineno < end
        ]
        if len(uses) != 1:
            return None
        [use] = uses
        alike = self._scope(use) is scope and self._loop(use) is self._loop(node)
        return use if alike and self._is_after(use, node) else None

    def _is_after(self, use: ast.AST, node: ast.stmt) -> bool:
        """Return whether `use` is reached only through `node`: the same block holds both."""
        block = self._parents[node]
        while use is not block and self._parents[use] is not block:
            use = self._parents[use]
            if isinstance(use, ast.Module):
                return False
        lists = [field for _, field in ast.iter_fields(block) if isinstance(field, list)]
        return any(node in items and use in items for items in lists)

    def _scope(self, node: ast.AST) -> ast.AST:
        while not isinstance(node, ast.Module | ast.FunctionDef | ast.Lambda):
            node = self._parents[node]
            if isinstance(node, ast.FunctionDef):
                return node
        return node

    def _loop(self, node: ast.AST) -> ast.AST | None:
        while node in self._parents and not isinstance(node, ast.FunctionDef):
            node = self._parents[node]
            if isinstance(node, ast.For | ast.While | ast.comprehension | ast.GeneratorExp):
                return node
        return None

    def _put(self, node: ast.stmt, statements: list[ast.stmt]) -> None:
        """Replace `node` with `statements`."""
        parent = self._parents[node]
        for field in ("body", "orelse", "finalbody"):
            body = getattr(parent, field, None)
            if isinstance(body, list) and node in body:
                at = body.index(node)
                body[at : at + 1] = statements or ([ast.Pass()] if len(body) == 1 else [])
                for statement in statements:
                    self._parents[statement] = parent

    def _put_expression(self, old: ast.expr, new: ast.expr) -> None:
        parent = self._parents[old]
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and old in value:
                value[value.index(old)] = new
        self._parents[new] = parent
