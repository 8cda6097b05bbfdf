"""`cloud create --site`, `cloud site`, `cloud show` and `cloud destroy` at a local CloudFront."""

import json
import re
from datetime import datetime, timedelta, timezone

import pytest
from gallery_wire import jpeg, key_of
from megacam.cloud import create
from megacam.cloud.site import documents
from megacam.cloud.site import find as finding
from megacam.cloud.spec import CloudSpec
from megacam.cloud.template import Options, template

pytest_plugins = "site_cloud"
PHOTO = "cam1/2026/11/23/120000-000042.jpg"
_PASS_ALL = b"function handler(event) { return event.request; }"


def _changes(user, line):
    return [one["text"] for one in user.data(line)["changes"]]


def test_create_makes_the_site_once(site, account):
    assert _changes(site, "cloud create --device cam1 --site --yes") == []
    made = account.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    assert [one["Comment"] for one in made].count(f"megacam site of {account.bucket}") == 1


def test_every_path_of_the_distribution_asks_the_function_and_the_bucket_stays_private(
    site, account
):
    found = finding.need(account.aws, account.bucket)
    cloudfront = account.client("cloudfront")
    config = cloudfront.get_distribution_config(Id=found.id)["DistributionConfig"]
    for one in [config["DefaultCacheBehavior"], *config["CacheBehaviors"]["Items"]]:
        [runs] = one["FunctionAssociations"]["Items"]
        assert (runs["EventType"], runs["FunctionARN"]) == ("viewer-request", found.function)
        assert one["ViewerProtocolPolicy"] == "https-only"
        assert sorted(one["AllowedMethods"]["Items"]) == ["GET", "HEAD"]
        headers = cloudfront.get_response_headers_policy(Id=one["ResponseHeadersPolicyId"])
        security = headers["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
        policy = security["SecurityHeadersConfig"]["ContentSecurityPolicy"]
        assert "default-src 'none'" in policy["ContentSecurityPolicy"]
        assert ("sandbox" in policy["ContentSecurityPolicy"]) == (
            one.get("PathPattern") != "/_site/*"
        )
    assert not config.get("Logging", {}).get("Enabled")
    [origin] = config["Origins"]["Items"]
    control = cloudfront.get_origin_access_control(Id=origin["OriginAccessControlId"])
    signs = control["OriginAccessControl"]["OriginAccessControlConfig"]
    assert (signs["SigningBehavior"], signs["SigningProtocol"]) == ("always", "sigv4")
    s3 = account.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=account.bucket)["Policy"])
    [allowed] = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Condition"] == {"StringEquals": {"AWS:SourceArn": found.arn}}
    there = f"arn:aws:s3:::{account.bucket}/"
    assert allowed["Resource"] == [
        f"{there}_site/*", f"{there}cam1/????/??/??/*.jpg", f"{there}cam1/_digest/days.json",
        f"{there}cam1/_digest/????/??/??/*",
    ]  # fmt: skip
    blocks = s3.get_public_access_block(Bucket=account.bucket)["PublicAccessBlockConfiguration"]
    assert all(blocks.values())


@pytest.mark.parametrize(
    ("key", "may"),
    [
        (PHOTO, True), ("_site/index.html", True), ("cam1/_digest/2026/11/23/day.json", True),
        ("cam1/_digest/days.json", True), ("cam1/_digest/2026/11/23/12/sprite-0f.jpg", True),
        ("cam1/_digest/alarms.json", False), ("cam1/_digest/home.json", False),
        ("cam1/_digest/label-calls.json", False),
        ("cam1/status.json", False), ("cam1/_update/manifest", False), ("_update/x.jpg", False),
        ("cam1/megacam-doctor", False), ("cam2/2026/11/23/120000-000042.jpg", False),
        ("cam1/photo.jpg", False), ("other.jpg", False), ("cam11/_digest/day.json", False),
    ],
)  # fmt: skip
def test_the_bucket_lets_the_site_read_photos_digests_and_pages_and_nothing_else(key, may):
    import site_server

    assert any(site_server.matches(key, one) for one in documents.readable(("cam1",))) == may


def test_the_cameras_of_a_site_by_an_earlier_version_are_found_in_its_policy():
    earlier = ["_site/*", "cam1/????/??/??/*.jpg", "cam1/_digest/*"]
    for names in (earlier, documents.readable(("cam1",))):
        assert documents.cameras_of([f"arn:aws:s3:::b/{name}" for name in names]) == ("cam1",)


def test_a_link_opens_the_site_and_nothing_but_the_site(site):
    _, cookie = site.link("--name grandma")
    assert site.get(f"/{PHOTO}", cookie)[0] == 200
    assert site.get("/_site/", cookie)[0] == 200
    assert json.loads(site.get("/_site/me", cookie)[2])["cameras"] == ["cam1"]
    for path in ("/cam1/status.json", "/cam2/2026/11/23/120000-000042.jpg", "/"):
        assert site.get(path)[0] == 403
    assert site.get("/cam1/status.json", cookie)[0] == 403
    # The link names no camera, but the bucket's policy knows which are on the site.
    assert site.get("/cam2/2026/11/23/120000-000042.jpg", cookie)[0] == 403
    for path in (f"/{PHOTO}", "/_site/index.html"):
        assert site.get(path)[0] == 403


