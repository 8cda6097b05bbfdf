"""`megacam cloud`: create, show, rotate, destroy, template."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from megacam import words
from megacam.aws import Aws
from megacam.cloud import bucket as bucket_parts
from megacam.cloud import (
    cost,
    create,
    destroy,
    digest_alarms,
    iot,
    keys,
    retention,
    show,
    template,
)
from megacam.cloud.digest_function import LABEL_CALLS
from megacam.cloud.plan import Plan
from megacam.cloud.spec import GALLERY_ORIGINS, OFF, CloudSpec
from megacam.commands import cloud_digest, cloud_report, extras, options, rotate, site
from megacam.commands.digest import of_camera
from megacam.console import Terminal
from megacam.errors import MegacamError

Keep = Annotated[
    int | None,
    typer.Option(help="Delete photos after this many days; 0: never (default: no change)"),
]
KeepVersions = Annotated[
    int | None,
    typer.Option(
        "--keep-versions",
        help="Keep overwritten and deleted photos for this many days; 0: off (default: no change)",
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin", help="Web origin that may read photos (repeatable; default: localhost)"
    ),
]
Budget = Annotated[float | None, typer.Option(help="Send an e-mail above this many $ a month")]
PublicRead = Annotated[
    bool | None,
    typer.Option("--public-read/--no-public-read", help="Let everybody see the photos"),
]
Updates = Annotated[
    bool | None,
    typer.Option("--updates/--no-updates", help="Let the camera read releases for it"),
]
TemplateUpdates = Annotated[
    bool, typer.Option("--updates", help="Let the cameras read releases for them")
]
DeviceList = Annotated[
    list[str] | None, typer.Option("--device", "-d", help="Camera (repeatable)")
]
TemplateKeep = Annotated[
    int, typer.Option("--keep", help="Days until photos are deleted; 0: never")
]
TemplateVersions = Annotated[
    int,
    typer.Option("--keep-versions", help="Days to keep overwritten and deleted photos; 0: off"),
]
CloudFront = Annotated[
    bool,
    typer.Option("--cloudfront", help="Let everybody see the photos; the bucket stays private"),
]
TemplatePublicRead = Annotated[
    bool, typer.Option("--public-read", help="Let everybody see the photos in the bucket")
]
Site = Annotated[
    bool,
    typer.Option(
        "--site", help="A private web site that shows the camera to whom you give a link"
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write")]
Email = Annotated[str, typer.Option(help="Where --budget sends its e-mail")]


def make_app(open_board: rotate.OpenBoard | None = None) -> typer.Typer:
    """Return the commands; `open_board(port)` gives `rotate` its board."""
    app = typer.Typer(no_args_is_help=True, help="Set up, inspect and clean up your AWS account.")
    app.command("create")(create_command)
    app.command("show")(show_command)
    app.command("site")(site.site_command)
    app.command("rotate")(rotate.make_command(open_board))
    app.command("destroy")(destroy_command)
    app.command("template")(template_command)
    return app


def create_command(
    bucket: options.Bucket = None,
    device: options.Device = None,
    keep: Keep = None,
    keep_versions: KeepVersions = None,
    origins: Origins = None,
    iot_way: options.Iot = False,
    public_read: PublicRead = None,
    updates: Updates = None,
    site_wanted: Site = False,
    budget: Budget = None,
    email: Email = "",
    digest: cloud_digest.Digest = None,
    on_upload: cloud_digest.OnUpload = None,
    film: cloud_digest.Film = None,
    labels: cloud_digest.Labels = None,
    label_calls: cloud_digest.LabelCalls = None,
    alarms: cloud_digest.Alarms = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Create a private bucket and a user that can only put photos.

    Run it again to repair what is not right.
    """
    place = options.place(bucket, device, region, config)
    spec = CloudSpec(
        place.need_bucket(),
        place.need_device(),
        keep,
        tuple(origins) if origins else None,
        iot_way,
        public_read,
        budget,
        email,
        keep_versions,
        updates,
        site_wanted,
        digest,
        on_upload,
        film,
        *of_camera(config, None),
        labels,
        label_calls,
        cloud_digest.alarms_text(alarms),
        cloud_digest.labels_token(labels),
    )
    if site_wanted:
        extras.load("megacam.site.publish", "site", "awscrt")
    _create(Terminal(as_json), options.owner(place, profile), spec, yes, dry_run)


