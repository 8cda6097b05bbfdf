"""The command cloud as users run it: output, JSON, exit codes, secrets."""

import io
import json

import pytest
from megacam import cli, console
from megacam.cloud import create, rotate
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError

pytest_plugins = ("local_aws", "role_aliases", "cloud_user")


def _buckets(account):
    return [one["Name"] for one in account.client("s3").list_buckets()["Buckets"]]


def test_create_shows_every_change_first_and_dry_run_makes_none(user, account):
    out = user.types("cloud create -d cam1 --dry-run")
    assert user.code == 0
    assert out.count("\n+ ") == 9
    assert "9 changes; nothing was changed" in out
    assert account.bucket not in _buckets(account)


def test_create_does_nothing_until_somebody_says_yes(user, account, monkeypatch):
    user.types("cloud create -d cam1")
    assert user.code == 2
    assert "add --yes" in user.err
    assert account.bucket not in _buckets(account)


class Keyboard(io.StringIO):
    """Standard input of an interactive user."""

    def isatty(self):
        return True


def test_a_no_at_the_keyboard_changes_nothing_and_is_1(user, account, monkeypatch):
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    user.types("cloud create -d cam1")
    assert (user.code, account.bucket in _buckets(account)) == (1, False)
    assert user.err.endswith("megacam: cancelled; nothing was changed\n")
    user.types("cloud create -d cam1 --yes")
    for line in ("cloud rotate -d cam1", "cloud rotate -d cam1 --show-secret"):
        monkeypatch.setattr("sys.stdin", Keyboard("\n"))
        user.types(line)
        assert (user.code, user.board.ports) == (1, [])
    assert AccessKeys(account.aws, account.bucket, "cam1").list() == []


def test_create_with_yes_and_again(user):
    assert "9 changes made" in user.types("cloud create -d cam1 --yes")
    assert "`megacam cloud rotate`" in user.out
    assert "kept for ever" in user.out
    out = user.types("cloud create -d cam1 --keep 30 --yes")
    assert "1 change made" in out
    assert "kept for ever" not in out
    assert "nothing to change" in user.types("cloud create -d cam1")
    assert user.code == 0


def test_create_for_programs(user):
    found = user.data("cloud create -d cam1 --keep 7 --dry-run")
    assert found["done"] is False
    assert len(found["changes"]) == 9
    found = user.data("cloud create -d cam1 --keep 7 --yes")
    assert found["done"] is True
    found = user.data("cloud create -d cam1")
    assert (found["changes"], len(found["already"])) == ([], 9)


def test_settings_come_from_config_json_and_flags_win(user, account, tmp_path, monkeypatch):
    monkeypatch.delenv("MEGACAM_BUCKET")
    monkeypatch.delenv("AWS_REGION")
    raw = {"device": "barn", "s3": {"bucket": account.bucket, "region": "eu-west-1"}}
    (tmp_path / "config.json").write_text(json.dumps(raw))
    out = user.types("cloud create --dry-run")
    assert f"{account.bucket} in eu-west-1" in out
    assert "under barn/" in out
    assert "under shed/" in user.types("cloud create --dry-run --device shed")
    raw["s3"]["endpoint"] = "https://nas.local:9000"
    (tmp_path / "config.json").write_text(json.dumps(raw))
    user.types("cloud create --dry-run")
    assert user.code == 1
    assert "https://nas.local:9000" in user.err


@pytest.mark.parametrize("text", ["[]", "{", "7", '"x"', "\xff"])
def test_a_config_json_of_nonsense_is_one_sentence(user, tmp_path, text):
    (tmp_path / "config.json").write_text(text, encoding="latin-1")
    for line in ("cloud show", "cost", "status"):
        user.types(line)
        assert (user.code, user.err.count("\n")) == (1, 1)
        assert user.err.startswith("megacam: config.json ")


def test_a_folder_in_place_of_config_json_is_one_sentence(user, tmp_path):
    (tmp_path / "config.json").mkdir()
    user.types("cost")
    assert (user.code, user.err) == (1, "megacam: cannot read config.json: Is a directory\n")


def test_what_is_not_named_anywhere_is_misuse(user, monkeypatch):
    user.types("cloud create")
    assert (user.code, "which camera?" in user.err) == (2, True)
    monkeypatch.delenv("MEGACAM_BUCKET")
    user.types("cloud show")
    assert (user.code, "which bucket?" in user.err) == (2, True)


def test_a_refusal_is_one_line_and_1(user):
    user.types("cloud create -b My.Photos -d cam1")
    assert user.code == 1
    assert user.err.startswith("megacam: 'My.Photos' cannot be the name of a bucket")
    assert user.err.count("\n") == 1


