"""Git tracks only regular files, and no files that are generated in a clone."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGULAR = {"100644", "100755"}


def _git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)


def _tracked(*options):
    listing = _git("ls-files", *options)
    listing.check_returncode()
    return listing.stdout.splitlines()


def _is_work_tree():
    return shutil.which("git") and _git("rev-parse", "--show-prefix").stdout == "\n"


pytestmark = pytest.mark.skipif(not _is_work_tree(), reason="not a git work tree of its own")


def test_only_regular_files_are_tracked():
    # A symbolic link may point out of the clone, to a path on the machine that committed it.
    entries = _tracked("--stage")
    assert entries
    assert [entry for entry in entries if entry.split()[0] not in REGULAR] == []


def test_nothing_that_is_ignored_is_tracked():
    assert _tracked("--cached", "--ignored", "--exclude-standard") == []


@pytest.mark.parametrize("made", [".venv", "build", "demo-photos", "config.json"])
def test_what_a_clone_makes_is_ignored_as_a_folder_and_as_a_link(made):
    assert _git("check-ignore", "-q", "--no-index", made).returncode == 0
