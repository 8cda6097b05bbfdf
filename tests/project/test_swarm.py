"""The swarm's own parts: what it draws, checks and shrinks. For the whole see tests/e2e."""

import hashlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from each import each
from https import tls_certificates
from megacam import settings
from megacam.update import verify
from swarm import draw, fat, mutations, releases, score, setting, shrink, signature
from swarm.camera import Camera
from swarm.engine import Engine
from swarm.history import ACTS, LASTING, SUDDEN, Fault, History
from swarm.mutations import MUTATIONS
from swarm.network import Certificate

_MANY = range(1, 401)


@pytest.fixture(scope="module")
def histories():
    return [draw.history(seed) for seed in _MANY]


def test_a_seed_is_one_history_and_its_text_is_another_form_of_it():
    for seed in (1, 2, 99):
        made = draw.history(seed)
        assert made == draw.history(seed)
        assert History.from_json(made.to_json()) == made
    assert draw.history(1) != draw.history(2)


def test_every_kind_of_fault_and_act_is_drawn_and_every_choice_of_the_schema_that_matters(
    histories,
):
    kinds = {fault.kind for made in histories for fault in made.faults}
    assert kinds == {*LASTING, *SUDDEN, *ACTS}
    configs = [made.config for made in histories]
    assert {config["s3"]["integrity"] for config in configs} == {*settings.schema().INTEGRITY}
    assert {config["power"]["deep_sleep"] for config in configs} == {True, False}
    assert {config["spool"]["first"] for config in configs} == {True, False}
    assert {config["watchdog"] for config in configs} == {True, False}
    assert {made.world["iot"] for made in histories} == {True, False}
    assert any("schedule" in config for config in configs)
    assert any("sd" in config["spool"] for config in configs)
    assert any("cap" in config for config in configs)
    assert {config.get("motion", {}).get("mode") for config in configs} == {None, "mark", "gate"}
    assert {config.get("trigger", {}).get("level") for config in configs} == {None, 0, 1}
    assert {made.world["sensor"] for made in histories} == {"", *setting.SENSORS}
    assert any("address" in made.world["networks"][0] for made in histories)
    assert {len(made.world["networks"]) for made in histories} == {1, 2}
    assert {config["interval_s"] for config in configs} >= {5, 30, 3600}
    assert {made.world["updates"] for made in histories} == {False, True}
    offered = [f for made in histories for f in made.faults if f.kind == "release"]
    assert {fault.detail for fault in offered} == {*releases.KINDS}


def test_some_seeds_have_few_kinds_of_fault_and_much_of_each(histories):
    counts = [len({fault.kind for fault in made.faults}) for made in histories]
    assert min(counts) == 0 and max(counts) > 6


def test_events_happen_in_the_order_of_their_time_and_then_of_their_making():
    engine, seen = Engine(0), []
    engine.at(20, lambda: seen.append("b"))
    engine.at(10, lambda: engine.after(10, lambda: seen.append("c")))
    engine.at(20, lambda: seen.append("x"), is_hard=True)
    assert engine.next_hard_us() == 20
    engine.run_until(30)
    assert (seen, engine.now_us) == (["b", "x", "c"], 30)


@each("mutation", MUTATIONS)
def test_each_planted_mistake_still_has_its_place(mutation):
    assert mutation.modules()


@pytest.mark.parametrize("kind", releases.FIRMWARE)
def test_the_firmware_of_each_release_differs_in_something(kind):
    assert mutations.Mutation(kind, releases.FIRMWARE[kind]).modules()


_NOW_S = 1_800_000_000


def _release(kind):
    files = {"firmware/__init__.mpy": b"new"}
    if kind in releases.SETTINGS:
        files = releases.settings_files(kind, draw.history(1).config)
    elif kind in releases.SEALED:
        files = {}
    elif kind in releases.REFUSED:
        files = releases.firmware_files(files, 12)
    return releases.release(kind, 12, "cam1", _NOW_S, files)


