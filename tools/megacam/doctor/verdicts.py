"""Find the row in checks.py for a failed probe; shared by doctor, setup and rotate."""

from typing import Any

from megacam.board.device import Device
from megacam.doctor import checks, probes
from megacam.doctor.probes import ProbeError
from megacam.errors import MegacamError

SIGNATURE = (
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "RequestTimeTooSkewed",
    "ExpiredToken",
    "InvalidToken",
    "InvalidSecurity",
    "CredentialProvider",
)
_REGION = ("NoSuchBucket", "PermanentRedirect", "AuthorizationHeaderMalformed")
# Words in messages of lib/https/tls_certificates.py and tls_errors.py, and the row they mean.
_TLS_WORDS = (
    ("known root", "root"),
    ("root certificate is loaded", "root"),
    ("another host", "name"),
    ("clock", "clock"),
    ("not speak TLS;", "plain"),
    ("TLS 1.2", "version"),
    ("have no cipher", "version"),
)
# Codes that a captive portal's own certificate may also cause.
_PORTAL_CODES = ("root", "name")


class FailedError(MegacamError):
    """A check failed: its name, what was found, and the cause with its remedy."""

    def __init__(self, name: str, found: str, cause: checks.Cause):
        super().__init__(f"{found}; {cause.symptom}: {cause.remedy}")
        self.name = name
        self.found = found
        self.cause = cause


def failed(name: str, code: str, found: str) -> FailedError:
    """Return the error for the check `name` and the row with `code`."""
    return FailedError(name, found, checks.cause(name, code))


def of_probe(name: str, error: ProbeError) -> FailedError:
    """Return what a probe's failure means for the check `name`."""
    codes = {one.code for one in checks.check(name).causes} - {""}
    code = next((word for word in (error.code, error.kind) if word in codes), "")
    return failed(name, code, error.text or error.kind)


def connect(board: Device) -> None:
    """Have the board connect to the store; raises FailedError, also if a portal answers."""
    try:
        probes.run(board, probes.TLS)
    except ProbeError as error:
        if error.code in SIGNATURE:
            raise failed("signature", error.code, error.text) from None
        code = next((code for words, code in _TLS_WORDS if words in error.text), "")
        if code in _PORTAL_CODES and (page := _portal(board)):
            raise failed("tls", "portal", f"{error.text}; {page}") from None
        raise failed("tls", code, error.text) from None


def _portal(board: Device) -> str:
    try:
        return probes.run(board, probes.PORTAL)
    except ProbeError:
        return ""


def of_put(error: ProbeError) -> FailedError:
    """Return what a refused object means."""
    if error.code in SIGNATURE:
        name = "signature"
    elif error.code == "AccessDenied":
        name = "permission"
    else:
        name = "region" if error.code in _REGION else "stored"
    return failed(name, error.code, error.text)


def prove_upload(board: Device) -> tuple[str, str]:
    """Have a freshly started board upload with its own credentials; raises FailedError.

    Returns the object's key and its text.
    """
    steps = ("wifi", probes.WIFI), ("clock", probes.CLOCK), ("key", probes.CLIENT)
    for name, probe in (*steps, ("dns", probes.DNS)):
        run(board, name, probe)
    connect(board)
    try:
        key, _, _, _, text = probes.run(board, probes.PUT)
    except ProbeError as error:
        raise of_put(error) from None
    return key, text


def run(board: Device, name: str, probe: str) -> Any:
    """Run the probe of the check `name` and return its value; raises FailedError."""
    try:
        return probes.run(board, probe)
    except ProbeError as error:
        raise of_probe(name, error) from None
