"""The parts of the simulated month without a board: its plan, store and ledger."""

import hashlib
import os
import struct
import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from megacam.sim import interpreter
from soak import board, plan, report, store
from soak.ledger import Ledger, Photo
from soak.truth import BEGIN_S, Truth

PORT = Path(board.__file__).parent / "port"

KEY = "cam1/2026/12/01/001000-000007.jpg"  # 600 s after the month began
SHA = hashlib.sha256(b"photo").hexdigest()


def test_a_seed_reproduces_a_month_and_another_does_not():
    assert plan.month(7).faults == plan.month(7).faults != plan.month(8).faults
    lives = range(100)
    cuts = [[plan.month(seed).writes_of_life(n) for n in lives] for seed in (7, 7, 8)]
    assert cuts[0] == cuts[1] != cuts[2]
    assert 20 < sum(writes > 0 for writes in cuts[0]) < 80


def test_a_month_has_every_kind_of_fault_and_a_sample_each_detail_of_it():
    assert {f.kind for f in plan.month(1).faults} == {*plan.LASTING, *plan.SUDDEN}
    for seed in range(5):
        faults = plan.sample(seed).faults
        assert {f.kind for f in faults} == {*plan.LASTING, *plan.SUDDEN}
        assert {f.detail for f in faults if f.kind == "camera"} == set(plan.CAMERA_FAULTS)
        assert {f.detail for f in faults if f.kind == "reset"} == set(plan.PLACES)


def test_faults_hold_for_their_time_and_are_counted_once():
    made = plan.Plan(1, 1000, [plan.Fault("no-dns", 10, 20), plan.Fault("power-off", 15, 15)])
    assert [bool(made.active("no-dns", now)) for now in (9, 10, 19, 20)] == [0, 1, 1, 0]
    assert made.happened == {"no-dns": 1}
    assert [len(list(made.due(now))) for now in (14, 15, 16)] == [0, 1, 0]
    assert not plan.Plan(1, 15, [plan.Fault("no-dns", 10, 20)]).active("no-dns", 16)


def test_the_store_signs_as_botocore_does():
    request = AWSRequest(
        "PUT",
        f"https://{store.HOST}/{KEY}",
        headers={"x-amz-meta-seq": "7", "If-None-Match": "*"},
        data=b"photo",
    )
    S3SigV4Auth(Credentials(store.KEY_ID, store.SECRET), "s3", store.REGION).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["host"] = store.HOST
    said = headers["authorization"].rpartition("=")[2]
    assert store.signature("PUT", f"/{KEY}", headers) == said
    assert store.signature("PUT", f"/{KEY}x", headers) != said
    headers["x-amz-meta-added"] = "1"
    assert store.signature("PUT", f"/{KEY}", headers) == "headers that are not signed"


def a_month(secrets=("hush",)):
    """Return a Month in which one photo was taken at 00:10:00 and stored."""
    truth = Truth(ppm=0)
    ledger = Ledger(truth, secrets)
    ledger.begin_life()
    truth.hear(600_200_000)
    ledger.exposed(SHA, truth.now_us)
    ledger.reading(SHA)
    month = SimpleNamespace(
        truth=truth,
        ledger=ledger,
        plan=plan.Plan(1, 1000, []),
        store=SimpleNamespace(
            objects={},
            wrong=[],
            last_reports=[],
            requests=1,
            handshakes=1,
            bytes=5,
            reports=0,
            dates=0,
            refusals=Counter(),
        ),
        times=SimpleNamespace(asked=0),
        image={},
        heap="82K",
        has_recovered=True,
        secrets=secrets,
    )
    put(month, KEY)
    return month


def put(month, key, sha=SHA, **metadata):
    month.store.objects[key] = store.Object(sha, 5, month.truth.now_s, metadata)


def broken(month, end="end"):
    month.ledger.end_life(end)
    return report.settle(month, 1).broken


def test_a_good_month_has_nothing_broken():
    month = a_month()
    month.ledger.line(f"I s3 stored key={KEY} bytes=5 heap=70000")
    assert broken(month) == []


def test_a_photo_without_a_trace_has_vanished():
    month = a_month()
    month.store.objects.clear()
    month.ledger.line(f"I s3 stored key={KEY} bytes=5 heap=70000")  # only the log says so
    assert "vanished" in broken(month)[0]


