"""`megacam doctor --site`: each row of its table about the site."""

import json

from megacam import settings
from megacam.cloud.site import find as finding
from megacam.doctor import checks

pytest_plugins = "site_cloud"


def _diagnosed(user, account, tmp_path):
    """Return (state, code of the cause) of each row about the site in `megacam doctor --site`."""
    raw = {**json.loads(settings.example()), "device": "cam1"}
    raw["s3"] |= {"bucket": account.bucket, "region": account.aws.region}
    (tmp_path / "config.json").write_text(json.dumps(raw))
    rows = [one for one in user.data("doctor --offline --site") if one["name"] == "site"]
    causes = {one.remedy: one.code for one in checks.check("site").causes}
    return [(one["state"], one["cause"] and causes[one["cause"]["remedy"]]) for one in rows]


def test_the_doctor_proves_that_the_site_is_private(user, account, edge, tmp_path):
    user.types("cloud create --device cam1 --yes")
    assert _diagnosed(user, account, tmp_path) == [("bad", "none")]
    assert user.code == 1
    user.types("cloud create --device cam1 --site --yes")
    assert _diagnosed(user, account, tmp_path) == [("good", None)] * 3
    assert user.code == 0
    user.link()
    assert _diagnosed(user, account, tmp_path) == [("good", None)] * 6
    edge.decide = lambda event: {"statusCode": 200, "body": "open"}
    assert ("bad", "") in _diagnosed(user, account, tmp_path)
    assert user.code == 1
    cloudfront = account.client("cloudfront")
    found = finding.need(account.aws, account.bucket)
    there = cloudfront.get_distribution_config(Id=found.id)
    off = {**there["DistributionConfig"], "Enabled": False}
    cloudfront.update_distribution(Id=found.id, IfMatch=there["ETag"], DistributionConfig=off)
    assert _diagnosed(user, account, tmp_path) == [("warn", "rolling")]


def test_the_doctor_says_so_if_nobody_may_see_the_site(site, account, tmp_path, monkeypatch):
    viewer = account.client("iam")
    viewer.create_user(UserName=f"viewer-{account.bucket}")
    key = viewer.create_access_key(UserName=f"viewer-{account.bucket}")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    assert _diagnosed(site, account, tmp_path) == [("bad", "unread")]
