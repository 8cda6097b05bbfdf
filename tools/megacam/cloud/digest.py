"""The digest in the cloud: a Lambda function per camera, its schedule, role, queue and log.

Whatever is there is compared by its content, so another `cloud create` repairs what differs and
changes nothing else. The function's code is function_zip.py's.
"""

from megacam.aws import Aws, AwsError
from megacam.cloud import (
    digest_alarms,
    digest_function,
    digest_secrets,
    digest_triggers,
    function_zip,
)
from megacam.cloud.digest_function import Wanted
from megacam.cloud.plan import Step
from megacam.cloud.spec import OFF, CloudSpec
from megacam.digest import models, zones
from megacam.errors import MegacamError
from megacam.words import count


def steps(aws: Aws, spec: CloudSpec) -> list[Step]:
    """Return the steps that make or repair the digest, or remove it if `spec.digest` is False.

    Without a word about it in `spec`, a digest that is there is kept as it is.
    """
    now = digest_function.read(aws, spec.bucket, spec.device)
    if spec.digest is False:
        return destroy_steps(aws, spec.bucket, spec.device)
    more = {
        "--on-upload": spec.on_upload,
        "--labels": spec.labels,
        "--label-calls": spec.label_calls,
        "--alarms": spec.alarms,
    }
    given = [name for name, value in more.items() if value is not None]
    for name in given:
        if now is None and not spec.digest and more[name] != OFF:
            raise MegacamError(
                f"{spec.device} has no digest yet, which {name} belongs to: add --digest"
            )
    if not spec.digest and (now is None or not given):
        return []
    text, topic = (None, "") if spec.alarms in (None, OFF) else digest_alarms.checked(spec.alarms)
    wanted = _wanted(spec, now or {}, topic)
    _check_labels(aws, wanted)
    zones.zone_of(wanted.zone)
    token = spec.labels_token if wanted.token else ""
    kept = digest_secrets.step_for
    unused = [
        *([wanted.parameter] if spec.alarms == OFF else []),
        *([wanted.token_parameter] if spec.labels and not wanted.token else []),
    ]
    return [
        *([kept(aws, wanted.parameter, text, "alarms.json")] if text else []),
        *([kept(aws, wanted.token_parameter, token, "the model's token")] if token else []),
        *digest_function.steps(aws, wanted),
        *digest_secrets.destroy_steps(aws, unused),
        *digest_triggers.schedule_steps(aws, wanted),
        *digest_triggers.upload_steps(aws, wanted),
    ]


def _wanted(spec: CloudSpec, old: dict[str, str], topic: str) -> Wanted:
    """Return what the function is to be; where `spec` says nothing, it stays as it is."""
    silent = spec.digest is None
    has_alarms = bool(old.get("MEGACAM_ALARMS_PARAMETER"))
    if spec.alarms is None:
        topic = old.get("MEGACAM_ALARMS_TOPIC", "")
    labels = _chosen(spec.labels, old.get("MEGACAM_LABELS", ""))
    # A token is kept for its own model; another address must not get it.
    has_token = labels == old.get("MEGACAM_LABELS") and bool(old.get("MEGACAM_LABELS_PARAMETER"))
    return Wanted(
        spec.bucket,
        spec.device,
        old.get("MEGACAM_TIMEZONE", "") if silent else spec.timezone,
        int(old.get("MEGACAM_MOTION_THRESHOLD", spec.motion)) if silent else spec.motion,
        old.get("MEGACAM_FILM", "1") == "1" if spec.film is None else spec.film,
        _chosen(spec.on_upload, old.get("MEGACAM_ON_UPLOAD", "")),
        labels,
        spec.label_calls or int(old.get("MEGACAM_LABEL_CALLS", digest_function.LABEL_CALLS)),
        has_alarms if spec.alarms is None else spec.alarms != OFF,
        topic,
        has_token or bool(spec.labels_token),
    )


def _chosen(given: str | None, old: str) -> str:
    if given is None:
        return old
    return "" if given == OFF else given


def _check_labels(aws: Aws, wanted: Wanted) -> None:
    if wanted.labels == models.REKOGNITION and not aws.has_service("rekognition"):
        raise MegacamError(
            f"there is no Rekognition in {aws.region}: give --labels the address of a model"
        )


def destroy_steps(aws: Aws, bucket: str, device: str) -> list[Step]:
    """Return the steps that remove a camera's digest from the account, not what it wrote."""
    wanted = Wanted(bucket, device)
    try:
        return [
            *digest_triggers.destroy_steps(aws, wanted),
            *digest_function.destroy_steps(aws, wanted),
            *digest_secrets.destroy_steps(aws, [wanted.parameter, wanted.token_parameter]),
        ]
    except AwsError as error:
        if digest_function.is_out_of_reach(error):
            return []
        raise


def report(aws: Aws, bucket: str, device: str) -> tuple[str, list[str]]:
    """Return in words when a camera's digest runs, "" for never, and remarks about it."""
    now = digest_function.read(aws, bucket, device)
    if now is None:
        return "", []
    wanted = Wanted(bucket, device, on_upload=now.get("MEGACAM_ON_UPLOAD", ""))
    words = "hourly" + (f", on upload: {wanted.on_upload}" if wanted.on_upload else "")
    words += ", labels" if now.get("MEGACAM_LABELS") else ""
    words += ", alarms" if now.get("MEGACAM_ALARMS_PARAMETER") else ""
    mend = f"`megacam cloud create --device {device} --digest` repairs it"
    remarks: list[str] = []
    if digest_triggers.missing(aws, wanted):
        remarks.append(f"the digest's schedule or trigger is missing or off; {mend}")
    if now.get("MEGACAM_BUILD") != _build(now):
        remarks.append(f"the digest runs other code than is installed here; {mend}")
    failed = digest_function.failed_runs(aws, wanted)
    if failed:
        remarks.append(
            f"{count(failed, 'run')} of the digest failed in the last 14 days; its log is "
            f"{wanted.log}"
        )
    return words, remarks


def _build(now: dict[str, str]) -> str | None:
    """Return what the function's code would be if it were made here and now."""
    try:
        return function_zip.identity(now.get("MEGACAM_FILM", "1") == "1")
    except MegacamError:
        # The packages that it is made of are not installed here: there is nothing to compare.
        return now.get("MEGACAM_BUILD")
