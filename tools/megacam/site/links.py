"""Links that open the site: the token in a link, and the entry of the key-value store behind it.

link = new("grandma", cameras=(), days=90, now_s=time.time())
store[link.entry_name] = link.entry       # what function.js reads
print(link.url("d111111abcdef8.cloudfront.net"))
"""

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets

from megacam.cloud.spec import check_device
from megacam.errors import MegacamError

PREFIX = "link."
ENTER = "/_site/enter"
COOKIE = "__Host-megacam"
HEADER = "x-megacam-link"
# Browsers keep a cookie for at most 400 days (RFC 6265bis, section 5.5).
DAYS_HIGHEST = 400
_NAME_HIGHEST = 60
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_DAY_S = 86_400


@dataclasses.dataclass(frozen=True)
class Link:
    """One link: `cameras` that it shows (none: all), its times in Unix seconds, and its key.

    The key signs the link and its cookies. It is in the key-value store only; repr() hides it.
    """

    id: str
    name: str
    cameras: tuple[str, ...]
    made: int
    until: int
    key: str = dataclasses.field(repr=False)

    @property
    def entry_name(self) -> str:
        """The key of the link's entry in the key-value store."""
        return PREFIX + self.id

    @property
    def entry(self) -> str:
        """The value of that entry, which is secret."""
        return json.dumps(
            {
                "key": self.key,
                "name": self.name,
                "cameras": self.cameras,
                "made": self.made,
                "until": self.until,
            },
            separators=(",", ":"),
        )

    def token(self, kind: str) -> str:
        """Return the token of this link: `kind` is "link" or "cookie"."""
        text = f"{kind}.{self.id}.{self.until}"
        mac = hmac.digest(self.key.encode(), text.encode(), hashlib.sha256)
        return f"{self.id}.{self.until}.{_text(mac)}"

    def url(self, domain: str) -> str:
        """Return the link itself, which is as secret as the photos."""
        return f"https://{domain}{ENTER}#{self.token('link')}"


def new(name: str, cameras: tuple[str, ...], days: float, now_s: float) -> Link:
    """Return a new link that ends after `days`; raises MegacamError for what it cannot have."""
    if not 0 < days <= DAYS_HIGHEST:
        raise MegacamError(
            f"a link cannot last {days:g} days; choose 1 to {DAYS_HIGHEST} (--days)"
        )
    if len(name) > _NAME_HIGHEST:
        raise MegacamError(f"the name of a link has {len(name)} characters; give at most 60")
    for camera in cameras:
        check_device(camera)
    return Link(
        "".join(secrets.choice(_LETTERS) for _ in range(8)),
        name,
        cameras,
        int(now_s),
        int(now_s + days * _DAY_S),
        _text(secrets.token_bytes(32)),
    )


def read(entry_name: str, entry: str) -> Link | None:
    """Return the link of an entry of the key-value store, or None if it is something else."""
    if not entry_name.startswith(PREFIX):
        return None
    try:
        raw = json.loads(entry)
        return Link(
            entry_name[len(PREFIX) :],
            str(raw["name"]),
            tuple(map(str, raw["cameras"])),
            int(raw["made"]),
            int(raw["until"]),
            str(raw["key"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
