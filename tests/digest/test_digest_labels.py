"""Labels of photos with motion: what is asked, the month's budget, and models that misbehave."""

import base64
import json
from datetime import timedelta

import boto3
import botocore.config
import pytest
from botocore.stub import Stubber
from digest_rig import NOW, Client, digest, fill, killed, read
from gallery_wire import BUCKET, at, jpeg, key_of
from megacam.digest import index, models, names, upload
from megacam.digest.budget import Budget, BudgetError
from megacam.digest.hour import Wishes
from megacam.digest.labels import Labeller
from megacam.digest.models import Http, ModelError, Rekognition
from megacam.digest.store import Store
from megacam.errors import MegacamError
from megacam.gallery.refusals import BucketError
from servers.labeller import FOX, Model

pytest_plugins = "wire_store"

NOON = at("2026-11-23T12:00")
HOUR = "cam1/_digest/2026/11/23/12/index.json"
DAY = "cam1/_digest/2026/11/23/day.json"
COUNTER = "cam1/_digest/label-calls.json"


@pytest.fixture
def model():
    with Model() as running:
        yield running


def moving(s3, count, start=NOON, first=0):
    """Put `count` photos in which the camera has seen something move, and as many still ones."""
    keys = []
    for number in range(2 * count):
        key = key_of("cam1", start + timedelta(seconds=20 * number), first + number)
        s3.put(key, jpeg(60 + number), motion="90" if number % 2 else "3")
        keys += [key] if number % 2 else []
    return keys


def labeller(model, calls=100, now=NOW, limit_s=5.0, **more):
    return Labeller(Http(model.url, limit_s=limit_s), calls, now, **more)


def run(s3, labeller, **more):
    wishes = Wishes(film=False, labeller=labeller)
    return digest(s3, wishes=wishes, **more)


def used(s3):
    return json.loads(s3.objects[COUNTER][0])


def test_photos_with_motion_get_labels_in_both_indexes_and_no_others(s3, model):
    keys = moving(s3, 3)
    result = run(s3, labeller(model))
    rows = {row["key"]: row.get("labels") for row in read(s3, HOUR)["photos"]}
    assert {key for key, labels in rows.items() if labels is not None} == set(keys)
    assert rows[keys[0]] == {"fox": 0.93}, "in lower case, without those that are doubtful"
    day = read(s3, DAY)
    assert day["labels"] == {key.removeprefix("cam1/"): {"fox": 0.93} for key in keys}
    sent = sorted(body for _, _, body in model.got)
    assert sent == sorted(s3.objects[key][0] for key in keys)
    assert model.got[0][1]["Content-Type"] == "image/jpeg"
    assert (result.labelled, result.label_calls, result.label_note) == (3, 3, "")
    assert used(s3) == {"format": 1, "month": "2026-11", "used": 3, "day": "2026-11-24"}


def test_an_hour_that_is_made_again_asks_for_new_photos_only(s3, model):
    moving(s3, 3)
    run(s3, labeller(model))
    late = key_of("cam1", NOON + timedelta(minutes=50), 99)
    s3.put(late, jpeg(200), motion="90")
    assert run(s3, labeller(model)).labelled == 4
    assert len(model.got) == 4 and model.got[3][2] == s3.objects[late][0]
    assert len(read(s3, DAY)["labels"]) == 4


def test_labels_outlive_a_run_that_asks_no_model(s3, model):
    keys = moving(s3, 3)
    model.answer = lambda handler, number: _failing(model, handler, number, 2)
    run(s3, labeller(model))
    assert len(read(s3, DAY)["labels"]) == 2 and len(read(s3, DAY)["label_asks"]) == 1
    s3.put(key_of("cam1", NOON + timedelta(minutes=50), 99), jpeg(200), motion="90")
    assert run(s3, None).hours_made == 1
    day = read(s3, DAY)
    assert len(day["labels"]) == 2 and list(day["label_asks"].values()) == [2]
    assert {f"cam1/{name}" for name in (*day["labels"], *day["label_asks"])} == set(keys)
    assert run(s3, labeller(model)).label_calls == 1, "only the photo for which it failed"