def _is_one_line_and_1(user, words):
    user.types("cloud create -d cam1 --yes")
    assert user.code == 1
    assert user.err.startswith("megacam: ")
    assert user.err.count("\n") == 1
    assert words in user.err


def test_no_credentials_no_permission_and_a_name_that_is_taken(user, account, monkeypatch):
    user.types("cloud create -d cam1 --yes")
    key = AccessKeys(account.aws, account.bucket, "cam1").make()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
    _is_one_line_and_1(user, "your credentials may not see it")
    user.types("cloud show")
    assert user.code == 1 and "may not" in user.err
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    _is_one_line_and_1(user, "belongs to another AWS account")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    _is_one_line_and_1(user, "no AWS credentials on this computer")


def test_rotate_puts_a_key_on_the_board_and_says_no_secret(user):
    user.types("cloud create -d cam1 --yes")
    out = user.types("cloud rotate -d cam1 --yes --port /dev/ttyUSB7")
    assert user.code == 0
    assert user.board.ports == ["/dev/ttyUSB7"]
    first = user.board.key
    assert first.identity in out
    user.types("cloud rotate -d cam1 --yes")
    assert f"deleted access key {first.identity}" in user.out
    found = user.data("cloud rotate -d cam1 --yes")
    assert found["identity"] == user.board.key.identity
    user.types("cloud show")
    for key in (first, user.board.key):
        assert key.secret_access_key not in user.said


def test_rotate_does_nothing_on_dry_run(user, account):
    user.types("cloud create -d cam1 --yes")
    user.types("cloud rotate -d cam1 --dry-run")
    assert (user.code, user.board.ports) == (0, [])
    assert AccessKeys(account.aws, account.bucket, "cam1").list() == []


@pytest.mark.parametrize("more", ["", "--show-secret", "--retire AKIANONE"])
def test_a_dry_run_of_rotate_says_so_to_programs(user, more):
    user.types("cloud create -d cam1 --yes")
    assert user.data(f"cloud rotate -d cam1 --dry-run {more}") == {"done": False}


def test_a_secret_is_shown_only_when_asked_for_and_the_key_can_only_put(user, account):
    user.types("cloud create -d cam1 --yes")
    found = user.data("cloud rotate -d cam1 --show-secret --yes")
    s3 = account.store.client_with_key("s3", found["access_key_id"], found["secret_access_key"])
    s3.put_object(Bucket=account.bucket, Key="cam1/x.jpg", Body=b"photo")
    with pytest.raises(s3.exceptions.ClientError):
        s3.list_objects_v2(Bucket=account.bucket)
    out = user.types("cloud rotate -d cam1 --show-secret --yes")
    assert f"--retire {found['access_key_id']}" in out
    assert "stays wherever this output goes" in " ".join(out.split())
    user.types(f"cloud rotate -d cam1 --retire {found['access_key_id']} --yes")
    assert user.code == 0
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket=account.bucket, Key="cam1/x.jpg", Body=b"photo")


def test_a_board_that_fails_is_one_sentence(user, account, monkeypatch):
    user.types("cloud create -d cam1 --yes")

    def fail(key):
        raise MegacamError("no board on /dev/ttyUSB0; plug it in")

    monkeypatch.setattr(user.board, "put_key", fail)
    user.types("cloud rotate -d cam1 --yes")
    assert user.code == 1
    assert user.err.startswith("megacam: no board on /dev/ttyUSB0; plug it in")


def test_show_names_protections_devices_and_keys(user, account):
    user.types("cloud create -d cam1 --keep 30 --yes")
    out = user.types("cloud show")
    assert "put only" in out
    assert "30 days" in out
    assert "no key yet" in out
    account.client("s3").delete_public_access_block(Bucket=account.bucket)
    assert "fix it with `megacam cloud create`" in user.types("cloud show")
    found = user.data("cloud show")
    assert [one["name"] for one in found["checks"] if not one["right"]] == ["public access"]
    assert found["devices"][0]["name"] == "cam1"


def test_destroy_asks_twice(user, account):
    user.types("cloud create -d cam1 --yes")
    rotate.new_key(AccessKeys(account.aws, account.bucket, "cam1"))
    user.types("cloud destroy --yes")
    assert (user.code, account.bucket in _buckets(account)) == (2, True)
    assert f"--confirm {account.bucket}" in user.err
    user.types("cloud destroy --confirm BUCKET")
    assert (user.code, account.bucket in _buckets(account)) == (2, True)
    user.types("cloud destroy --yes --confirm another")
    assert (user.code, account.bucket in _buckets(account)) == (1, True)
    assert "nothing was changed" in user.err
    user.types("cloud destroy --yes --confirm BUCKET --dry-run")
    assert account.bucket in _buckets(account)
    user.types("cloud destroy --yes --confirm BUCKET")
    assert (user.code, account.bucket in _buckets(account)) == (0, False)