def _create(terminal: Terminal, aws: Aws, spec: CloudSpec, yes: bool, dry_run: bool) -> None:
    with terminal.working("checking what is there"):
        plan = create.plan(aws, spec)
    show_plan(terminal, aws, spec.bucket, plan)
    done = _make(terminal, plan, yes, dry_run)
    terminal.data({"bucket": spec.bucket, "region": aws.region, **plan.as_data(done)})
    if done:
        _say_next(terminal, aws, spec)


def show_command(
    bucket: options.Bucket = None,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    as_json: options.Json = False,
) -> None:
    """Show the bucket's protections, its cameras and their keys."""
    place = options.place(bucket, None, region, config)
    terminal = Terminal(as_json)
    with terminal.working("checking what is there"):
        report = show.report(options.owner(place, profile), place.need_bucket())
    terminal.data(dataclasses.asdict(report))
    cloud_report.print_report(terminal, report)


def destroy_command(
    bucket: options.Bucket = None,
    device: options.Device = None,
    photos: Annotated[bool, typer.Option("--photos", help="Also delete the photos")] = False,
    region: options.Region = None,
    profile: options.Profile = None,
    config: options.Config = options.CONFIG,
    yes: options.Yes = False,
    confirm: Annotated[
        str, typer.Option(help="Name of what you want to destroy; answers the second question")
    ] = "",
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Remove keys and users, of one camera or of all.

    Asks twice. Deletes photos only with --photos.
    """
    place = options.place(bucket, None, region, config)
    name, terminal = place.need_bucket(), Terminal(as_json)
    aws = options.owner(place, profile)
    with terminal.working("checking what is there"):
        plan = destroy.plan(aws, name, device, photos, _deletion_counter(terminal))
    show_plan(terminal, aws, name, plan)
    if plan.changes and not dry_run:
        _make_sure(terminal, device or name, yes, confirm)
    done = _make(terminal, plan, True, dry_run)
    terminal.data({"bucket": name, "region": aws.region, **plan.as_data(done)})


def template_command(
    bucket: options.Bucket = None,
    device: DeviceList = None,
    keep: TemplateKeep = 0,
    keep_versions: TemplateVersions = 0,
    origins: Origins = None,
    iot_way: options.Iot = False,
    cloudfront: CloudFront = False,
    public_read: TemplatePublicRead = False,
    updates: TemplateUpdates = False,
    site_wanted: Site = False,
    budget: Budget = None,
    email: Email = "",
    digest: cloud_digest.TemplateDigest = False,
    on_upload: cloud_digest.OnUpload = None,
    film: cloud_digest.Film = None,
    labels: cloud_digest.Labels = None,
    label_calls: cloud_digest.LabelCalls = None,
    alarms: cloud_digest.Alarms = None,
    digest_zip: cloud_digest.DigestZip = None,
    config: options.Config = options.CONFIG,
    output: Output = None,
) -> None:
    """Print the same set-up as a CloudFormation template."""
    text = cloud_digest.alarms_text(alarms)
    place = options.place(bucket, None, None, config)
    wanted = template.Options(
        place.need_bucket(),
        tuple(device or (place.need_device(),)),
        keep or None,
        tuple(origins) if origins else GALLERY_ORIGINS,
        iot_way,
        public_read,
        cloudfront,
        budget,
        email,
        keep_versions or None,
        updates,
        site_wanted,
        digest,
        on_upload or "",
        film is not False,
        *of_camera(config, None),
        labels or "",
        label_calls or LABEL_CALLS,
        text not in (None, OFF),
        "" if text in (None, OFF) else digest_alarms.checked(text)[1],
        bool(cloud_digest.labels_token(labels)),
    )
    if digest_zip:
        cloud_digest.write_zip(Terminal(as_json=output is None), digest_zip, film is not False)
    cloud_digest.say_parameters(Terminal(as_json=output is None), wanted, str(alarms))
    # Printed, the template is data, and whatever else there is to say goes to standard error.
    _write_template(Terminal(as_json=output is None), wanted, output)


def _write_template(terminal: Terminal, wanted: template.Options, output: Path | None) -> None:
    text = json.dumps(template.template(wanted), indent=2)
    for device in wanted.devices if wanted.public_read else ():
        terminal.mark("warn", bucket_parts.public_warning(device))
    if output is None:
        terminal.raw(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise MegacamError(f"cannot write {output}: {error.strerror}") from error
    terminal.mark("done", f"wrote {output}")
    terminal.command(
        f"aws cloudformation deploy --stack-name megacam --template-file {output} "
        "--capabilities CAPABILITY_IAM"
    )


def show_plan(terminal: Terminal, aws: Aws, bucket: str, plan: Plan) -> None:
    """Print where a plan is about to be carried out, and its steps."""
    _introduce(terminal, aws, bucket)
    _print_plan(terminal, plan)


def _introduce(terminal: Terminal, aws: Aws, bucket: str) -> None:
    who = aws.identity
    terminal.heading(f"{bucket} in {aws.region}")
    terminal.line(f"account {who['account']}, as {who['arn']}", "dim")
    terminal.line()


def _print_plan(terminal: Terminal, plan: Plan) -> None:
    for step in plan.steps:
        if step.make:
            terminal.mark(step.kind, step.text, step.detail)
        else:
            terminal.mark("same", step.text, "already done")
    for warning in plan.warnings:
        terminal.mark("warn", warning)


def _make(terminal: Terminal, plan: Plan, yes: bool, dry_run: bool) -> bool:
    count = len(plan.changes)
    terminal.line()
    if not count:
        terminal.mark("done", "nothing to change")
        return True
    changes = words.count(count, "change")
    if dry_run:
        terminal.line(f"{changes}; nothing was changed (--dry-run)")
        return False
    terminal.agree(f"Make {changes}?", yes)
    with terminal.working(changes):
        plan.make(lambda step: terminal.now(f"{step.text} …"))
    terminal.mark("done", f"{changes} made")
    return True


def _make_sure(terminal: Terminal, word: str, yes: bool, confirm: str) -> None:
    terminal.line()
    terminal.agree("Destroy all of this permanently?", yes)
    if not terminal.type_again("name", word, confirm, "--confirm"):
        raise MegacamError(f"that is not the name ({word}); nothing was changed")


def _deletion_counter(terminal: Terminal) -> Callable[[int], None]:
    total = 0

    def deleted(count: int) -> None:
        nonlocal total
        total += count
        terminal.now(f"deleted {words.count(total, 'object')} …")

    return deleted


def _say_next(terminal: Terminal, aws: Aws, spec: CloudSpec) -> None:
    if spec.site:
        terminal.mark("next", "make a link to the site: `megacam cloud site --link`")
        terminal.mark(
            "next", "without the digest, show days on it: `megacam cloud site --publish`"
        )
    if spec.alarms not in (None, OFF):
        terminal.mark(
            "next",
            f"send a test message to everybody: `megacam watch --bucket {spec.bucket} --test`",
        )
    ring = (iot.Certificates if spec.iot else keys.AccessKeys)(aws, spec.bucket, spec.device)
    if not ring.list():
        terminal.mark(
            "next",
            "create its key and put it on the board: `megacam cloud rotate`; or by hand, with "
            "--show-secret and then `megacam provision`",
        )
    if retention.keep_days(retention.lifecycle(aws, spec.bucket), spec.device) is None:
        usage = cost.Usage(keep_days=None)
        growth = cost.estimate(usage, cost.load_prices(), "us-east-1").growth_usd
        terminal.mark(
            "next",
            f"photos are kept for ever; at 200 KB every 30 s, the bill grows by about "
            f"${growth:.2f} every month: `megacam cost`, `megacam cloud create --keep DAYS`",
        )