def _failing(model, handler, number, which):
    model.status = 503 if number == which else 200
    model.plain(handler, number)


def test_a_token_is_sent_and_no_fault_shows_it_or_the_path(model):
    secret = Http(f"{model.url}/a-secret-path", "tk_secret")
    assert secret.label(b"jpeg") == (("fox", 0.93),)
    assert model.got[0][1]["Authorization"] == "Bearer tk_secret"
    model.status = 401
    with pytest.raises(ModelError) as refused:
        secret.label(b"jpeg")
    assert "401" in str(refused.value)
    assert "secret" not in str(refused.value) and "secret" not in repr(refused.value.__cause__)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"", 200),
        (b"[" * 60_000, 200),
        (b"null", 200),
        (b'{"labels": {"fox": 1}}', 200),
        (b'{"labels": [["fox", 0.9]]}', 200),
        (b'{"labels": [{"name": 7, "score": 0.9}]}', 200),
        (b'{"labels": [{"name": "fox", "score": "high"}]}', 200),
        (b'{"labels": [{"name": "fox", "score": NaN}]}', 200),
        (b'{"labels": [{"name": "fox", "score": 1e999}]}', 200),
        (b'{"labels": [{"name": "fox", "score": true}]}', 200),
        (b'{"labels": [{"name": "a\\nb", "score": 0.9}]}', 200),
        (b'{"labels": [{"name": "' + b"x" * 41 + b'", "score": 0.9}]}', 200),
        (b'{"labels": []}' + b" " * (1 << 20), 200),
        (FOX, 302),
        (FOX, 500),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_an_answer_that_makes_no_sense_never_stops_a_digest(s3, model, body, status):
    moving(s3, 5)
    model.body, model.status = body, status
    result = run(s3, labeller(model))
    assert (result.hours_made, result.labelled, result.label_calls) == (1, 0, 3)
    assert result.label_note
    assert used(s3)["used"] == 3, "what was reserved for the other photos is given back"
    assert all("labels" not in row for row in read(s3, HOUR)["photos"])
    assert len(model.got) == 3, "three faults in a row are enough"


def test_photos_for_which_the_model_failed_are_asked_for_again_but_not_for_ever(s3, model):
    moving(s3, 6)
    model.status = 503
    down = run(s3, labeller(model))
    assert (down.labelled, down.label_calls) == (0, 3)
    asks = [row["label_asks"] for row in read(s3, HOUR)["photos"] if row["moved"]]
    assert sorted(asks) == [2, 2, 2, 3, 3, 3] and len(read(s3, DAY)["label_asks"]) == 6
    s3.asked.clear()
    model.status = 200
    well = run(s3, labeller(model))
    assert (well.hours_made, well.labelled, well.label_calls) == (0, 6, 6)
    assert len(read(s3, DAY)["labels"]) == 6 and not read(s3, DAY)["label_asks"]
    assert sum(line.startswith("GET cam1/2026/") for line in s3.asked) == 6, "no other photo"
    s3.asked.clear()
    run(s3, labeller(model))
    assert used(s3)["used"] == 9 and not [line for line in s3.asked if line.startswith("PUT")]


def test_a_photo_is_asked_for_three_times_and_within_the_budget(s3, model):
    moving(s3, 2)
    model.status = 400
    assert [run(s3, labeller(model)).label_calls for _ in range(5)] == [2, 2, 2, 0, 0]
    moving(s3, 2, start=NOON + timedelta(hours=1), first=50)
    assert [run(s3, labeller(model, calls=9)).label_calls for _ in range(4)] == [2, 1, 0, 0]
    day = read(s3, DAY)
    day["label_asks"] = dict.fromkeys(day["label_asks"], -1)
    with pytest.raises(index.BadIndexError):
        index.parse_day("cam1", day)


