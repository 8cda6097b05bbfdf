"""Builds are shared by the processes of one run, and only for the same sources."""

import threading

import pytest
from megacam.board import builds


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setattr(builds, "_made", {})
    calls = []

    def make(text, kind="firmware"):
        calls.append(text)
        return {"a.mpy": text.encode(), "deep/b.mpy": b""}

    make.calls = calls
    make.once = lambda text, kind="firmware": builds.once(
        {"a": text}, lambda: make(text), kind=kind
    )
    return make


@pytest.mark.parametrize("is_shared", [True, False])
def test_the_same_sources_are_built_once(make, is_shared, tmp_path, monkeypatch):
    monkeypatch.setenv(builds.FOLDER, str(tmp_path) if is_shared else "")
    for _ in range(2):
        assert make.once("one") == {"a.mpy": b"one", "deep/b.mpy": b""}
    assert make.once("two") != make.once("one")
    make.once("one", kind="stand-ins")
    assert make.calls == ["one", "two", "one"]


def test_what_a_caller_does_to_the_files_stays_with_it(make):
    make.once("one").clear()
    assert make.once("one")["a.mpy"] == b"one"


def test_another_process_of_the_run_finds_the_build(make, tmp_path, monkeypatch):
    monkeypatch.setenv(builds.FOLDER, str(tmp_path))
    first = make.once("one")
    monkeypatch.setattr(builds, "_made", {})  # as in a new process
    assert make.once("one") == first
    assert make.calls == ["one"]
    assert len([path for path in tmp_path.iterdir() if path.suffix != ".lock"]) == 1


def test_who_comes_during_a_build_waits_for_it(make, tmp_path, monkeypatch):
    monkeypatch.setenv(builds.FOLDER, str(tmp_path))
    found, calls = [], []

    def ask(during=lambda: None):
        def build():
            calls.append("built")
            during()
            return {"a.mpy": b"one"}

        found.append(builds.once({"a": "one"}, build, kind="firmware"))

    others = [threading.Thread(target=ask) for _ in range(3)]

    def come():
        for other in others:
            other.start()
        # Long enough for them to come; on a machine that is too busy for that, they come later.
        others[0].join(0.2)

    ask(come)
    for other in others:
        other.join()
    assert found == [{"a.mpy": b"one"}] * 4 and calls == ["built"]
