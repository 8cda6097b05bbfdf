"""What `cloud show`, `cloud site` and the doctor say about the site of a bucket."""

import dataclasses
import time
from typing import Any

from megacam.aws import Aws
from megacam.cloud.site import find as finding
from megacam.cloud.site import proof
from megacam.cloud.site.proof import Fetch, Trial


@dataclasses.dataclass(frozen=True)
class LinkAbout:
    """A link without its key: whom it is for, what it shows, and its times in Unix seconds."""

    id: str
    name: str
    cameras: tuple[str, ...]
    made: int
    until: int


@dataclasses.dataclass(frozen=True)
class Report:
    """The site: its address, whether all of CloudFront has it, its links, and the proof."""

    address: str
    deployed: bool
    enabled: bool
    cameras: tuple[str, ...]
    links: tuple[LinkAbout, ...]
    revoked: int
    trials: tuple[Trial, ...]

    @property
    def private(self) -> bool:
        """True if every request was answered as it must be."""
        return all(trial.right for trial in self.trials)


def report(
    aws: Aws, bucket: str, document: dict[str, Any], fetch: Fetch | None = None
) -> Report | None:
    """Return the report of the site, or None if the bucket's policy `document` lets none read.

    Nothing is asked of CloudFront if there is no site.
    """
    cameras = finding.shown(document)
    site = finding.find(aws, bucket) if cameras else None
    if not site:
        return None
    contents = finding.store_of(aws, site).read()
    host = f"{bucket}.s3.{aws.region}.amazonaws.com"
    usable = site.deployed and site.enabled
    trials = proof.prove(site.domain, host, cameras, contents, fetch=fetch) if usable else []
    return Report(
        f"https://{site.domain}/",
        site.deployed,
        site.enabled,
        cameras,
        tuple(
            LinkAbout(one.id, one.name, one.cameras, one.made, one.until)
            for one in contents.live(time.time())
        ),
        len(contents.revoked),
        tuple(trials),
    )