@pytest.mark.parametrize("way", ["silent", "dripping"])
def test_a_model_that_is_slow_is_left_waiting(s3, model, way):
    moving(s3, 1)
    model.answer = getattr(model, way)
    result = run(s3, labeller(model, limit_s=0.3))
    assert (result.hours_made, result.labelled, result.label_calls) == (1, 0, 1)
    with pytest.raises(ModelError, match=r"127.0.0.1:\d+ did not answer in 0.1 s"):
        Http(model.url, limit_s=0.1).label(b"jpeg")


def test_one_photo_that_the_model_cannot_read_does_not_end_the_labels(s3, model):
    moving(s3, 6)

    def every_third(handler, number):
        model.status = 400 if number % 3 == 0 else 200
        model.plain(handler, number)

    model.answer = every_third
    result = run(s3, labeller(model))
    assert (result.labelled, result.label_calls, result.label_note) == (4, 6, "")


def test_the_best_ten_labels_are_kept(model):
    found = [{"name": f"thing {n}", "score": 0.6 + n / 100} for n in range(15)]
    model.body = json.dumps({"labels": [*found, found[14]]}).encode()
    labels = Http(model.url).label(b"jpeg")
    assert [name for name, _ in labels] == [f"thing {n}" for n in range(14, 4, -1)]


def test_the_budget_of_a_month_ends_the_calls_and_those_that_changed_most_come_first(s3, model):
    moving(s3, 4)
    moving(s3, 4, start=NOON + timedelta(hours=1), first=50)
    first = run(s3, labeller(model, calls=6))
    assert (first.labelled, first.label_calls) == (6, 6)
    assert "6 calls of 2026-11 are used up" in first.label_note
    again = run(s3, labeller(model, calls=6))
    assert (again.label_calls, len(model.got)) == (0, 6)
    rows = [row for row in read(s3, HOUR.replace("/12/", "/13/"))["photos"] if row["moved"]]
    told = {row["key"] for row in rows if "labels" in row}
    assert min(r["change"] for r in rows if r["key"] in told) >= max(
        r["change"] for r in rows if r["key"] not in told
    )


def test_a_new_month_has_a_budget_of_its_own(s3):
    store = Store(s3.client(), BUCKET)
    november = Budget(store, "cam1", 5, at("2026-11-30T23:59"))
    assert november.reserve(9) == 5
    with pytest.raises(BudgetError, match="used up"):
        november.reserve(1)
    december = Budget(store, "cam1", 5, at("2026-12-01T00:00"))
    assert december.reserve(2) == 2
    assert used(s3) == {"format": 1, "month": "2026-12", "used": 2, "day": "2026-12-01"}
    # A clock that is behind, or a run that began last month, must not begin to count again.
    for call in (lambda: november.reserve(1), lambda: november.give_back(1)):
        with pytest.raises(BudgetError, match="is of 2026-12, and here it is 2026-11"):
            call()
    assert used(s3)["used"] == 2


def test_a_used_up_budget_outlives_a_lifecycle_that_is_shorter_than_the_month(s3, model):
    moving(s3, 2)
    run(s3, labeller(model, calls=2))
    for days, writes in ((0, 0), (1, 1), (1, 0), (2, 1)):
        now = NOW + timedelta(days=days)
        s3.asked.clear()
        run(s3, labeller(model, calls=2, now=now), now=now, days=1 + days)
        assert s3.count(f"PUT {COUNTER}") == writes, days
    assert used(s3) == {"format": 1, "month": "2026-11", "used": 2, "day": "2026-11-26"}


