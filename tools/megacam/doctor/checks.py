"""The table of the doctor's checks, in order, and of what each failure means.

`megacam doctor` runs it, and docs/troubleshooting.md is generated from it.
"""

from dataclasses import dataclass

from megacam.doctor import log_lines


@dataclass(frozen=True)
class Cause:
    """One way to fail: the doctor recognizes it by `code`; "" stands for any other failure."""

    code: str
    symptom: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """One question; with `host`, it is about this computer and needs no board."""

    name: str
    question: str
    causes: tuple[Cause, ...]
    host: bool = False


_SUPPLY = "use a supply of 1 A or more, a short, thick cable and, if you can, 100 µF at the camera"
_WIRES = (
    "compare the wires with section `spi` of config.json (default SCK 18, MOSI 23, MISO 19, CS 5; "
    "VCC and GND, too), push them in and keep them under 10 cm"
)

CHECKS = (
    Check(
        "config",
        "Can config.json be used?",
        (
            Cause("", "a setting is missing, wrong or unknown", "change what the message names"),
            Cause("missing", "there is no config.json here", "run `megacam setup`, or copy "
                  "config.example.json and edit it"),
            Cause("pins", "a GPIO in use decides how the chip starts (0, 2, 5, 12, 15), or is "
                  "used by USB (1, 3): a device wired to it may keep the board from starting",
                  "choose another GPIO, or make sure that nothing drives it at the start"),
        ),
        host=True,
    ),
    Check(
        "firmware",
        "Does the firmware compile, and are the root certificates valid?",
        (Cause("", "a file does not compile, or a root is missing or expired",
               "reinstall megacam; `pip install --upgrade certifi` for the roots"),),
        host=True,
    ),
    Check(
        "usb",
        "Is there a board on USB, and is it free?",
        (
            Cause("NoBoardError", "no board, or more than one", "use a cable that carries data, "
                  "install the driver of its USB chip (CP210x, CH340), choose with --port"),
            Cause("BusyError", "another program holds the port, or you may not open it",
                  "close terminals and IDEs; on Linux join the group `dialout`"),
            Cause("GoneError", "the connection to the board is lost", "try another cable and "
                  "another USB port; " + _SUPPLY),
            Cause("brown-out", "brown-out: `Brownout detector was triggered`, the board restarts "
                  "when Wi-Fi or camera draw current", _SUPPLY),
            Cause("RestartedError", "the board restarts by itself", "look at `megacam logs`; "
                  + _SUPPLY),
        ),
    ),
    Check(
        "micropython",
        "Does it run MicroPython 1.24 or newer?",
        (Cause("", "it does not run MicroPython, or its version is too old", "`megacam flash`"),),
    ),
    Check(
        "files",
        "Are the board's files intact and of this version?",
        (
            Cause("none", "megacam is not on the board", "`megacam deploy`"),
            Cause("mixed", "the files are not of one build, so that `lib/overlay.bin` is not the "
                  "archive of the others: a copy with mpremote was cut off",
                  "`megacam deploy`, or copy all files again"),
            Cause("", "files differ from this version", "`megacam deploy`"),
        ),
    ),
    Check(
        "settings",
        "Are the settings on the board complete and checked?",
        (Cause("", "config.json on the board is missing, damaged or of another version",
               "`megacam deploy` with your config.json"),),
    ),
    Check(
        "camera",
        "Does a camera answer on the SPI wires?",
        (
            Cause("unknown", "what answers is not an Arducam Mega: usually a loose or "
                  "swapped wire", _WIRES),
            Cause("busy", "the camera never becomes idle", "cut its power for a few seconds"),
            Cause("ValueError", "this model does not offer a setting of section `camera`",
                  "choose a value that the message names, then `megacam deploy`"),
            Cause("absent", "nothing answers: a wire, a wrong pin, or no power",
                  _WIRES + "; " + _SUPPLY),
        ),
    ),
    Check(
        "frame",
        "Is a test photo a complete JPEG?",
        (
            Cause("JPEGError", "partial or corrupt images: no start or no end, or noise between",
                  "shorten the wires, add a ground wire, lower `spi.baudrate_hz` to 4000000; "
                  + _SUPPLY),
            Cause("timeout", "the capture never ends", "cut the camera's power; " + _SUPPLY),
            Cause("", "the camera fails during a capture", _SUPPLY + "; " + _WIRES),
        ),
    ),
    Check(
        "wifi",
        "Does the board join the Wi-Fi?",
        (
            Cause("CredentialsError", "no Wi-Fi is provisioned, or NVS was erased",
                  "`megacam provision`"),
            Cause("", "the network is not found, refuses the password or gives no address; the "
                  "ESP32 supports 2.4 GHz only", "check name, password and distance, then "
                  "`megacam provision --only wifi`"),
        ),
    ),
    Check(
        "key",
        "Is there a key on the board, and do the settings name a store?",
        (Cause("", "no key is provisioned, or it is damaged", "`megacam provision`"),),
    ),
    Check(
        "dns",
        "Can the store's name be resolved?",
        (Cause("", "the router does not answer DNS, or s3.region or s3.endpoint is wrong",
               "check both, and whether the router gives the board internet access"),),
    ),
    Check(
        "clock",
        "Can the clock be set?",
        (
            Cause("differs", "wrong clock: the time server and this computer disagree",
                  "set this computer's clock, or name another server in `clock.servers`"),
            Cause("", "wrong clock: no time server answers (NTP is blocked, UDP port 123)",
                  "name a server of your network in `clock.servers`, or a web server in "
                  "`clock.http_urls`; without the time there is neither TLS nor a signature"),
        ),
    ),
    Check(
        "tls",
        "Does TLS connect, and is the store's certificate trusted?",
        (
            Cause("portal", "a captive portal: the network answers with its own login page and "
                  "its own certificate", "log in for the board (let the router admit its MAC "
                  "address), or give it a network without a login page: `megacam provision "
                  "--only wifi`; the board tries again by itself"),
            Cause("root", "the certificate is not from a known root", "for a store of your own, "
                  "deploy its CA or self-signed certificate: `megacam deploy --roots FILE`; a "
                  "proxy that intercepts TLS cannot be used"),
            Cause("name", "the certificate is for another host", "let s3.endpoint name a host "
                  "that is in the certificate, or make one for the host of s3.endpoint; then "
                  "`megacam deploy`. With AWS, DNS or a proxy leads to another host"),
            Cause("plain", "the port does not speak TLS, but usually plain HTTP", "set "
                  "s3.endpoint to the HTTPS port, or turn on TLS in the store; plain HTTP is not "
                  "supported"),
            Cause("version", "the server refuses TLS 1.2, or has no cipher in common: the board's "
                  "MicroPython has no TLS 1.3", "allow TLS 1.2 with ECDHE and AES-GCM in the "
                  "store, or in the proxy before it"),
            Cause("clock", "the certificate is not valid yet, or expired: wrong clock",
                  "see the clock check"),
            Cause("", "connection timeouts: no answer within the deadline, or a lost connection",
                  "check the signal (better than -75 dBm), the firewall (TCP port 443) and the "
                  "endpoint's address"),
        ),
    ),
    Check(
        "signature",
        "Does the store accept the signature?",
        (
            Cause("SignatureDoesNotMatch", "403 SignatureDoesNotMatch: the secret is not that of "
                  "the key id", "`megacam provision --only aws`, or `megacam cloud rotate`"),
            Cause("InvalidAccessKeyId", "403 InvalidAccessKeyId: the key is unknown, deleted or "
                  "of another store", "`megacam cloud show`, then `megacam provision --only aws`"),
            Cause("RequestTimeTooSkewed", "403 RequestTimeTooSkewed: the clock is more than 15 "
                  "minutes wrong", "see the clock check"),
            Cause("ExpiredToken", "403 ExpiredToken: the session's credentials have expired",
                  "`megacam cloud rotate`"),
            Cause("CredentialProvider", "AWS IoT gives no credentials for the certificate: it was "
                  "deleted or disabled, or its thing, role alias or policy is gone",
                  "`megacam cloud show`, then `megacam cloud create --iot` and `megacam cloud "
                  "rotate --iot`"),
        ),
    ),
    Check(
        "permission",
        "May the key put objects under the device's name?",
        (Cause("AccessDenied", "403 AccessDenied: the policy allows s3:PutObject on another "
               "bucket or prefix only, or a bucket policy or KMS key denies it",
               "`megacam cloud show`, then `megacam cloud create` repairs the policy; `device` in "
               "config.json must be the name that it was made for"),),
    ),
    Check(
        "region",
        "Is the bucket there, in the region of the settings?",
        (
            Cause("NoSuchBucket", "404 NoSuchBucket: the name is wrong, or it is not made yet",
                  "check s3.bucket, or `megacam cloud create`"),
            Cause("", "the bucket is in another region: every start costs a refused request",
                  "set s3.region as shown, then `megacam deploy`"),
        ),
    ),
    Check(
        "stored",
        "Was an object stored?",
        (Cause("", "the store answered with another error", "see its answer in the message; "
               "503 SlowDown and 500 pass by themselves"),),
    ),
    Check(
        "whole",
        "Is the object that you read the same as the board sent?",
        (
            Cause("unread", "it cannot be read with your own credentials, as the gallery does",
                  "name credentials that may read the bucket with --profile, AWS_PROFILE or "
                  "AWS_ACCESS_KEY_ID; for a CA of your own set AWS_CA_BUNDLE"),
            Cause("", "the object differs: the store keeps the framing of aws-chunked bodies, in "
                  "photos too, without an error", "set `s3.integrity` to `etag`, then `megacam "
                  "deploy`; the photos stored so far are damaged"),
        ),
    ),
    Check(
        "site",
        "Does the private site refuse everybody without a link? Only with `--site`.",
        (
            Cause("none", "the bucket has no site", "`megacam cloud create --site`"),
            Cause("rolling", "CloudFront is still rolling the site out, or it is switched off",
                  "look again in some minutes; `megacam cloud create --site` switches it on"),
            Cause("unread", "your own credentials may not see the site, or a package is missing",
                  "name credentials with --profile; `pip install 'megacam[site]'`"),
            Cause("", "a request that must be refused is answered, or the other way round",
                  "`megacam cloud create --site` repairs it; if strangers can look, switch the "
                  "distribution off in AWS's console until then"),
        ),
        host=True,
    ),
)  # fmt: skip


