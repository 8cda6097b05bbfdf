"""Run a `megacam` command in this process, as a user runs it with its output in a pipe.

done = megacam("status", "--json", cwd=folder, AWS_REGION="eu-central-1")
done.returncode, done.stdout, done.stderr

A start of the interpreter costs half a second. Signals, a terminal, and what is loaded when are
tested with real processes.
"""

import contextlib
import io
import os
import subprocess
from pathlib import Path
from unittest import mock

from megacam import cli, console


def megacam(*words, cwd, environment=None, **more):
    """Run the command line `words` in the folder `cwd`; nobody can be asked.

    `environment` replaces that of this process, and the variables `more` are added to it.
    """
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    variables = {**(os.environ if environment is None else environment), **more}
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch("sys.stdin", io.StringIO()),
        mock.patch.dict(os.environ, variables, clear=True),
    ):
        os.chdir(cwd)
        try:
            code = console.run(cli.app, [*map(str, words)])
        finally:
            os.chdir(before)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
