"""The command line `megacam`: its list of commands, each of which is in megacam.commands."""

from typing import Annotated

import typer

from megacam.board import keys
from megacam.commands import (
    build,
    cloud,
    cost,
    demo,
    deploy,
    digest,
    doctor,
    flash,
    gallery,
    provision,
    release,
    setup,
    shot,
    sim,
    sim_board,
    sim_cloud,
    status,
    update,
    watch,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def megacam(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks (works in any position)")
    ] = False,
) -> None:
    """An ESP32 and an Arducam Mega that stream every photo into your own S3 bucket."""


app.command("setup")(setup.setup_command)
app.command("flash")(flash.flash_command)
app.command("build")(build.build_command)
app.command("deploy")(deploy.deploy_command)
app.command("provision")(provision.provision_command)
app.command("wipe")(provision.wipe_command)
app.command("doctor")(doctor.doctor_command)
app.command("shot")(shot.shot_command)
app.command("logs")(shot.logs_command)
app.command("demo")(demo.demo_command)
app.add_typer(gallery.make_app(), name="gallery")
app.command("timelapse")(gallery.timelapse_command)
app.command("digest")(digest.digest_command)
app.add_typer(cloud.make_app(keys.opened), name="cloud")
app.command("release")(release.release_command)
app.add_typer(update.make_app(), name="update")
app.command("status")(status.status_command)
app.command("watch")(watch.watch_command)
app.command("cost")(cost.cost_command)
sim.app.command("board")(sim_board.board_command)
sim.app.command("cloud")(sim_cloud.cloud_command)
app.add_typer(sim.app, name="sim")
