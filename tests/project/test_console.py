"""Output and exit of commands: exit codes, plain output, JSON, questions, no secrets."""

import contextlib
import json
import os
import pty
import re
import select
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import typer
from megacam import console
from megacam.console import MisuseError, Terminal
from megacam.errors import MegacamError

TOOLS = Path(__file__).parents[2] / "tools"


def _app(body):
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    app.command("go")(body)
    return app


def _run(body, *argv):
    return console.run(_app(body), ["go", *argv])


def _raise(error):
    def body():
        raise error

    return body


def test_done_is_0(capsys):
    assert _run(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


def test_a_known_error_is_one_sentence_and_1(capsys):
    assert _run(_raise(MegacamError("the shed is\nlocked; find the key"))) == 1
    assert capsys.readouterr() == ("", "megacam: the shed is locked; find the key\n")


def test_misuse_is_2(capsys):
    assert _run(_raise(MisuseError("which shed? add --shed"))) == 2
    assert _run(lambda: None, "--no-such-flag") == 2
    assert "which shed?" in capsys.readouterr().err


def test_a_defect_says_so_without_a_traceback(capsys):
    assert _run(_raise(KeyError("x"))) == 1
    err = capsys.readouterr().err
    assert err.startswith("megacam: internal error (KeyError: 'x'); run it again with --debug")
    assert "Traceback" not in err


def test_debug_anywhere_shows_the_traceback():
    for error in (KeyError("x"), MegacamError("no")):
        with pytest.raises(type(error)):
            _run(_raise(error), "--debug")


def test_an_exit_code_of_a_command_is_kept():
    assert _run(_raise(typer.Exit(1))) == 1
    assert _run(_raise(SystemExit(3))) == 3
    assert _run(_raise(SystemExit("words"))) == 1


def test_ctrl_c_is_130(capsys):
    assert _run(_raise(KeyboardInterrupt())) == 130


def test_a_private_key_in_a_defects_message_is_hidden(capsys):
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n"
    assert _run(_raise(ValueError(f"cannot parse {text}"))) == 1
    err = capsys.readouterr().err
    assert "MIIEow" not in err
    assert "(secret)" in err


def test_text_is_printed_as_it_is(capsys):
    terminal = Terminal()
    terminal.line("[red]not markup[/red] :smile: http://x/[y]")
    terminal.mark("done", "[bold]neither[/bold]", "[x]")
    out = capsys.readouterr().out
    assert "[red]not markup[/red] :smile: http://x/[y]" in out
    assert "[bold]neither[/bold]  [x]" in out


def test_a_pipe_gets_no_colour_no_boxes_and_whole_lines(capsys):
    terminal = Terminal()
    long = "word " * 100
    terminal.heading("Things")
    terminal.table(("name", "bytes"), [("a", "1"), (long.strip(), "22")], right=("bytes",))
    terminal.mark("warn", long.strip())
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert not set(out) & set("│─╭┃━")
    lines = out.splitlines()
    assert long.strip() in lines[-1]
    assert lines[2].split() == ["name", "bytes"]
    assert lines[3].endswith("  1") and lines[4].endswith(" 22")
    assert all(line == line.rstrip() for line in lines)


def test_json_is_alone_on_standard_output(capsys):
    terminal = Terminal(as_json=True)
    terminal.heading("words")
    terminal.line("words")
    terminal.facts({"a": "b"})
    terminal.table(("a",), [("b",)])
    terminal.mark("done", "words")
    terminal.mark("warn", "careful")
    terminal.data({"käse": [1, 2]})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"käse": [1, 2]}
    assert "careful" in err
    assert "words" not in err


def test_a_question_that_nobody_can_answer_is_misuse(monkeypatch):
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(MisuseError, match=r"there is no terminal to ask .*add --yes"):
            Terminal().confirm("Go on?")
        with pytest.raises(MisuseError, match=r"add --confirm shed"):
            Terminal().type_again("name", "shed", "", "--confirm")
        assert Terminal().confirm("Go on?", yes=True)
        assert Terminal().type_again("name", "shed", "shed", "--confirm")
        assert not Terminal().type_again("name", "shed", "barn", "--confirm")


