"""firmware/uploader.py and upload/ on a simulated board: retries, circuit breaker, daily cap."""

import itertools
import json

import pytest
from app_rig import NOON, photo_sha256, run, seq
from megacam.sim import flash

SLOW = ("SlowDown", 503, "throttle", {})
BROKEN = ("InternalError", 500, "retry", {})
DENIED = ("AccessDenied", 403, "fatal", {"says": "allow s3:PutObject"})
EXISTS = ("PreconditionFailed", 412, "stored", {})
BREAKS = ("body", 0, "retry", {"body": 2000})
LOSES_REPLY = ("reply", 0, "retry", {"body": 9999, "keeps": True})
DOWN = ("connect", 0, "retry", {})


def waits_ms(told, attempt):
    """Return the ms from each failed attempt number `attempt` of a photo to the next attempt."""
    found, number = [], 1
    puts = told.all("put")
    for put, after in itertools.pairwise(puts):
        if after["key"] != put["key"]:
            number = 1
            continue
        if number == attempt:
            found.append(after["ms"] - put["ms"])
        number += 1
    return found


# The retry policy.


@pytest.mark.parametrize(
    ("failure", "first_ms", "second_ms"), [(BROKEN, 2000, 4000), (SLOW, 8000, 8000)]
)
def test_three_attempts_with_full_jitter_inside_its_bounds(camera, failure, first_ms, second_ms):
    photos = 40
    # Two failures and then a success each time, so that the circuit breaker does not open.
    script = [failure, failure, None] * photos
    told = run(camera, f"a = app({script})\nshoot(a, {photos})\nreport(a)")
    assert told.end["counters"]["stored"] == photos
    assert told.end["counters"]["requests"] == 3 * photos
    for attempt, bound_ms in ((1, first_ms), (2, second_ms)):
        waits = waits_ms(told, attempt)
        assert len(waits) == photos
        # Full jitter: anything from 0 to the bound; the board itself takes a few ms.
        assert min(waits) < bound_ms / 3 and bound_ms * 2 / 3 < max(waits) < bound_ms + 1000


def test_after_three_attempts_that_very_photo_waits_in_the_spool_with_its_metadata(camera):
    told = run(camera, f"a = app({[BROKEN] * 3})\nshoot(a)\nreport(a)")
    assert len(told.all("put")) == 3 and told.end["waiting"] == 1
    assert told.end["counters"]["lost"] == 0
    sent = told.all("put")[0]["metadata"]
    (name,) = [name for name in flash.read_image(camera.image) if name.startswith("spool/")]
    content = flash.read_image(camera.image)[name]
    assert name == f"spool/{NOON}-000001"
    told = run(camera, "a = app(at=NOON + 60)\ndrain(a)\nreport(a)")
    (stored,) = told.all("stored")
    assert stored["sha256"] == photo_sha256(1)
    assert stored["key"] == "cam1/2026/11/24/120000-000001.jpg"
    assert told.all("put")[0]["metadata"] == {**sent, "origin": "spool"}
    assert json.dumps(sent["taken-at"]).encode() in content
    assert told.end["waiting"] == 0
    assert not [name for name in flash.read_image(camera.image) if name.startswith("spool/")]


def test_retry_after_is_honoured(camera):
    patient = ("SlowDown", 503, "throttle", {"retry_after_ms": 7900})
    told = run(camera, f"a = app({[patient]})\nshoot(a)\nreport(a)")
    assert 7900 <= waits_ms(told, 1)[0] < 9000
    assert told.end["counters"]["stored"] == 1


def test_a_retry_after_beyond_the_interval_makes_photos_wait(camera):
    patient = ("SlowDown", 503, "throttle", {"retry_after_ms": 600000})
    told = run(
        camera, f"a = app({[patient]})\nshoot(a, 3)\nreport(a)\ntime.sleep_ms(520000)\ndrain(a)\n"
        "report(a)"
    )  # fmt: skip
    assert len(told.all("put")) == 1 + 3
    before, after = told.all("end")
    assert before["waiting"] == 3 and 500 < before["pause_s"] <= 600
    assert after["waiting"] == 0 and after["counters"]["stored"] == 3
    assert told.all("put")[1]["ms"] - told.all("put")[0]["ms"] >= 600_000


