"""The output, the questions and the exit codes of every command.

Output to a file or pipe is plain text. With --json, standard output has JSON only. Questions and
errors go to standard error. Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.
"""

import contextlib
import getpass
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from megacam.errors import MegacamError

# Wider than any line we print: lines that are piped into another program must not be wrapped.
_PLAIN_WIDTH = 10_000
_MARKS = {
    "done": ("✓", "ok", "green"),
    "warn": ("!", "!", "yellow"),
    "bad": ("✗", "x", "red"),
    "add": ("+", "+", "green"),
    "change": ("~", "~", "yellow"),
    "remove": ("-", "-", "red"),
    "same": ("·", ".", "dim"),
    "next": ("→", ">", "cyan"),
}
_INTERRUPTED = 130
_SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


_ANSWERS = 3
_Checked = TypeVar("_Checked")


class MisuseError(MegacamError):
    """The command line itself is wrong; the exit code is 2 instead of 1."""


class Terminal:
    """The output and input of one command; create it when the command runs."""

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        self.out = _console(sys.stdout, stderr=False)
        self.err = _console(sys.stderr, stderr=True)
        # The spinner or progress bar on screen; it stops while a line is printed.
        self._moving: Status | Progress | None = None

    @property
    def plain(self) -> bool:
        """True if standard output is a file or a pipe: no color, no boxes, no wrapped lines."""
        return not self.out.is_terminal

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line of literal text, without Rich markup; print nothing with --json."""
        if not self.as_json:
            self._print(self.out, Text(text, style=style))

    def command(self, text: str) -> None:
        """Print a command line for the user to copy, on one line however long it is."""
        if not self.as_json:
            self._print(self.out, Text(f"  {text}", style="cyan"), soft_wrap=True)

    def heading(self, text: str) -> None:
        """Print the heading of a section."""
        self.line()
        self.line(text, "bold")

    def mark(self, kind: str, text: str, detail: str = "") -> None:
        """Print a line with a mark. `kind`: done, warn, bad, add, change, remove, same or next.

        With --json, only warn and bad are printed, to standard error.
        """
        target = self.out
        if self.as_json:
            if kind not in ("warn", "bad"):
                return
            target = self.err
        pretty, ascii_mark, style = _MARKS[kind]
        sign = pretty if target.encoding.lower().startswith("utf") else ascii_mark
        table = Table.grid(padding=(0, 1))
        table.add_column(width=len(sign), style=style)
        words = Text(text, style="dim" if kind == "same" else "")
        if detail:
            words.append(f"  {detail}", style="dim")
        if target.is_terminal:
            table.add_row(sign, words)
            self._print(target, table)
        else:
            self._print(target, Text(f"{sign} ") + words)

    def facts(self, pairs: Mapping[str, str]) -> None:
        """Print names and values, one aligned pair a line."""
        if self.as_json:
            return
        if self.plain:
            for line in _aligned([], [[Text(name), Text(pairs[name])] for name in pairs], ()):
                self._print(self.out, line)
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column(overflow="fold")
        for name, value in pairs.items():
            grid.add_row(Text(name), Text(value))
        self._print(self.out, grid)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str | Text]],
        right: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Print a table; `right` names the right-aligned columns. Print nothing with --json."""
        if self.as_json:
            return
        cells = [[c if isinstance(c, Text) else Text(c) for c in row] for row in rows]
        if title:
            self.heading(title)
        if self.plain:
            for line in _aligned(columns, cells, right):
                self._print(self.out, line)
            return
        table = Table(box=box.SIMPLE_HEAD, border_style="dim", header_style="bold cyan")
        for name in columns:
            numbers = name in right
            # Wrap long cells, never cut them: the user may want to copy them.
            side = "right" if numbers else "left"
            table.add_column(Text(name), justify=side, no_wrap=numbers, overflow="fold")
        for row in cells:
            table.add_row(*row)
        self._print(self.out, table)

    def data(self, value: Any) -> None:
        """Print `value` as JSON if --json was given."""
        if self.as_json:
            self.raw(json.dumps(value, indent=2, ensure_ascii=False))

    def raw(self, text: str) -> None:
        """Write `text` to standard output unchanged, for files, templates and JSON."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def confirm(self, question: str, yes: bool = False, flag: str = "--yes") -> bool:
        """Ask a y/N question and return the answer; `yes` answers it without asking.

        Raises MisuseError if there is no terminal to ask on.
        """
        if yes:
            return True
        answer = self._ask(f"{question} [y/N] ", flag).lower()
        return answer in ("y", "yes")

    def agree(self, question: str, yes: bool = False) -> None:
        """Ask a y/N question; raises MegacamError unless the answer is yes."""
        if not self.confirm(question, yes):
            raise MegacamError("cancelled; nothing was changed")

    def type_again(self, what: str, word: str, given: str, flag: str) -> bool:
        """Ask the user to type `word`, as a second confirmation before an irrevocable action."""
        if not given:
            given = self._ask(f"Type the {what} ({word}) to confirm: ", f"{flag} {word}")
        return given == word

    def ask(self, question: str, instead: str, default: str = "", as_typed: bool = False) -> str:
        """Ask for a text; `as_typed` keeps the spaces around it.

        Raises MisuseError, naming what to give `instead`, if there is no terminal to ask on.
        """
        shown = f"{question} [{default}]: " if default else f"{question}: "
        return self._ask(shown, instead, as_typed) or default

    @property
    def can_ask(self) -> bool:
        """True if there is a terminal to ask on."""
        return sys.stdin.isatty()

    def until_right(self, ask: Callable[[], str], check: Callable[[str], _Checked]) -> _Checked:
        """Return check(ask()); if check() raises MegacamError, print it and ask again.

        The third error is raised: an end of input (Ctrl-D) would otherwise loop for ever.
        """
        for left in reversed(range(_ANSWERS)):
            answer = ask()
            try:
                return check(answer)
            except MegacamError as error:
                if not left:
                    raise
                self.mark("bad", str(error), "try again")
        raise AssertionError("the last refusal was raised")

    def ask_secret(self, question: str, instead: str) -> str:
        """Ask for a text without echo; raises MisuseError if there is no terminal to ask on."""
        if not sys.stdin.isatty():
            raise MisuseError(f"there is no terminal to ask '{question}'; set {instead}")
        return getpass.getpass(f"{question}: ", stream=sys.stderr)

    def _ask(self, prompt: str, flag: str, as_typed: bool = False) -> str:
        if not sys.stdin.isatty():
            raise MisuseError(f"there is no terminal to ask '{prompt.strip()}'; add {flag}")
        self.err.print(Text(prompt, style="bold"), end="")
        try:
            typed = input()
            return typed if as_typed else typed.strip()
        except EOFError:
            return ""

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show a spinner with `text` while the block runs, if standard error is a terminal."""
        if not self.err.is_terminal:
            yield
            return
        with self.err.status(Text(text)) as spinner, self._is_moving(spinner):
            yield

    def now(self, text: str) -> None:
        """Change the text beside the spinner of working() or the bar of progress()."""
        if isinstance(self._moving, Status):
            self._moving.update(Text(text))
        elif self._moving:
            for task in self._moving.task_ids:
                self._moving.update(task, description=text)

    @contextlib.contextmanager
    def progress(self, text: str, total: float | None = None) -> Iterator[Callable[..., None]]:
        """Show a progress bar on standard error; yields advance(n, total=None)."""
        if not self.err.is_terminal:
            yield lambda n, total=None: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with (
            Progress(*columns, TimeElapsedColumn(), console=self.err, transient=True) as bar,
            self._is_moving(bar),
        ):
            task = bar.add_task(text, total=total)
            yield lambda n, total=None: bar.update(task, advance=n, total=total)

    @contextlib.contextmanager
    def _is_moving(self, moving: Status | Progress) -> Iterator[None]:
        self._moving = moving
        try:
            yield
        finally:
            self._moving = None

    def _print(self, target: Console, what: Any, **how: Any) -> None:
        if self._moving:
            self._moving.stop()
        target.print(what, **how)
        if self._moving:
            self._moving.start()


