"""A link to one photo that expires: whoever has it can see that photo and nothing else.

link = share(bucket, photo, timedelta(days=1))
print(link.url, link.ends)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from megacam.errors import MegacamError
from megacam.gallery.photos import Photo

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
LONGEST = timedelta(days=7)


class SharingError(MegacamError):
    """The link cannot be made; the message says what to change."""


@dataclass(frozen=True)
class Link:
    """A link and its end in UTC; if `session` is set, it may end earlier (see words())."""

    url: str
    ends: datetime
    session: str

    def words(self, local: datetime) -> str:
        """Return when the link ends, and why if earlier; `local` is `ends` in local time."""
        return f"Ends {local:%A, %d %B %Y, %H:%M}{self.session}."


def share(client: Any, bucket: str, photo: Photo, wanted: timedelta, now: datetime) -> Link:
    """Return a link to a photo for `wanted`, at most 7 days; sends no request to S3.

    `client` is a boto3 S3 client that signs with Signature V4, as one with bucket.CONFIG does.
    A link expires with the credentials that signed it; the result says so if they expire earlier.
    """
    if not timedelta(0) < wanted <= LONGEST:
        raise SharingError("a link can last from a second to 7 days")
    url = client.generate_presigned_url(
        "get_object",
        Params={"Bucket": bucket, "Key": photo.key, "ResponseContentType": "image/jpeg"},
        ExpiresIn=int(wanted.total_seconds()),
    )
    ends = now + wanted
    # boto3 has no public API for the credentials that a client signs with.
    signer = getattr(client, "_request_signer", None)
    credentials = getattr(signer, "_credentials", None)
    session_ends = getattr(credentials, "_expiry_time", None)
    if session_ends and session_ends < ends:
        return Link(url, session_ends, ", with the session of your AWS sign-in")
    if getattr(credentials, "token", None) and not session_ends:
        return Link(url, ends, ", or before, when the session of your AWS sign-in ends")
    return Link(url, ends, "")
