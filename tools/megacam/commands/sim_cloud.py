"""`megacam sim cloud`: a local AWS, for every command that wants one."""

import contextlib
import json
import os
import shlex
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from megacam import settings
from megacam.commands import extras, options
from megacam.console import Terminal
from megacam.errors import MegacamError

# What `megacam cloud` asks, without --iot.
_SERVICES = ("s3", "iam", "sts", "budgets")
_BUCKET, _DEVICE, _REGION = "megacam-demo", "cam1", "us-east-1"
_PORT_OF_BOARD = "--port sim-board/tty"
_COMMANDS = (
    f"setup {_PORT_OF_BOARD}",
    "cloud show",
    f"cloud rotate {_PORT_OF_BOARD}",
    "status",
    "gallery",
)
# These would win over the key that is pasted.
_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def cloud_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this computer")] = 8443,
    folder: Annotated[Path, typer.Option(help="Folder for its root certificate")] = Path(
        "sim-cloud"
    ),
    config: Annotated[
        Path, typer.Option(help="Settings of its camera; written if the file is missing")
    ] = options.CONFIG,
) -> None:
    """Run a local AWS and a time server.

    Offers S3 and IAM until Ctrl-C. Then everything in them is gone.
    """
    terminal = Terminal()
    store_module = extras.load("megacam.sim.store", "demo")
    with _stage(store_module, port) as store, contextlib.suppress(KeyboardInterrupt):
        ca = _write_ca(folder, store.ca_pem)
        terminal.mark("done", f"a local AWS is at {store.endpoint}; press Ctrl-C to stop it")
        _offer_config(terminal, config, store.endpoint, port)
        terminal.mark(
            "next", "in a second terminal, start a camera; it prints its Wi-Fi password:"
        )
        terminal.command("megacam sim board --pty")
        terminal.mark("next", "in a third terminal, paste:")
        _show_environment(terminal, store.endpoint, ca, store_module.ROOT_KEY)
        terminal.mark("next", "there, run the set-up, then whatever you want to try:")
        given = "" if config == options.CONFIG else f" --config {config}"
        for command in _COMMANDS:
            terminal.command(f"megacam {command}{given}")
        while True:
            time.sleep(1)


@contextlib.contextmanager
def _stage(store_module: Any, port: int) -> Any:
    from megacam.sim.ntp_server import NTPServer

    with contextlib.ExitStack() as stack:
        store = stack.enter_context(store_module.Store(_REGION, _SERVICES, port=port))
        try:
            stack.enter_context(NTPServer(port=port))
        except OSError as error:
            raise MegacamError(
                f"the time server cannot use UDP port {port}: {error.strerror}; choose another "
                "with --port"
            ) from None
        yield store


def _write_ca(folder: Path, ca_pem: Path) -> Path:
    path = folder.absolute() / "ca.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ca_pem.read_bytes())
    except OSError as error:
        raise MegacamError(
            f"cannot use {folder}: {error.strerror}; choose another --folder"
        ) from error
    return path


def _offer_config(terminal: Terminal, path: Path, endpoint: str, port: int) -> None:
    """Write a config.json for the store where there is none; warn of one for another store."""
    if path.exists():
        found = settings.read(path).get("s3")
        if isinstance(found, dict) and found.get("endpoint") == endpoint:
            terminal.mark("done", f"{path} names this store")
        else:
            terminal.mark(
                "warn",
                f"{path} names another store; stop this and name a new file with --config, here "
                "and in the commands below",
            )
        return
    wanted = {
        "device": _DEVICE,
        "interval_s": 10,
        "s3": {"bucket": _BUCKET, "region": _REGION, "endpoint": endpoint, "path_style": True},
        "clock": {"servers": [f"127.0.0.1:{port}"], "http_urls": []},
    }
    try:
        path.write_text(json.dumps(wanted, indent=4) + "\n", encoding="utf-8")
    except OSError as error:
        raise MegacamError(
            f"cannot write {path}: {error.strerror}; choose another --config"
        ) from error
    terminal.mark("add", f"wrote {path}: the camera {_DEVICE}, the bucket {_BUCKET}")


def _show_environment(terminal: Terminal, endpoint: str, ca: Path, key: str) -> None:
    in_the_way = [name for name in _IN_THE_WAY if os.environ.get(name)]
    if in_the_way:
        terminal.command(f"unset {' '.join(in_the_way)}")
    for name, value in (
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_CA_BUNDLE", ca),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", key),
        ("MEGACAM_ROOTS", ca),
    ):
        terminal.command(f"export {name}={shlex.quote(str(value))}")
