"""An owner who types `megacam update` beside a local S3 with a bucket of cameras."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

from megacam import cli, console, settings
from megacam.update import verify
from megacam.update.keys import KeyFolder

NOW = 1_790_000_000
PASSPHRASE = "four words are enough"
HOUR_S = 3600


class Owner:
    """Types commands beside a bucket of cameras; `out`, `err` and `code` are the last one's."""

    def __init__(self, account, folder, capsys):
        self.account, self.folder, self._capsys = account, KeyFolder(folder), capsys
        self.s3 = account.client("s3")
        self.s3.create_bucket(
            Bucket=account.bucket,
            CreateBucketConfiguration={"LocationConstraint": account.aws.region},
        )
        self.now = NOW

    def types(self, line):
        self.code = console.run(cli.app, line.split())
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def put(self, key, content):
        self.s3.put_object(Bucket=self.account.bucket, Key=key, Body=content)

    def config(self, **changes):
        """Write config.json and return it as the board has it."""
        raw = json.loads(settings.example()) | {"interval_s": 30, **changes}
        raw["s3"]["bucket"] = self.account.bucket
        with open("config.json", "w") as file:  # noqa: PTH123 - in the test's own folder
            json.dump(raw, file)
        return settings.check(raw)[0]

    def reports(self, device="cam1", config=b"", update=None, **more):
        """Store a camera's status.json and a photo of this moment."""
        report = {
            "time": self.now,
            "device": device,
            "version": settings.firmware_version(),
            "config": hashlib.sha256(config).hexdigest()[:8],
            "interval_s": 1800,
            "reboots": {"power-on": 1},
            "update": {"slot": "a", "release": 0, "trial": False, "back": None, "refused": None}
            | (update or {}),
            **more,
        }
        self.put(f"{device}/status.json", json.dumps(report).encode())
        self.photographs(device)

    def photographs(self, device, since_s=0, every_s=1800):
        for ago_s in range(0, since_s + 1, every_s):
            at = datetime.fromtimestamp(self.now, timezone.utc) - timedelta(seconds=ago_s)
            self.put(f"{device}/{at:%Y/%m/%d/%H%M%S}-000001.jpg", b"jpeg")

    def objects(self, device="cam1"):
        """Return {name below DEVICE/_update/: content}."""
        start = f"{device}/_update/"
        keys = [key for key in self.account.object_keys() if key.startswith(start)]
        return {
            key[len(start) :]: self.s3.get_object(Bucket=self.account.bucket, Key=key)[
                "Body"
            ].read()
            for key in keys
        }

    def board(self, device="cam1", release=0):
        """Return what a camera of this owner knows."""
        return verify.Board(
            device, self.folder.moduli(), self.now, release, seal=self.folder.seal(device)
        )

    def taken(self, device="cam1", release=0):
        """Return the manifest of what a camera takes now."""
        objects = self.objects(device)
        found = verify.check(objects["release"], self.board(device, release))
        verify.check_files(found, objects.get)
        return found


def texts(folder):
    """Return the contents of all files below `folder`."""
    return [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
