"""The short form of `make soak`: every kind of fault once, on the real interpreter."""

from soak import plan, run

# The 80 KB of all other tests, and 2 for what the harness has in it.
HEAP = "82K"


def test_through_every_fault_each_photo_is_stored_waits_or_is_accounted_for(tmp_path):
    made = plan.sample(seed=1)
    with (tmp_path / "console.txt").open("w") as log:
        report = run.run(made, HEAP, log=log)
    assert not report.broken, report
    expected = {
        *plan.LASTING,
        *("camera " + detail.partition(":")[0] for detail in plan.CAMERA_FAULTS),
        *("reset in " + place for place in plan.PLACES),
        "power-off",
        "radio-stuck",
    }
    # A pause of the uploader may hide a fault of the store that comes too soon after another.
    assert len(expected - set(made.happened)) <= 3
    assert report.figures["starts_ended_by"]["power cut"] > 0
    assert report.figures["sent_from_the_spool"] > 0