def test_two_runs_at_once_cannot_exceed_the_budget_at_any_request(s3, model):
    moving(s3, 3)
    photos = dict(s3.objects)
    overtakings = 0
    for place in range(1, 60):
        s3.objects, s3.written = dict(photos), {}
        model.got.clear()
        done = []

        def other(number, operation, place=place, done=done):
            if number == place:
                done.append(run(s3, labeller(model, calls=4)))

        ours = run(s3, labeller(model, calls=4), client=Client(s3.client(), other))
        if not done:
            break
        overtakings += 1
        assert len(model.got) == ours.label_calls + done[0].label_calls <= 4, place
        assert used(s3)["used"] == len(model.got), place
    assert overtakings > 10


def test_a_killed_run_has_counted_each_call_that_it_made(s3, model):
    moving(s3, 3)
    kills = 0

    def work(client):
        run(s3, labeller(model, calls=4), client=client)

    for calls in killed(s3, work, lambda: len(model.got)):
        model.got.clear()
        for _ in range(2):
            run(s3, labeller(model, calls=4))
        assert calls + len(model.got) <= used(s3)["used"] <= 4, kills
        kills += 1
    assert kills > 8


@pytest.mark.parametrize(
    "counter", [b"rubbish", b'{"format":1,"month":"soon","used":0}', b'{"format":1,"used":1}',
                b'{"format":1,"month":"2026-11","used":-9}',
                b'{"format":1,"month":"2026-11","used":"0"}'],
)  # fmt: skip
def test_a_counter_that_is_damaged_counts_as_no_budget(s3, model, counter):
    moving(s3, 1)
    s3.put(COUNTER, counter)
    result = run(s3, labeller(model))
    assert (result.hours_made, result.label_calls, model.got) == (1, 0, [])
    assert f"{COUNTER} is damaged; delete it" in result.label_note


def test_a_store_without_conditional_writes_gets_no_labels(s3, model):
    moving(s3, 1)
    s3.conditions = False
    result = run(s3, labeller(model))
    assert (result.hours_made, model.got) == (1, [])
    assert result.label_note


def test_without_time_no_call_is_made_and_none_is_counted(s3, model):
    moving(s3, 2)
    result = run(s3, labeller(model, seconds_left=lambda: 59.0))
    assert (result.hours_made, result.label_calls, model.got) == (1, 0, [])
    assert used(s3)["used"] == 0


def test_a_photo_is_labelled_on_upload_once_and_not_again_by_the_hour(s3, model):
    keys = moving(s3, 2, start=NOW - timedelta(minutes=50))
    still = key_of("cam1", NOW - timedelta(minutes=1), 70)
    s3.put(still, jpeg(70), motion="3")
    store = Store(s3.client(), BUCKET)
    for key in (keys[0], keys[0], still):
        assert upload.on_upload(store, "cam1", key, "all", 75, NOW, labeller(model)) == "made"
    assert len(model.got) == 1
    made = [key for key in s3.objects if "/now/" in key and key.endswith(".json")]
    assert [read(s3, key)["labels"] for key in made] == [{"fox": 0.93}]
    result = run(s3, labeller(model), now=NOW + timedelta(hours=1))
    assert (result.labelled, len(model.got)) == (2, 2)
    assert not [key for key in s3.objects if "/now/" in key]


def rekognition(model, limit_s=5.0):
    client = boto3.client(
        "rekognition", endpoint_url=model.url, region_name="us-east-1", aws_access_key_id="A",
        aws_secret_access_key="b", config=models.CONFIG,
    )  # fmt: skip
    return Rekognition(client, limit_s)


def test_rekognition_is_asked_for_ten_labels_once_a_photo(s3, model):
    model.answer = model.rekognition
    [key] = moving(s3, 1)
    result = run(s3, Labeller(rekognition(model), 10, NOW))
    assert result.labelled == 1
    assert read(s3, DAY)["labels"] == {key[5:]: {"animal": 0.99, "fox": 0.932}}
    [(_, _, body)] = model.got
    asked = json.loads(body)
    assert base64.b64decode(asked.pop("Image")["Bytes"]) == s3.objects[key][0]
    assert asked == {"MaxLabels": 10, "MinConfidence": 60.0}