def test_a_revoked_link_is_refused_and_the_proof_shows_it(site):
    _, cookie = site.link("--name grandma")
    _, other = site.link("--name neighbour --days 1")
    site.types("cloud site --revoke grandma")
    assert site.code == 0 and "revoked" in site.out
    assert site.get(f"/{PHOTO}", cookie)[0] == 403
    assert site.get(f"/{PHOTO}", other)[0] == 200
    told = site.data("cloud show")["site"]
    assert [one["name"] for one in told["links"]] == ["neighbour"]
    assert told["revoked"] == 1
    proved = {one["text"]: (one["found"], one["right"]) for one in told["trials"]}
    assert proved == {
        "without a link": ("403", True),
        "with a forged cookie": ("403", True),
        "directly from the bucket": ("403", True),
        "with a link that works": ("200", True),
        "with a cookie that has expired": ("403", True),
        "/cam1/status.json with a link that works": ("403", True),
        "with a link that was revoked": ("403", True),
    }
    site.types("cloud site --revoke all")
    assert site.get(f"/{PHOTO}", other)[0] == 403
    assert site.data("cloud site")["links"] == []


def test_the_key_of_a_link_leaves_the_store_only_inside_of_tokens(site, account):
    _, cookie = site.link()
    store = finding.store_of(account.aws, finding.need(account.aws, account.bucket))
    [link] = store.read().links
    said = ""
    for line in ("cloud show", "cloud site", f"cloud site --revoke {link.id}", "cloud site"):
        said += site.types(line) + site.err + site.types(line + " --json") + site.err
    assert link.key not in said and cookie not in said
    assert link.token("link").rpartition(".")[2] not in said
    assert link.key not in repr(store.read())


def test_show_says_so_if_the_site_is_open_to_everybody(site, account):
    cloudfront = account.client("cloudfront")
    name = finding.need(account.aws, account.bucket).function.rpartition("/")[2]
    there = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")
    config = there["FunctionSummary"]["FunctionConfig"]
    more = {"IfMatch": there["ETag"], "FunctionConfig": config, "FunctionCode": _PASS_ALL}
    cloudfront.update_function(Name=name, **more)
    changed = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")
    cloudfront.publish_function(Name=name, IfMatch=changed["ETag"])
    # CloudFront would now run this; create sees and repairs it.
    text = "make a private site at CloudFront, which refuses everybody without a link"
    assert _changes(site, "cloud create --device cam1 --site --dry-run") == [text]
    assert _changes(site, "cloud create --device cam1 --site --yes") == [text]
    assert _changes(site, "cloud create --device cam1 --site --yes") == []


def test_show_marks_an_answer_that_is_wrong(site, edge):
    edge.decide = lambda event: {"statusCode": 200, "body": "open"}
    out = site.types("cloud show")
    assert re.search(r"✗ without a link +200", out) or re.search(r"without a link +200", out)
    assert "the site is not as it must be: `megacam cloud create --site`" in out


def test_a_distribution_that_somebody_changed_is_repaired(site, account):
    cloudfront = account.client("cloudfront")
    found = finding.need(account.aws, account.bucket)
    there = cloudfront.get_distribution_config(Id=found.id)
    config = there["DistributionConfig"]
    config["CacheBehaviors"]["Items"][0]["FunctionAssociations"] = {"Quantity": 0}
    cloudfront.update_distribution(Id=found.id, IfMatch=there["ETag"], DistributionConfig=config)
    assert len(_changes(site, "cloud create --device cam1 --site --yes")) == 1
    assert _changes(site, "cloud create --device cam1 --site --yes") == []


def test_a_second_camera_joins_the_site_and_leaves_it(site, account):
    _, all_of_them = site.link()
    _, one = site.link("--device cam1")
    site.types("cloud create --device cam2 --site --yes")
    assert site.code == 0, site.err
    cam2 = "/cam2/2026/11/23/120000-000042.jpg"
    assert site.get(cam2, all_of_them)[0] == 200
    assert site.get(cam2, one)[0] == 403
    assert site.get(f"/{PHOTO}", one)[0] == 200
    site.types("cloud destroy --device cam2 --yes --confirm cam2")
    assert site.code == 0, site.err
    assert site.get(cam2, all_of_them)[0] == 403
    assert site.get(f"/{PHOTO}", all_of_them)[0] == 200
    assert json.loads(site.get("/_site/me", all_of_them)[2])["cameras"] == ["cam1"]