def test_a_photo_may_wait_be_lost_with_a_reason_or_end_with_the_board():
    foot = struct.pack("<IIII", 5, 0, 2, 0)
    for name, line, end in (
        ("spool/1796083800-000007", "I spool kept name=1796083800-000007", "end"),
        ("notes", 'E app photo lost why="the camera died"', "end"),
        ("notes", "I wifi joined", "power cut"),
    ):
        month = a_month()
        month.store.objects.clear()
        month.image = {name: b"photo{}" + foot}
        month.ledger.line(line)
        assert broken(month, end) == []


def test_a_kept_photo_that_is_gone_must_have_been_thinned():
    for line, count in (("I app went on", 1), ("W spool thinned photos=1", 0)):
        month = a_month()
        month.store.objects.clear()
        month.ledger.line("I spool kept name=1796083800-000007")
        month.ledger.line(line)
        assert len(broken(month)) == count


@pytest.mark.parametrize(
    ("key", "metadata", "is_wrong"),
    [
        ("cam1/2026/12/01/000957-000007.jpg", {}, True),
        ("cam1/2026/12/01/000957-000007.jpg", {"clock-error-ms": "3000"}, False),
        ("cam1/2026/12/01/000957-000007.jpg", {"clock-error-ms": "unknown"}, True),
        ("cam1/2026/12/01/011000-000007.jpg", {"clock-error-ms": "unknown"}, False),
        ("cam1/2026/12/01/011000-000007.jpg", {}, True),
    ],
)
def test_a_wrong_date_is_found(key, metadata, is_wrong):
    month = a_month()
    month.store.objects.clear()
    put(month, key, **metadata)
    assert any(" s off and " in text for text in broken(month)) == is_wrong


def test_what_must_not_be_is_told():
    month = a_month()
    put(month, KEY.replace("001000", "001001"))
    put(month, KEY.replace("000007", "000009"), sha="0" * 64)
    month.has_recovered = False
    month.store.wrong.append("GET")
    month.store.last_reports.append('{"password": "hush"}')
    month.ledger.line("Traceback (most recent call last):")
    month.ledger.line("I wifi joined password=hush")
    month.ledger.lives[0].descriptors = [7, 12]
    text = "\n".join(broken(month, "1"))
    for words in (
        "no photos were stored once everything worked again",
        "one photo is stored 2 times",
        "1 objects are not what the camera gave",
        "number 7 has 2 photos",
        "from no correct client: GET",
        "Traceback",
        "password=hush",
        "a secret is in status.json",
        "12 descriptors are open, 7 at first",
        "the board ended with 1 1 times",
    ):
        assert words in text


def test_a_heap_that_shrinks_is_found():
    # On the chip the figure is below 0 once the heap has grown.
    for most, step, is_wrong in ((20000, 20, True), (20000, 1, False), (3000, 20, True)):
        month = a_month()
        for number in range(100, 500):
            sha = f"{number:064}"
            month.ledger.photos[sha] = Photo(sha, 600_000_000, 0)
            key = f"cam1/2026/12/01/001000-{number:06}.jpg"
            put(month, key, sha, **{"heap-free": str(most - step * (number - 100))})
        assert broken(month) == (["6400 bytes of heap were lost in one life"] if is_wrong else [])


def test_the_key_of_a_photo_says_when():
    assert report.key_time(KEY) == (BEGIN_S + 600, 7)
    with pytest.raises(ValueError, match="not the key of a photo"):
        report.key_time("cam1/status.json")


def test_a_socket_that_nobody_holds_is_closed_by_the_collector_as_on_the_esp32(tmp_path):
    (tmp_path / "machine.py").write_text("def ask(name, args):\n    return 0\n")
    (tmp_path / "main.py").write_text(
        "import gc, socket\n"
        "def leave():\n"
        "    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 6).settimeout(1)\n"
        "for _ in range(50):\n"
        "    leave()\n"
        "gc.collect()\n"
        "held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 6)\n"
        "gc.collect()\n"
        "held.settimeout(1)\n"
        "held.close()\n"
        "print(open('main.py').fileno())\n"
    )
    done = subprocess.run(
        interpreter.command("main.py"),
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": f".:{PORT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) < 20
