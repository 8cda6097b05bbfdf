"""What `megacam cloud show` prints."""

from rich.text import Text

from megacam import words
from megacam.cloud import show
from megacam.commands import site
from megacam.console import Terminal


def print_report(terminal: Terminal, report: show.Report) -> None:
    """Print a report as tables and sentences."""
    terminal.heading(f"{report.bucket} in {report.region}")
    terminal.line(f"account {report.account}", "dim")
    terminal.line()
    width = max(len(check.name) for check in report.checks)
    for check in report.checks:
        terminal.mark("done" if check.right else "bad", check.name.ljust(width), check.found)
    money = f"${report.budget_usd:g} a month for S3" if report.budget_usd is not None else "none"
    terminal.mark("same", "budget alarm".ljust(width), report.budget_remark or money)
    if not all(check.right for check in report.checks):
        terminal.mark("next", "fix it with `megacam cloud create`")
    if report.site:
        site.print_report(terminal, report.site)
    terminal.line()
    if not report.devices:
        terminal.mark("next", "no cameras yet: `megacam cloud create --device NAME`")
        return
    terminal.table(
        ("camera", "signs in with", "may", "photos kept", "digest", "key", "age"),
        [_device_row(device) for device in report.devices],
        right=("age",),
    )
    for device in report.devices:
        for remark in device.remarks:
            terminal.mark("warn", f"{device.name}: {remark}")


def _device_row(device: show.Device) -> tuple[str | Text, ...]:
    may = Text("put only", "green") if device.put_only else Text("more than put", "bold red")
    if device.updates:
        may.append(", read its updates", "green")
    if device.public:
        may.append(", photos public", "yellow")
    kept = words.count(device.keep_days, "day") if device.keep_days else "for ever"
    ids = "\n".join(_key_words(key) for key in device.keys) or "-"
    ages = "\n".join(f"{key.age_days} d" for key in device.keys) or "-"
    return device.name, device.kind, may, kept, device.digest or "-", ids, ages


def _key_words(key: show.Key) -> str:
    # A certificate's id has 64 digits; its beginning tells it from another.
    short = key.id if len(key.id) <= 24 else key.id[:12] + "…"
    return short if key.active else f"{short} (off)"