@pytest.mark.parametrize("kind", [kind for kind in releases.KINDS if kind not in releases.ENDLESS])
def test_a_camera_has_to_take_exactly_the_releases_that_the_host_would_take(kind):
    made = _release(kind)
    held = 12 if kind == "older" else 11
    # The first of the owner's keys is old once the second one has promoted the third.
    first, second, third = (key.modulus for key in releases.KEYS)
    keys = (second, third) if kind == "old-key" else (first, second)
    board = verify.Board("cam1", keys, _NOW_S, held, seal=releases.SEAL)
    is_taken = True
    try:
        found = verify.check(made.objects["release"], board)
        verify.check_files(found, made.objects.get)
    except (verify.RefusedError, verify.NotYetError):
        is_taken = False
    assert is_taken is not made.is_to_be_refused
    assert made == _release(kind), "the same seed has other bytes"


def test_there_are_enough_planted_mistakes_and_their_names_differ():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 25


def test_some_of_the_first_seeds_can_meet_each_planted_mistake(histories):
    for mutation in MUTATIONS:
        assert any(mutation.can_be_met_by(made) for made in histories), mutation.name


def test_a_score_counts_the_seeds_that_cannot_meet_the_mistake_too(histories):
    mutation = mutations.Mutation("x", (), "deep-sleep cut/kill")
    met = [made.seed for made in histories if mutation.can_be_met_by(made)]
    assert 1 < met[1] < 60
    assert score.Score("x").next_seed(mutation, 400) == met[0]
    assert score.Score("x", seeds=met[0], lived=1).next_seed(mutation, 400) == met[1]
    assert score.Score("x", seeds=met[0], lived=1).next_seed(mutation, met[1] - 1) == 0
    for seed in met:
        assert histories[seed - 1].config["power"]["deep_sleep"]


def test_a_score_goes_on_where_the_last_run_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(score, "RESULTS", tmp_path / "build" / "score.json")
    assert score.load() == {}
    found = {"x": score.Score("x", 7, 3, "liveness", "why"), "y": score.Score("y", 2, 2)}
    score.save(found)
    assert score.load() == found


@pytest.mark.parametrize(
    ("root", "host", "now_s", "action"),
    [
        (2, "store.example", 500, "portal"),
        (1, "other.example", 500, "portal"),
        (1, "store.example", 50, "clock"),
        (1, "store.example", 5000, "clock"),
    ],
)
def test_the_seam_of_tls_speaks_mbedtls_own_words_which_the_firmware_knows(
    root, host, now_s, action
):
    certificate = Certificate(("store.example",), root, 100, 1000)
    refusal = certificate.refusal(host, [1], now_s)
    text, explained = tls_certificates.explain(ValueError(refusal))
    assert explained == action and "refused" not in text


@pytest.mark.parametrize("host", ["store.example", "photos.store.example"])
def test_a_good_certificate_is_accepted(host):
    certificate = Certificate(("store.example", "*.store.example"), 1, 100, 1000)
    assert not certificate.refusal(host, [3, 1], 500)
    assert certificate.refusal("a.b.store.example", [1], 500)