def check(name: str) -> Check:
    """Return the check with that name."""
    return next(one for one in CHECKS if one.name == name)


def cause(name: str, code: str) -> Cause:
    """Return the cause with `code`, else the check's general one, else its last."""
    causes = check(name).causes
    by_code = {one.code: one for one in causes}
    return by_code.get(code) or by_code.get("") or causes[-1]


def markdown() -> str:
    """Return the text of docs/troubleshooting.md."""
    lines = [
        "# Troubleshooting",
        "",
        "When photos do not arrive, connect the board to USB and run `megacam doctor`. It checks",
        "everything below, in this order. It stops at the first failure and tells you what to do.",
        "`megacam doctor --offline` needs no board: it checks only your computer.",
        "",
        "![megacam doctor](images/doctor.svg)",
        "",
        "What the board logs is explained [at the end](#what-the-log-says).",
        "This page is generated from the doctor's own tables by `python -m megacam.generate`.",
        "",
    ]
    for number, one in enumerate(CHECKS, 1):
        where = " (your computer)" if one.host else ""
        lines += [f"## {number}. {one.name}{where}", "", one.question, ""]
        lines += ["| what you see | what to do |", "|---|---|"]
        lines += [f"| {each.symptom} | {each.remedy} |" for each in one.causes]
        lines.append("")
    return "\n".join([*lines, *log_lines.markdown()])