def test_a_refusal_that_stays_is_tried_once_an_hour_and_says_what_to_change(camera):
    told = run(camera, f"a = app({[DENIED] * 3})\nshoot(a, 64, 120)\nreport(a)")
    assert told.end["up_s"] > 7400
    refused = told.said("E s3 unreachable")
    assert len(refused) == 3 and all("allow s3:PutObject" in line for line in refused)
    # The first refusal may be due to that photo; the pause of an hour begins with the second.
    assert ["again_in_s=3600" in line for line in refused] == [False, True, True]
    alone, first, second, third = told.all("put")[:4]
    assert [p["fault"] for p in (alone, first, second, third)] == [DENIED[0]] * 3 + [None]
    assert first["ms"] - alone["ms"] < 130_000
    for one, next_one in ((first, second), (second, third)):
        assert 3_600_000 <= next_one["ms"] - one["ms"] < 3_730_000
    # Meanwhile no photo was lost and the store got no requests.
    assert told.end["counters"]["taken"] == 64 and told.end["counters"]["lost"] == 0
    assert told.end["waiting"] + told.end["counters"]["stored"] == 64
    probes = [c for c in told.all("connect") if first["ms"] < c["ms"] <= second["ms"]]
    assert len(probes) == 1, "a connection alone tells whether the store is there again"


# The circuit breaker.


def test_a_captive_portal_s_certificate_is_tried_again_soon_and_restarts_nothing(camera):
    portal = ("tls", 0, "portal", {})
    told = run(
        camera,
        f"a = app(connects={[portal] * 51})\nshoot(a, 240, 60)\nreport(a)\n"
        "tell('unanswered', n=a.uploader.unanswered)",
    )
    pauses = [
        int(line.partition("again_in_s=")[2].split()[0]) for line in told.said("E s3 unreachable")
    ]
    assert len(pauses) > 16 and max(pauses) <= 900, "no hour"
    assert told.all("unanswered")[0]["n"] == 0, "the radio is well, nothing restarts for it"
    assert told.end["counters"]["stored"] > 1, "the first success after somebody has logged in"
    assert told.end["waiting"] + told.end["counters"]["stored"] == 240


def test_pauses_grow_while_the_store_is_unreachable_and_end_with_a_success(camera):
    told = run(camera, f"a = app(connects={[DOWN] * 24})\nshoot(a, 220)\nreport(a)")
    pauses = [
        int(line.partition("again_in_s=")[2].split()[0]) for line in told.said("E s3 unreachable")
    ]
    assert len(pauses) == 8, "three attempts each"
    assert pauses[:2] == [0, 0]
    for pause_s, bound_s in zip(pauses[2:], [60, 120, 240, 480, 900, 900], strict=True):
        assert bound_s // 2 <= pause_s <= bound_s
    # No photo was sent to find that out, and the first success ends the pauses.
    assert [put["fault"] for put in told.all("put")] == [None] * len(told.all("put"))
    assert told.end["failures"] == 0 and told.end["pause_s"] == 0
    assert told.end["waiting"] + told.end["counters"]["stored"] == 220
    assert told.end["counters"]["stored"] > 1


def test_a_connection_that_fails_sends_that_very_photo_to_the_spool(camera):
    told = run(
        camera, f"a = app(connects={[DOWN] * 3})\nshoot(a)\na.work()\nreport(a)\n"
        "drain(a)\nreport(a)"
    )  # fmt: skip
    # Waiting photos are not sent until a live photo has reached the store.
    assert told.all("end")[0]["waiting"] == 1 and told.all("end")[0]["counters"]["requests"] == 0
    assert [stored["sha256"] for stored in told.all("stored")] == [photo_sha256(1)]


def test_a_refused_put_has_its_connection_open_before_it_is_tried_again(camera):
    told = run(camera, f"a = app({[('SlowDown', 503, 'throttle', {})]})\nshoot(a)")
    order = [event["what"] for event in told.events if event["what"] in ("connect", "put")]
    assert order == ["connect", "put", "connect", "put"]