def test_rekognition_s_refusal_is_one_call_and_no_retry(model):
    model.body, model.status = b'{"__type": "ThrottlingException", "message": "slow"}', 400
    with pytest.raises(ModelError, match=r"Rekognition refused \(ThrottlingException\)"):
        rekognition(model).label(b"jpeg")
    model.status = 500
    with pytest.raises(ModelError):
        rekognition(model).label(b"jpeg")
    assert len(model.got) == 2


@pytest.mark.parametrize(
    "words",
    [
        "http://example.org/", "http://169.254.169.254/latest", "http://0.0.0.0/",
        "ftp://10.0.0.1", "http://8.8.8.8/", "https://", "https://me:secret@example.org/",
        "https://a b/", "rekognise",
        "http://[::ffff:8.8.8.8]/", "https://example.org:0/", "http://10.0.0.1.example.org/",
    ],
)  # fmt: skip
def test_an_address_is_https_or_near(words):
    with pytest.raises(MegacamError, match="must be rekognition or begin with https://") as said:
        models.check(words)
    assert "me:secret" not in str(said.value)


def test_addresses_that_will_do():
    for words in (
        "rekognition", "https://example.org/x", "http://localhost:8000/",
        "http://192.168.1.5/x", "http://[fd00::1]:80/", "http://127.0.0.1:5/",
    ):  # fmt: skip
        assert models.check(words) == words
    with pytest.raises(MegacamError):
        models.check("http://192.168.1.5/x", near=False)


@pytest.mark.parametrize(
    "labels",
    [[], "fox", {"fox": "high"}, {"": 1}, {"a\nb": 1}, {"x" * 41: 1},
     {str(n): 1 for n in range(11)}],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_labels_in_an_index_are_untrusted(s3, model, labels):
    moving(s3, 1)
    run(s3, labeller(model))
    hour, day = read(s3, HOUR), read(s3, DAY)
    hour["photos"][1]["labels"] = labels
    day["labels"] = {day["photos"][1][0]: labels}
    for parse, data in ((index.parse_hour, hour), (index.parse_day, day)):
        with pytest.raises(index.BadIndexError):
            parse("cam1", data)


def test_an_index_from_before_labels_has_none(s3):
    fill(s3, NOON, 2)
    digest(s3)
    day = read(s3, DAY)
    del day["labels"]
    assert [row.labels for row in index.parse_day("cam1", day).rows()] == [None, None]


def _amazon():
    return boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="b",
        endpoint_url="https://s3.us-east-1.amazonaws.com",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def test_amazon_s3_gets_the_labels_as_an_annotation_and_no_other_store_is_asked(s3, model):
    client = _amazon()
    with Stubber(client) as stub:
        wanted = {"Bucket": BUCKET, "Key": "cam1/x.jpg", "AnnotationName": "megacam-labels",
                  "AnnotationPayload": b'{"labels": {"fox": 0.93}}'}  # fmt: skip
        stub.add_response("put_object_annotation", {}, {**wanted, "ObjectIfMatch": '"abc"'})
        store = Store(client, BUCKET)
        assert store.annotate("cam1/x.jpg", "abc", "megacam-labels", '{"labels": {"fox": 0.93}}')
        stub.add_client_error("put_object_annotation", "AccessDenied", http_status_code=403)
        with pytest.raises(BucketError):
            store.annotate("cam1/x.jpg", "abc", "megacam-labels", "{}")
        stub.assert_no_pending_responses()
    assert not Store(s3.client(), BUCKET).annotate("cam1/x.jpg", "", "megacam-labels", "{}")
    moving(s3, 1)
    before = {key: data for key, (data, _) in s3.objects.items()}
    run(s3, labeller(model))
    assert all(s3.objects[key][0] == data for key, data in before.items())
    assert not [line for line in s3.asked if "annotation" in line]


def test_the_counter_is_where_the_camera_s_photos_are_not():
    assert names.calls_counter("cam1") == COUNTER