@pytest.mark.parametrize("path", ["/cam1/2026/12/01/000003-000001.jpg", "/b/cam1/a%20b.jpg"])
def test_the_servers_check_of_a_signature_agrees_with_botocore(path):
    key_id, secret = "AKIASWARM", "swarm/secret+"
    request = botocore.awsrequest.AWSRequest(
        "PUT",
        f"https://photos.s3.amazonaws.com{path}",
        {"x-amz-meta-note": "two  spaces", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
        b"",
    )
    request.context["payload_signing_enabled"] = False
    credentials = botocore.credentials.Credentials(key_id, secret, "token")
    botocore.auth.S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["host"] = "photos.s3.amazonaws.com"
    scope = signature.scope_of(headers)
    assert (scope.key_id, scope.region) == (key_id, "eu-central-1")
    assert signature.signature("PUT", path, "", headers, secret, scope) == scope.signature
    assert signature.signature("PUT", path + "x", "", headers, secret, scope) != scope.signature


def test_a_header_that_is_not_signed_is_refused():
    names = "host;x-amz-content-sha256;x-amz-date"
    value = f"AWS4-HMAC-SHA256 Credential=A/20261201/r/s3/aws4_request, SignedHeaders={names}"
    headers = {"authorization": value + ", Signature=0", "x-amz-meta-a": "b"}
    with pytest.raises(signature.SignatureError, match="not signed"):
        signature.scope_of(headers)


def _body(trailer: bytes) -> bytes:
    return b"5\r\nhello\r\n0\r\n" + trailer


@pytest.mark.parametrize(
    ("trailer", "error"),
    [
        (b"x-amz-checksum-crc32:NhCmhg==\r\n\r\n", None),
        (b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", signature.DamagedError),
        (b"x-amz-checksum-crc32:NhCmhg==", signature.SignatureError),
    ],
)
def test_a_trailer_is_checked(trailer, error):
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
    }
    scope = signature.Scope("A", "20261201", "r", [], "0")
    if error:
        with pytest.raises(error):
            signature.body_of(_body(trailer), headers, "s", scope)
    else:
        assert signature.body_of(_body(trailer), headers, "s", scope) == b"hello"


def test_a_new_card_is_empty():
    assert list(fat.files(fat.empty(1 << 20))) == []


def test_what_micropython_writes_on_the_card_is_read(micropython, tmp_path):
    image = tmp_path / "card.img"
    image.write_bytes(fat.empty(1 << 20))
    photo = hashlib.sha256(b"photo").hexdigest()
    foot = "b'photo' + b'\\x05\\0\\0\\0' + bytes(12)"
    micropython(
        "-c",
        "import os, vfs\n"
        "class Card:\n"
        f"    file = open({str(image)!r}, 'r+b')\n"
        "    def readblocks(self, n, buf):\n"
        "        self.file.seek(n * 512); self.file.readinto(buf)\n"
        "    def writeblocks(self, n, buf):\n"
        "        self.file.seek(n * 512); self.file.write(buf)\n"
        "    def ioctl(self, op, arg):\n"
        "        return 2048 if op == 4 else 512 if op == 5 else 0\n"
        "vfs.mount(vfs.VfsFat(Card()), '/sd')\n"
        "os.mkdir('/sd/spool')\n"
        "with open('/sd/spool/1796083203-000001', 'wb') as f:\n"
        f"    f.write({foot})\n"
        "open('/sd/other.txt', 'w').close()\n"
        "vfs.umount('/sd')\n",
    )
    names = [name for name, _ in fat.files(image.read_bytes())]
    assert sorted(name.lower() for name in names) == ["other.txt", "spool/1796083203-000001"]
    assert fat.waiting(image.read_bytes()) == {photo}


def test_shrinking_leaves_only_what_breaks():
    made = draw.history(7)
    made.faults = [Fault("kill", at, detail="line", number=1) for at in range(10, 20)]
    made.faults.insert(4, Fault("cut", 14.5, number=3))
    made.config["led"] = {"pin": 25}
    short = shrink.shrunk(made, lambda one: any(fault.kind == "cut" for fault in one.faults))
    assert [fault.kind for fault in short.faults] == ["cut"]
    assert "led" not in short.config and len(short.world["networks"]) == 1
    assert settings.check({**short.config})


def test_a_board_that_is_killed_in_a_command_has_made_no_mistake():
    def ignore(*about):
        pass

    camera = Camera(Engine(1_800_000_000), "3mp", 1, (3000, 4000), ignore, ignore, lambda: False)
    for mistakes, end in ((0, camera.release), (1, lambda: camera.model.chip_select(1))):
        camera.model.chip_select(0)
        camera.model.exchange(b"\x3c")
        end()
        assert len(camera.model.violations) == mistakes
