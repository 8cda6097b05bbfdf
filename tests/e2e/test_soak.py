"""Short versions of `make soak` on the real interpreter."""

from soak import plan, run
from soak.plan import HOUR, MINUTE, Fault, Plan

# The 80 KB of all other tests, plus 2 KB for the modules of the harness.
HEAP = "82K"


def _live(made, folder, interval_s=30):
    with (folder / "console.txt").open("w") as log:
        report = run.run(made, HEAP, log=log, interval_s=interval_s)
    assert not report.broken, report
    return report


def test_through_every_fault_each_photo_is_stored_waits_or_is_accounted_for(tmp_path):
    made = plan.sample(seed=1)
    report = _live(made, tmp_path, interval_s=45)
    expected = {
        *plan.LASTING,
        *("camera " + detail.partition(":")[0] for detail in plan.CAMERA_FAULTS),
        *("reset in " + place for place in plan.PLACES),
        "power-off",
        "radio-stuck",
    }
    # A fault of the store goes unnoticed if the uploader still pauses because of another one.
    assert len(expected - set(made.happened)) <= 3
    assert report.figures["starts_ended_by"]["power cut"] > 0
    assert report.figures["sent_from_the_spool"] > 0


def _reset(at_s, place="line", number=1):
    return Fault("reset", at_s, at_s, place, number)


def _power_off(at_s):
    return Fault("power-off", at_s, at_s, "", 5)


def test_time_servers_that_lie_date_no_photo_through_outages_resets_and_power_cuts(tmp_path):
    made = Plan(1, 3 * HOUR, [
        # A lie from the first start on and over resets, while no store can contradict it.
        Fault("ntp-lies", 0, 50 * MINUTE, "-600"), Fault("refused", 0, 30 * MINUTE),
        _reset(5 * MINUTE), _reset(15 * MINUTE), _reset(28 * MINUTE),
        # Right, but no store confirms the time before the next power cut.
        Fault("refused", HOUR, 80 * MINUTE), _power_off(HOUR), _power_off(70 * MINUTE),
        # A lie after the time was known.
        Fault("ntp-lies", 100 * MINUTE, 150 * MINUTE, "7200"), _reset(102 * MINUTE),
        Fault("refused", 101 * MINUTE, 115 * MINUTE), _reset(107 * MINUTE, "spi", 3),
        _power_off(134 * MINUTE),
    ])  # fmt: skip
    report = _live(made, tmp_path, interval_s=60)
    assert made.happened["ntp-lies"] == 2 and made.happened["reset in line"] == 4
    assert report.figures["log_lines"]["W clock set"] > 0
    assert report.figures["sent_from_the_spool"] > 20


def test_a_crash_loop_ends_in_safe_mode_and_out_of_it(tmp_path):
    burst = [_reset(7 * MINUTE + i / 100, "line", 3 + i % 2) for i in range(7)]
    report = _live(Plan(1, 2 * HOUR, burst), tmp_path, interval_s=60)
    assert report.figures["log_lines"]["E safe mode"] > 1
    assert report.figures["log_lines"]["W restart why=retry"] == 1