def test_destroy_leaves_nothing_of_the_site(site, account):
    site.link()
    site.types(f"cloud destroy --yes --confirm {account.bucket}")
    assert site.code == 0, site.err
    assert finding.find(account.aws, account.bucket) is None
    cloudfront = account.client("cloudfront")
    own = f"megacam-site-{documents_digest(account.bucket)}"
    left = json.dumps(
        [
            cloudfront.list_functions(), cloudfront.list_key_value_stores(),
            cloudfront.list_origin_access_controls(), cloudfront.list_cache_policies(),
            cloudfront.list_response_headers_policies(),
        ],
        default=str,
    )  # fmt: skip
    assert own not in left
    assert not [key for key in account.object_keys() if key.startswith("_site/")]
    assert PHOTO in account.object_keys()
    policy = account.client("s3").get_bucket_policy(Bucket=account.bucket)["Policy"]
    assert "MegacamSiteRead" not in policy


def documents_digest(bucket):
    from megacam.cloud.spec import site_name

    return site_name(bucket).rpartition("-")[2]


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("cloud site", "has no site; make one with `megacam cloud create --site`", 1),
        ("cloud site --link --publish", "choose one of --link, --revoke and --publish", 2),
    ],
)
def test_without_a_site_the_command_says_how_to_make_one(user, account, line, words, code):
    user.types("cloud create --device cam1 --yes")
    assert "site" not in user.out
    user.types(line)
    assert (user.code, user.err.count("\n")) == (code, 1)
    assert words in user.err
    assert user.data("cloud show")["site"] is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cloud site --revoke nobody", "there is no link 'nobody'; the links are: "),
        ("cloud site --link --device cam9", "the site does not show cam9; it shows cam1"),
        ("cloud site --link --days 1000", "a link cannot last 1000 days; choose 1 to 400"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(site, line, words):
    site.types(line)
    assert site.code in (1, 2) and site.err.count("\n") == 1
    assert words in site.err


def test_publish_writes_the_days_and_what_is_the_same_not_again(site, account):
    start = datetime.now(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
    s3 = account.client("s3")
    for n in range(3):
        key = key_of("cam1", start - timedelta(days=1, minutes=n), n)
        s3.put_object(Bucket=account.bucket, Key=key, Body=jpeg(90) if n else b"damaged")
    told = site.data("cloud site --publish --timezone UTC")
    assert site.code == 0, site.err
    day = f"{start - timedelta(days=1):%Y-%m-%d}"
    assert told["days"] >= 1
    assert {f"_site/cam1/{day}.json", f"_site/cam1/{day}.jpg", "_site/cam1/days.json"} <= {
        *account.object_keys()
    }
    _, cookie = site.link()
    index = site.get(f"/_site/cam1/{day}.json", cookie)[2]
    import gzip

    frames = json.loads(gzip.decompress(index))["tracks"][0]["frames"]
    assert len(frames) == 3
    assert site.data("cloud site --publish --timezone UTC")["written"] == 0
    # A day with a digest needs no index.
    s3.delete_object(Bucket=account.bucket, Key=f"_site/cam1/{day}.json")
    digest = f"cam1/_digest/{day.replace('-', '/')}/day.json"
    s3.put_object(Bucket=account.bucket, Key=digest, Body=b"{}")
    site.types("cloud site --publish --timezone UTC")
    assert f"_site/cam1/{day}.json" not in account.object_keys()
    # Nothing of a day outlives its photos.
    assert f"_site/cam1/{day}.jpg" in account.object_keys()
    for key in account.object_keys():
        if key.startswith("cam1/") and key.endswith(".jpg") and key != PHOTO:
            s3.delete_object(Bucket=account.bucket, Key=key)
    site.types("cloud site --publish --timezone UTC")
    assert f"_site/cam1/{day}.jpg" not in account.object_keys()
    listed = json.loads(
        s3.get_object(Bucket=account.bucket, Key="_site/cam1/days.json")["Body"].read()
    )
    assert day not in [one["day"] for one in listed["days"]]


def test_a_deployed_stack_is_a_site_that_create_only_has_to_fill(account, user, edge):
    cloudformation = account.client("cloudformation")
    # Made for another bucket, so that the site has the stack's own names.
    made = template(Options("garden-photos", ("cam1",), site=True))
    cloudformation.create_stack(
        StackName=account.bucket,
        TemplateBody=json.dumps(made),
        Parameters=[{"ParameterKey": "BucketName", "ParameterValue": account.bucket}],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=account.bucket, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    plan = create.plan(account.aws, CloudSpec(account.bucket, "cam1", site=True))
    left = [step.text for step in plan.changes if "incomplete uploads" not in step.text]
    assert left == [
        "write the pages of the site under _site/",
        "let the site, and nobody else, read the photos and digests of cam1",
    ]
    user.types("cloud create --device cam1 --site --yes")
    _, cookie = user.link()
    assert user.get("/_site/", cookie)[0] == 200
    assert user.get("/_site/")[0] == 403