@contextlib.contextmanager
def _on_a_terminal(body, **environment):
    """Run Python code on a pseudo-terminal; yield the terminal's descriptor."""
    master, slave = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(TOOLS), "TERM": "xterm-256color", "COLUMNS": "80"}
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(body)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**env, **environment},
        close_fds=True,
    )
    os.close(slave)
    try:
        yield master
        child.wait(20)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        os.close(master)


def _read_until(master, words, timeout_s=20):
    text, deadline_s = b"", time.monotonic() + timeout_s
    while words.encode() not in text and time.monotonic() < deadline_s:
        if select.select([master], [], [], 0.2)[0]:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
    return text.decode()


@pytest.mark.parametrize(("typed", "answer"), [("y", "True"), ("", "False"), ("nope", "False")])
def test_a_question_on_a_terminal(typed, answer):
    body = """
        from megacam.console import Terminal
        print("answer", Terminal().confirm("Go on?"))
    """
    with _on_a_terminal(body) as master:
        assert "Go on? [y/N]" in _read_until(master, "[y/N]")
        os.write(master, f"{typed}\n".encode())
        assert f"answer {answer}" in _read_until(master, f"answer {answer}")


def test_a_terminal_gets_colour_and_no_color_is_obeyed():
    body = """
        from megacam.console import Terminal
        terminal = Terminal()
        terminal.mark("done", "made")
        terminal.table(("name",), [("x",)])
        print("the end")
    """
    with _on_a_terminal(body) as master:
        text = _read_until(master, "the end")
    assert "\x1b[32m" in text
    assert "─" in text
    with _on_a_terminal(body, NO_COLOR="1") as master:
        text = _read_until(master, "the end")
    assert "\x1b[32m" not in text


def test_a_word_too_long_for_the_terminal_is_folded_and_never_cut():
    body = """
        from megacam.console import Terminal
        Terminal().table(("key", "words"), [("A" * 60, "B" * 60)])
        print("the end")
    """
    with _on_a_terminal(body) as master:
        text = _read_until(master, "the end")
    assert (text.count("A"), text.count("B")) == (60, 60)


def test_what_is_said_while_a_spinner_turns_or_a_bar_grows_has_a_line_of_its_own():
    body = """
        from megacam.console import Terminal
        terminal = Terminal()
        with terminal.working("thinking"):
            terminal.mark("done", "one")
            terminal.now("thinking hard")
            terminal.line("two")
        with terminal.progress("counting", 2) as advance:
            advance(1)
            terminal.now("counting harder")
            terminal.line("three")
        print("the end")
    """
    with _on_a_terminal(body) as master:
        lines = _read_until(master, "the end").splitlines()
    # After "\r" or "erase line", the cursor is at the beginning of a line.
    shown = [re.split(r"\r|\x1b\[2K|\x1b\[1A", line)[-1] for line in lines]
    plain = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).strip() for line in shown]
    assert "✓ one" in plain
    assert any("counting harder" in line for line in lines), "beside the bar"
    assert [line for line in plain if line in ("two", "three", "the end")] == [
        "two", "three", "the end"
    ]  # fmt: skip
    assert any("thinking hard" in line for line in lines)


def test_a_stream_that_knows_only_ascii_gets_ascii_marks():
    body = """
        import sys
        from megacam import console
        def go(*args, **kwargs):
            console.Terminal().mark("done", "made")
            console.Terminal().line("3 µA → fine")
        sys.exit(console.run(go))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(body)],
        env={**os.environ, "PYTHONPATH": str(TOOLS), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"ok made\n3 ?A ? fine\n"


def test_a_reader_that_goes_away_is_no_traceback():
    body = """
        import sys
        from megacam import console
        def go(*args, **kwargs):
            for _ in range(20000):
                console.Terminal().raw("x" * 100)
        sys.exit(console.run(go))
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(body)],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    child.stdout.read(100)
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(20) == 1
    child.stderr.close()
