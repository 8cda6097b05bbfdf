"""What the firmware can log: each warning and error has a remedy in docs/troubleshooting.md."""

import ast
import functools
from collections.abc import Iterator

from each import each
from megacam.board import tree
from megacam.doctor.log_lines import LOG_LINES


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an event may begin with."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield from _texts(node.values[0])
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        raise ValueError(f"line {node.lineno}: an event must begin with a text")


def _calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "log":
                yield from _texts(node.args[0])


@functools.cache
def _logged() -> set[str]:
    sources = [path for path in tree.sources() if path.endswith(".py")]
    texts = [(tree.root() / path).read_text(encoding="utf-8") for path in sources]
    return {event for text in texts for event in _calls(text)}


def test_each_warning_and_error_of_the_firmware_has_a_remedy_in_the_docs():
    page = (tree.root() / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    events = {event for event in _logged() if event[0] in "EW"}
    assert len(events) > 30
    starts = tuple(line[0] for line in LOG_LINES)
    # A text that continues with a value, as "W s3 ", is the beginning of several lines.
    unknown = [
        event
        for event in events
        if not event.startswith(starts) and not any(s.startswith(event) for s in starts)
    ]
    assert unknown == []
    for start, _, remedy in LOG_LINES:
        assert f"| `{start}` |" in page and remedy


@each("line", LOG_LINES)
def test_each_line_that_the_docs_explain_is_one_that_the_firmware_logs(line):
    start = line[0]
    assert any(event.startswith(start) or start.startswith(event) for event in _logged())


def test_every_event_has_a_level():
    assert {event[:2] for event in _logged()} == {"D ", "I ", "W ", "E "}
