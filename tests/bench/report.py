"""Chapters of text and tables in Markdown, for the terminal and for docs/performance.md."""

import textwrap
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of words and numbers under `columns`; numbers are aligned right."""

    columns: list[str]
    rows: list[list[object]]

    def __str__(self) -> str:
        cells = [[_cell(value) for value in row] for row in self.rows]
        is_number = [
            all(not isinstance(row[i], str) for row in self.rows) for i in range(len(self.columns))
        ]
        lines = [self.columns, ["--:" if right else "---" for right in is_number], *cells]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass
class Chapter:
    """A heading with paragraphs and tables."""

    title: str
    parts: list[object] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [_fill(part) if isinstance(part, str) else str(part) for part in self.parts]
        return "\n\n".join([f"## {self.title}", *parts]) + "\n"


def _fill(text: str) -> str:
    return textwrap.fill(text, 99, break_long_words=False, break_on_hyphens=False)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