@pytest.mark.parametrize(
    ("typed", "gone"),
    [("y\nBUCKET\n", True), ("y\nsomething else\n", False), ("y\n", False), ("BUCKET\n", False)],
)
def test_destroy_at_the_keyboard_takes_a_yes_and_then_the_name(
    user, account, monkeypatch, typed, gone
):
    user.types("cloud create -d cam1 --yes")
    monkeypatch.setattr("sys.stdin", Keyboard(typed.replace("BUCKET", account.bucket)))
    user.types("cloud destroy")
    assert (user.code, account.bucket in _buckets(account)) == (int(not gone), not gone)


def test_destroy_leaves_photos_until_it_is_told_and_then_counts(user, account, monkeypatch):
    user.types("cloud create -d cam1 --yes")
    account.client("s3").put_object(Bucket=account.bucket, Key="cam1/x.jpg", Body=b"photo")
    assert "cam1/ stays" in user.types("cloud destroy --yes --confirm BUCKET")
    assert account.object_keys() == ["cam1/x.jpg"]
    user.types("cloud create -d cam1 --yes")
    said = []
    monkeypatch.setattr(console.Terminal, "now", lambda terminal, text: said.append(text))
    assert user.data("cloud destroy --photos --yes --confirm BUCKET")["done"] is True
    assert account.bucket not in _buckets(account)
    assert "deleted 1 object …" in said


def test_a_public_template_carries_its_warning_beside_the_json(user):
    printed = json.loads(user.types("cloud template -d cam1 --public-read"))
    assert "everybody in the world" in user.err
    assert printed["Resources"]["Bucket"]
    user.types("cloud template -d cam1 --cloudfront")
    assert "everybody" not in user.err


def test_rotate_sees_by_itself_that_a_device_has_a_certificate(user, account, aliases):
    name = f"cam-{account.bucket.split('-')[-1]}"
    create.plan(account.aws, CloudSpec(account.bucket, name, iot=True)).make()
    assert "no certificate" in user.types(f"cloud rotate -d {name} --dry-run")
    assert "create a new certificate" in user.out
    user.types("cloud rotate -d nobody --dry-run")
    assert (user.code, "run `megacam cloud create` first" in user.err) == (1, True)


def test_create_warns_of_public_photos_before_it_asks(user):
    out = user.types("cloud create -d cam1 --public-read --dry-run")
    assert "everybody in the world" in out
    assert out.index("everybody in the world") < out.index("changes; nothing was changed")


def test_template_is_json_on_standard_output_or_a_file(user, tmp_path):
    printed = json.loads(user.types("cloud template -d cam1 -d roof-2 --keep 30"))
    user.types("cloud template -d cam1 -d roof-2 --keep 30 -o stack.json")
    assert json.loads((tmp_path / "stack.json").read_text()) == printed
    assert "aws cloudformation deploy" in user.out


def test_the_command_megacam_has_them_all(capsys):
    assert console.run(cli.app, ["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in ("cloud", "cost", "status"))
    assert console.run(cli.app, ["cloud", "--help"]) == 0
    listed = capsys.readouterr().out
    names = ("create", "show", "rotate", "destroy", "template")
    assert all(f"  {name} " in listed for name in names)


def test_keep_versions_is_said_made_shown_and_done_once(user):
    out = user.types("cloud create -d cam1 --keep 30 --keep-versions 14 --yes")
    assert "old versions, in the whole bucket" in out
    assert "delete old versions after 14 days" in out
    assert "photos for 14 more days" in " ".join(out.split())
    assert "nothing to change" in user.types("cloud create -d cam1 --keep-versions 14")
    assert "kept 14 days" in user.types("cloud show")
    rule = json.loads(user.types("cloud template -d cam1 --keep-versions 14"))
    assert rule["Parameters"]["KeepVersions"]["Default"] == 14
    user.types("cloud create -d cam1 --keep-versions -1")
    assert "old versions cannot be kept -1 days; choose 1 to" in " ".join(user.err.split())


def test_a_store_that_is_not_amazons_is_told_of_in_the_plan(user):
    out = " ".join(user.types("cloud create -d cam1 --dry-run").split())
    assert "this store is not Amazon S3" in out
    assert "can overwrite its photos" in out
