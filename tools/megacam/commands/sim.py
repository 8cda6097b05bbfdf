"""`megacam sim`: the simulated camera on its own, seen at its SPI pins."""

from typing import Annotated

import typer

from megacam.console import MisuseError, Terminal
from megacam.sim import camera_cli
from megacam.sim.camera_faults import FAULTS
from megacam.sim.camera_models import KINDS

app = typer.Typer(no_args_is_help=True, help="Run a simulated camera, board or AWS.")


@app.command("camera")
def camera_command(
    model: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}")] = "3mp",
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Fault: NAME or NAME:TIMES (repeatable; see megacam sim faults)"),
    ] = None,
    size: Annotated[str, typer.Option(help="Size of the photo")] = "640x480",
) -> None:
    """Take one photo and print its SPI traffic.

    Shows every register access. You can add faults with --fault.
    """
    terminal = Terminal()
    try:
        camera_cli.show_camera(model, fault or (), size, terminal.raw)
    except ValueError as e:
        raise MisuseError(str(e)) from e


@app.command("faults")
def faults_command() -> None:
    """List the faults that the simulated camera can have."""
    Terminal().table(("fault", "what happens"), FAULTS.items())
