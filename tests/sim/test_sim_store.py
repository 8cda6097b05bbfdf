"""The local AWS of the demo: rights of a device's key, TLS, and that no process is left over."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from megacam.sim.store import Store, StoreError

DEADLINE_S = 10


@pytest.fixture(scope="module")
def store():
    with Store() as running:
        running.create_bucket("photos")
        yield running


@pytest.fixture(scope="module")
def device(store):
    return store.client_with_key("s3", *store.create_device_user("photos", "cam1"))


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")")[-1].split()[0] != "Z"


def wait_until_dead(pid):
    deadline_s = time.monotonic() + DEADLINE_S
    while is_alive(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return not is_alive(pid)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def test_a_device_key_puts_under_its_own_prefix(store, device):
    device.put_object(Bucket="photos", Key="cam1/a.jpg", Body=b"photo")
    stored = store.client("s3").get_object(Bucket="photos", Key="cam1/a.jpg")
    assert stored["Body"].read() == b"photo"


@pytest.mark.parametrize("key", ["cam2/a.jpg", "a.jpg", "cam1.jpg", "cam10/a.jpg"])
def test_a_device_key_puts_nowhere_else(device, key):
    assert refusal(device.put_object, Bucket="photos", Key=key, Body=b"") == "AccessDenied"


def test_a_device_key_neither_reads_nor_lists_nor_deletes(store, device):
    store.client("s3").put_object(Bucket="photos", Key="cam1/b.jpg", Body=b"photo")
    its_own = {"Bucket": "photos", "Key": "cam1/b.jpg"}
    assert refusal(device.get_object, **its_own) == "AccessDenied"
    assert refusal(device.delete_object, **its_own) == "AccessDenied"
    assert refusal(device.list_objects_v2, Bucket="photos", Prefix="cam1/") == "AccessDenied"
    assert refusal(device.list_buckets) == "AccessDenied"
    assert store.client("s3").head_object(**its_own)["ContentLength"] == 5


def test_a_device_key_does_not_reach_another_bucket(store, device):
    store.create_bucket("others")
    assert refusal(device.put_object, Bucket="others", Key="cam1/a", Body=b"") == "AccessDenied"


def test_a_wrong_secret_is_refused(store):
    access_key_id, secret = store.create_device_user("photos", "cam3")
    other = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    client = store.client_with_key("s3", access_key_id, other)
    put = {"Bucket": "photos", "Key": "cam3/a.jpg", "Body": b""}
    assert refusal(client.put_object, **put) == "SignatureDoesNotMatch"


def test_a_bucket_is_private(store, device):
    device.put_object(Bucket="photos", Key="cam1/c.jpg", Body=b"photo")
    context = ssl.create_default_context(cadata=store.ca_der)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{store.endpoint}/photos/cam1/c.jpg", context=context, timeout=5)
    blocks = store.client("s3").get_public_access_block(Bucket="photos")
    assert all(blocks["PublicAccessBlockConfiguration"].values())


def test_a_client_without_the_ca_or_with_another_name_is_stopped_by_tls(store):
    port = int(store.endpoint.rsplit(":", 1)[1])
    ours = ssl.create_default_context(cafile=store.ca_pem)
    for context, name in ((ssl.create_default_context(), "localhost"), (ours, "127.0.0.1")):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as tcp,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(tcp, server_hostname=name)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as tcp:
        assert ours.wrap_socket(tcp, server_hostname="localhost").version() == "TLSv1.3"


def test_it_listens_on_loopback_only_and_keeps_no_private_key_on_disk(store):
    folder = store.ca_pem.parent
    assert folder.stat().st_mode & 0o077 == 0
    assert not [file for file in folder.iterdir() if b"PRIVATE" in file.read_bytes()]
    port = int(store.endpoint.rsplit(":", 1)[1])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=2):
        pass


def test_the_users_own_aws_settings_change_nothing(store, monkeypatch, tmp_path):
    for name, value in {
        "AWS_PROFILE": "missing",
        "AWS_ENDPOINT_URL": "https://localhost:1",
        "AWS_CA_BUNDLE": str(tmp_path / "missing.pem"),
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    names = [bucket["Name"] for bucket in store.client("s3").list_buckets()["Buckets"]]
    assert "photos" in names


def test_a_region_other_than_the_default_is_kept():
    with Store(region="eu-central-1") as abroad:
        abroad.create_bucket("photos")
        place = abroad.client("s3").get_bucket_location(Bucket="photos")
    assert place["LocationConstraint"] == "eu-central-1"


def test_neither_repr_nor_argv_shows_a_secret(store):
    _, secret = store.create_device_user("photos", "cam4")
    argv = subprocess.run(
        ["ps", "-o", "args=", "-p", str(store.pid)], capture_output=True, text=True, check=True
    ).stdout
    assert "store_process" in argv
    for text in (repr(store), argv, (store.ca_pem.parent / "log.txt").read_text()):
        assert secret not in text


def test_an_exception_in_the_block_leaves_no_process_and_no_folder():
    with pytest.raises(KeyError), Store() as failing:
        raise KeyError("in the block")
    assert wait_until_dead(failing.pid)
    assert not failing.ca_pem.parent.exists()


def test_a_killed_parent_takes_the_store_with_it():
    run = "import sys; from megacam.sim.store import Store\n"
    run += "with Store() as s: print(s.pid, s.ca_pem, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", run], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        pid, ca_pem = parent.stdout.readline().decode().split()
        pid = int(pid)
        assert is_alive(pid)
        assert Path(ca_pem).exists()
        parent.send_signal(signal.SIGKILL)
    assert wait_until_dead(pid)
    assert not Path(ca_pem).parent.exists()


def interpreter_that(does, monkeypatch, tmp_path):
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


def test_a_store_that_dies_on_its_start_shows_its_last_log_lines(monkeypatch, tmp_path):
    interpreter_that("seq 1 99; echo out of memory >&2; exit 3", monkeypatch, tmp_path)
    with pytest.raises(StoreError) as failed, Store():
        pass
    lines = str(failed.value).splitlines()
    assert "ended with code 3" in lines[0]
    assert (len(lines), lines[-1].strip()) == (13, "out of memory")


def test_a_store_that_never_answers_is_given_up_and_killed(monkeypatch, tmp_path):
    interpreter_that(
        "echo $$ > " + str(tmp_path / "pid") + "; exec sleep 60", monkeypatch, tmp_path
    )
    with pytest.raises(StoreError, match=r"took over 0\.5 s"), Store(ready_timeout_s=0.5):
        pass
    assert wait_until_dead(int((tmp_path / "pid").read_text()))


def test_a_missing_package_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(StoreError, match=r"needs trustme: pip install 'megacam\[demo\]'"), Store():
        pass


def test_the_policy_of_a_device_allows_one_action_on_one_prefix(store):
    store.create_device_user("photos", "cam5")
    document = store.client("iam").get_user_policy(
        UserName="megacam-cam5", PolicyName="put-photos"
    )["PolicyDocument"]
    document = json.loads(document) if isinstance(document, str) else document
    may, may_not = document["Statement"]
    assert (may["Effect"], may["Action"]) == ("Allow", "s3:PutObject")
    assert may["Resource"] == "arn:aws:s3:::photos/cam5/*"
    assert (may_not["Effect"], may_not["Resource"]) == ("Deny", "arn:aws:s3:::photos/cam5/_*")