def _console(stream: Any, stderr: bool) -> Console:
    plain = not getattr(stream, "isatty", bool)()
    forced = os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE")
    width = _PLAIN_WIDTH if plain and not forced else None
    return Console(stderr=stderr, width=width, highlight=False, emoji=False, markup=False)


def _aligned(
    columns: Sequence[str], cells: list[list[Text]], right: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of a table for a file or a pipe, with two spaces between columns."""
    rows = [[c.plain.replace("\n", ", ") for c in row] for row in cells]
    rows = [list(columns), *rows] if columns else rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        fields = [
            cell.rjust(width) if columns and columns[i] in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(fields).rstrip()


def hide(text: str) -> str:
    """Return `text` cut off before the first private key in it."""
    found = _SECRET.search(text)
    return text[: found.start()] + "(secret)" if found else text


def run(app: Callable[..., Any], argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `--debug` anywhere shows tracebacks.

    A MegacamError is printed as one sentence on standard error. Any other exception is a bug and
    is reported as an internal error.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    _forgive_encoding()
    words = [word for word in words if word != "--debug"]
    try:
        app(args=words, prog_name="megacam")
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # what typer exits with on Ctrl-C
            return _complain("interrupted", _INTERRUPTED)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _complain("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # The reader closed the pipe (`megacam status | head`); leave nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MegacamError as error:
        if debug:
            raise
        return _complain(str(error), 2 if isinstance(error, MisuseError) else 1)
    except Exception as error:
        if debug:
            raise
        what = hide(f"{type(error).__name__}: {error}")
        return _complain(f"internal error ({what}); run it again with --debug and report it", 1)
    return 0


def _forgive_encoding() -> None:
    # A pipe on Windows may have a codec of 200 characters; print "?" instead of failing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _complain(sentence: str, code: int) -> int:
    error = _console(sys.stderr, stderr=True)
    error.print(Text.assemble(("megacam: ", "bold red"), " ".join(sentence.split())))
    return code
