"""Text for users: numbers with their nouns, and help that is not cut off."""

import pytest
import typer.main
from megacam import cli, console, words
from megacam.board import deploy
from megacam.board.slots import Slots
from megacam.commands import deploy as commands
from megacam.demo import run
from megacam.sim.scene import PicturesError


def test_one_is_no_plural_and_a_vowel_wants_an():
    assert [words.count(n, "photo") for n in (0, 1, 2, 1000)] == [
        "0 photos",
        "1 photo",
        "2 photos",
        "1,000 photos",
    ]
    assert words.count(1.0, "start") == "1 start"
    assert [words.a(word) for word in ("access key", "certificate")] == [
        "an access key",
        "a certificate",
    ]


def _commands(group, path=()):
    yield path, group
    for name, one in getattr(group, "commands", {}).items():
        yield from _commands(one, (*path, name))


@pytest.mark.parametrize("wide", [80, 100])
def test_no_line_of_the_help_is_cut_off(wide, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(wide))
    for path, command in _commands(typer.main.get_command(cli.app)):
        with typer.Context(command, info_name="megacam", terminal_width=wide) as context:
            text = command.get_help(context)
        cut = [line for line in text.splitlines() if line.endswith("...") and "Usage" not in line]
        assert not cut, (path, cut)


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "text"])
def test_pictures_that_cannot_be_shown_are_one_sentence_before_anything_starts(tmp_path, kind):
    place = tmp_path / "pictures"
    if kind == "file":
        place.write_text("no folder")
    elif kind != "missing":
        place.mkdir()
    if kind == "text":
        (place / "a.jpg").write_text("no picture")
    options = run.Options(pictures=place, folder=tmp_path / "out")
    said = []
    with pytest.raises(run.DemoError, match=r"--photos \S+: .*; (name|put)") as refused:
        run.run(options, said.append, said.append)
    assert isinstance(refused.value.__cause__, PicturesError) and not said


@pytest.mark.parametrize("inside", [False, True])
def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path, inside):
    (tmp_path / "out").write_text("a file")
    folder = tmp_path / "out" / "deep" if inside else tmp_path / "out"
    said = []
    with pytest.raises(run.DemoError, match=r"--folder \S+ cannot be a folder .*; name another"):
        run.run(run.Options(folder=folder), said.append, said.append)
    assert not said


@pytest.mark.parametrize("words_given", [(), ("verbose",)])
def test_a_deploy_names_its_files_in_a_pipe_or_when_asked(monkeypatch, capsys, words_given):
    kept = dict.fromkeys("abc", 1)
    plan = deploy.Plan("1", Slots(), {"firmware/app.mpy": b"xy"}, kept, {}, ["lib/old.py"])
    monkeypatch.setattr(deploy, "make", lambda *_: None)
    options = dict.fromkeys(words_given, True)
    for is_terminal in (False, True):
        monkeypatch.setattr(console.Terminal, "plain", not is_terminal)
        commands.carry_out(console.Terminal(), None, plan, **options)
        said = capsys.readouterr().out
        named = "+ firmware/app.mpy" in said and "- lib/old.py" in said
        assert named is (not is_terminal or bool(options)), said
        assert "1 file copied and verified, 3 unchanged" in said
