"""The options of `megacam cloud create` and `cloud template` for the digest, and what they say."""

import os
from pathlib import Path
from typing import Annotated

import typer

from megacam.alarms import settings
from megacam.cloud import function_zip, template
from megacam.cloud.spec import OFF
from megacam.console import Terminal
from megacam.digest import models
from megacam.errors import MegacamError

Digest = Annotated[
    bool | None,
    typer.Option("--digest/--no-digest", help="Sum up each hour in a Lambda function"),
]
OnUpload = Annotated[
    str | None,
    typer.Option("--on-upload", help="Digest also each new photo: motion, all or off"),
]
Film = Annotated[
    bool | None, typer.Option("--film/--no-film", help="Let the digest make films (default: yes)")
]
Labels = Annotated[
    str | None,
    typer.Option("--labels", help="Let the digest label photos: rekognition, a model's URL, off"),
]
LabelCalls = Annotated[
    int | None,
    typer.Option("--label-calls", min=1, max=1_000_000, help="Calls of the model a month at most"),
]
Alarms = Annotated[
    str | None,
    typer.Option("--alarms", help="Let the digest send alarms, by this alarms.json; off: no more"),
]
TemplateDigest = Annotated[
    bool, typer.Option("--digest", help="Sum up each hour in a Lambda function")
]
DigestZip = Annotated[
    Path | None, typer.Option("--digest-zip", help="Write the code of the digest to this file")
]


def alarms_text(given: str | None) -> str | None:
    """Return the text of an alarms.json, which only its owner may read."""
    if given in (None, OFF):
        return given
    path = Path(given)
    settings.read(path)
    return path.read_text(encoding="utf-8-sig")


def labels_token(given: str | None) -> str:
    """Return the token of the model that is given, from the variable; Rekognition has none."""
    return "" if given in (None, OFF, models.REKOGNITION) else os.environ.get(models.TOKEN, "")


def write_zip(terminal: Terminal, path: Path, film: bool) -> None:
    """Write the code of the function, and say where it belongs."""
    with terminal.working("downloading the wheels for Lambda"):
        code = function_zip.build(film)
    try:
        path.write_bytes(code)
    except OSError as error:
        raise MegacamError(f"cannot write {path}: {error.strerror}") from error
    terminal.mark("done", f"wrote {path}, {len(code) / 2**20:.0f} MB; upload it first:")
    key = f"megacam-digest-{function_zip.identity(film)}.zip"
    terminal.command(f"aws s3 cp {path} s3://YOUR-CODE-BUCKET/{key}")


def say_parameters(terminal: Terminal, wanted: template.Options, path: str) -> None:
    """Say how to put the secrets where the functions of a template read them."""
    for own in map(wanted.digest_of, wanted.devices if wanted.digest else ()):
        if own.alarms:
            _say_parameter(terminal, "alarms.json", own.parameter, f"file://{path}")
        if own.token:
            _say_parameter(terminal, "the model's token", own.token_parameter, f"${models.TOKEN}")


def _say_parameter(terminal: Terminal, what: str, name: str, value: str) -> None:
    terminal.mark(
        "warn",
        f"CloudFormation makes no encrypted parameter, so put {what} there: aws ssm "
        f'put-parameter --type SecureString --overwrite --name {name} --value "{value}"',
    )