def test_without_memory_for_a_request_the_photo_waits(camera):
    lacks = ("MemoryError", 0, "", {})
    told = run(camera, f"a = app({[lacks]}, [{lacks}, None])\nshoot(a, 2)\nreport(a)")
    assert told.end["waiting"] == 2 and told.end["counters"]["lost"] == 0
    assert len(told.all("close")) == 2 and len(told.said("E s3 request failed")) == 2


# Connections that break in the middle of a photo, and lost replies.


def test_a_break_in_mid_body_is_a_new_shot_at_once_and_counted(camera):
    told = run(camera, f"a = app({[BREAKS]})\nshoot(a)\nreport(a)")
    assert len(told.all("shot")) == 2
    assert told.all("shot")[-1]["ms"] - told.all("shot")[0]["ms"] < 5000
    assert [stored["sha256"] for stored in told.all("stored")] == [photo_sha256(2)]
    assert [seq(put["key"]) for put in told.all("put")] == [1, 2]
    counters = told.end["counters"]
    assert (counters["taken"], counters["stored"], counters["lost"]) == (2, 1, 1)
    assert told.end["waiting"] == 0 and len(told.said("E app photo lost")) == 1


def test_the_third_shot_of_one_moment_goes_to_the_spool(camera):
    told = run(camera, f"a = app({[BREAKS] * 3})\nshoot(a)\nreport(a)")
    assert len(told.all("shot")) == 3 and len(told.all("put")) == 2
    counters = told.end["counters"]
    assert (counters["taken"], counters["stored"], counters["lost"]) == (3, 0, 2)
    assert told.end["waiting"] == 1


def test_a_shot_that_broke_off_late_is_taken_again_for_the_spool(camera):
    slow = (*BREAKS[:3], {"body": 2000, "takes_ms": 25_000})
    told = run(camera, f"a = app({[slow, None]})\nshoot(a)\nreport(a)")
    assert len(told.all("shot")) == 2 and len(told.all("put")) == 1
    assert told.end["waiting"] == 1
    # Well before the next shot is due.
    assert told.all("shot")[1]["ms"] - told.all("shot")[0]["ms"] < 27_000


def test_a_waiting_photo_whose_reply_was_lost_is_stored_once(camera):
    told = run(
        camera, f"a = app({[LOSES_REPLY]}, connects={[DOWN] * 3})\nshoot(a)\ndrain(a)\n"
        "report(a)\ndrain(a)\nreport(a)"
    )  # fmt: skip
    broken, done = told.all("end")
    assert broken["waiting"] == 1 and broken["counters"]["stored"] == 0
    assert [put["fault"] for put in told.all("put")] == ["reply", "PreconditionFailed"]
    assert done["waiting"] == 0 and done["counters"]["stored"] == 1


def test_a_key_that_another_photo_has_is_not_taken_for_stored(camera):
    told = run(camera, f"a = app({[EXISTS]})\nshoot(a)\nreport(a)")
    # The new shot has the next number.
    assert [seq(stored["key"]) for stored in told.all("stored")] == [2]
    counters = told.end["counters"]
    assert (counters["taken"], counters["stored"], counters["lost"]) == (2, 1, 1)
    assert len(told.said("E app photo lost")) == 1


# The daily cap.


@pytest.mark.parametrize("cap", [(5, 1 << 20), (1 << 20, 15)])
def test_the_daily_cap_stops_requests_until_midnight_utc(camera, cap):
    told = run(
        camera, f"a = app(cap={cap}, at=NOON + 43200 - 600)\na.tasks['day'] = 0\n"
        "for _ in range(16):\n    a.work()\n    shoot(a)\nreport(a)\n"
        "for _ in range(30):\n    a.work()\n    shoot(a)\nreport(a)"
    )  # fmt: skip
    before, after = told.all("end")
    # A photo of 3000 bytes counts as 3 KB: five of them use up the daily cap.
    assert before["counters"]["stored"] == 5 and before["waiting"] == 11
    assert told.said("E app daily cap reached")
    # After midnight five more are sent: photos of the new day and waiting ones.
    assert after["counters"]["stored"] == 10
    assert after["counters"]["taken"] == after["counters"]["stored"] + after["waiting"] == 46
    midnight_ms = 600_000
    assert min(put["ms"] for put in told.all("put")[5:]) >= midnight_ms - 1000
