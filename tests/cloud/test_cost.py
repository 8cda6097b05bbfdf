"""The cost of a camera, with figures that are easy to check by hand."""

import datetime
import json

import pytest
from megacam.cloud import cost
from megacam.cloud.cost import Usage
from megacam.errors import MegacamError

TODAY = datetime.date(2026, 1, 1)
PRICES = {
    "date": "2025-12-01",
    "transfer_free_gb": 100,
    "regions": {
        "moon": {"put_1000": 1.0, "get_1000": 0.5, "storage_gb": 2.0, "transfer_gb": 3.0},
    },
}


def _month(**wanted):
    return cost.estimate(Usage(**wanted), PRICES, "moon", TODAY)


def _lines(month):
    return {line.what: line.usd for line in month.lines}


def test_a_photo_of_200_kb_every_30_s_is_86400_puts_for_43_cents_and_17_gb_for_40():
    month = cost.estimate(Usage(interval_s=30, photo_kb=200), cost.load_prices(), "us-east-1")
    lines = {line.what: line for line in month.lines}
    assert lines["uploads"].amount == "86,400 PUT"
    assert round(lines["uploads"].usd, 2) == 0.43
    assert lines["storage"].amount.startswith("17 GB")
    assert round(lines["storage"].usd, 2) == 0.40
    assert round(month.total_usd, 2) == 0.83


def test_a_camera_that_waits_for_motion_sends_what_moves_and_one_an_hour():
    month = _month(interval_s=30, motion="gate", motion_day=50, keepalive_s=3600)
    assert month.photos == 30 * (50 + 24)
    assert _month(interval_s=30, motion="mark").photos == 86_400
    # Never more than are due.
    assert _month(interval_s=3600, motion="gate", motion_day=9999).photos == 30 * 24


def test_the_command_knows_the_mode_of_config_json(tmp_path, capsys):
    from megacam import cli

    config = tmp_path / "config.json"
    config.write_text(json.dumps({"motion": {"mode": "gate", "keepalive_min": 30}}))
    for more, photos in (([], 100 + 48), (["--motion-day", "10"], 10 + 48)):
        with pytest.raises(SystemExit):
            cli.app(["cost", "--config", str(config), "--json", *more])
        assert json.loads(capsys.readouterr().out)["photos"] == 30 * photos
    with pytest.raises(SystemExit):
        cli.app(["cost", "--config", str(config)])
    assert "when something moves (100 a day) and every 30 min" in capsys.readouterr().out


def test_every_line_is_amount_times_price():
    month = _month(interval_s=60, photo_kb=1000, hours_day=10, views_day=100, status_s=3600)
    lines = _lines(month)
    assert month.photos == 18_000
    assert lines["uploads"] == pytest.approx(18.0)
    assert lines["storage"] == pytest.approx(18.0 * 2)
    assert lines["status.json"] == pytest.approx(0.72)
    assert lines["views"] == pytest.approx(3000 / 1000 * 0.5)
    assert lines["transfer out"] == 0
    assert lines["transfer in"] == 0
    assert month.total_usd == pytest.approx(sum(lines.values()))


def test_what_is_looked_at_beyond_the_free_100_gb_is_paid_for():
    # 10,000 photos of 1 MB a day: 300 GB a month, of which you pay for 200.
    lines = _lines(_month(photo_kb=1000, views_day=10_000))
    assert lines["transfer out"] == pytest.approx(200 * 3.0)


def test_retention_scales_storage_and_nothing_else():
    week, year = _lines(_month(keep_days=7)), _lines(_month(keep_days=365))
    assert year["storage"] == pytest.approx(week["storage"] * 365 / 7)
    assert year["uploads"] == week["uploads"]


def test_without_retention_the_growth_is_said():
    month = _month(keep_days=None)
    assert month.growth_usd == pytest.approx(17.28 * 2)
    assert any("grows by $34.56 every month" in text for text in month.warnings)
    assert _month(keep_days=30).warnings == ()


def test_cameras_add_up():
    assert _month(devices=3).total_usd == pytest.approx(3 * _month().total_usd)


def test_intervals_are_compared_shortest_first_with_the_own_one_among_them():
    compared = cost.compare(Usage(interval_s=45), PRICES, "moon", (300, 30))
    assert [one.usage.interval_s for one in compared] == [30, 45, 300]
    assert [one.total_usd for one in compared] == sorted(
        (one.total_usd for one in compared), reverse=True
    )


def test_an_interval_that_the_board_cannot_keep_is_pointed_out():
    assert any("cannot upload one" in text for text in _month(interval_s=3).warnings)
    assert not any("cannot upload one" in text for text in _month(interval_s=10).warnings)


def test_flash_wear_is_warned_about_only_where_every_photo_goes_through_it():
    # 576 MB a day through 2 MiB of flash with 100,000 cycles: 364 days.
    [warning] = _month(spool_first=True).warnings
    assert "wears out in about 12 months" in warning
    assert _month(spool_first=True, interval_s=3600).warnings == ()
    assert cost.flash_years(2_097_152, 2_097_152) == pytest.approx(100_000 / 365)


def test_a_daily_cap_below_the_schedule_says_when_uploads_stop():
    [warning] = _month(cap_requests_day=1440).warnings
    assert "1,440 requests is below the 2,880" in warning
    assert "after 12.0 hours" in warning
    [warning] = _month(cap_mb_day=57.6).warnings
    assert "after 2.4 hours" in warning
    assert _month(cap_requests_day=2880, cap_mb_day=576).warnings == ()


def test_old_prices_are_pointed_out():
    late = datetime.date(2028, 1, 1)
    found = cost.estimate(Usage(), PRICES, "moon", late).warnings
    assert any("the prices are from 2025-12-01" in text for text in found)


def test_our_table_is_dated_complete_and_plausible():
    prices = cost.load_prices()
    assert len(prices["regions"]) >= 15
    for name, row in prices["regions"].items():
        # AWS's most expensive region costs less than twice as much as its cheapest.
        assert 0.0045 <= row["put_1000"] <= 0.009, name
        assert 0.023 <= row["storage_gb"] <= 0.045, name
        assert row["get_1000"] == pytest.approx(row["put_1000"] * 0.08, rel=0.03), name
        assert 0.08 <= row["transfer_gb"] <= 0.16, name


def test_an_edited_table_is_used(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(PRICES))
    assert cost.load_prices(path)["regions"]["moon"]["put_1000"] == 1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid"),
        ("[]", "is not valid"),
        ('{"date": "yesterday"}', "is not valid"),
        ('{"date": "2025-01-01"}', "lacks 'transfer_free_gb'"),
        (
            '{"date": "2025-01-01", "transfer_free_gb": 1, "regions": {"x": {"put_1000": 1}}}',
            "lacks 'get_1000'",
        ),
    ],
)
def test_a_broken_table_is_one_sentence(tmp_path, text, words):
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(MegacamError, match=words):
        cost.load_prices(path)


def test_a_missing_table_or_region_names_the_remedy(tmp_path):
    with pytest.raises(MegacamError, match="cannot read the price table"):
        cost.load_prices(tmp_path / "none.json")
    with pytest.raises(MegacamError, match="it has moon; give your own table with --prices"):
        cost.estimate(Usage(), PRICES, "mars")


@pytest.mark.parametrize(
    "wanted",
    [{"interval_s": 0}, {"photo_kb": 0}, {"hours_day": 25}, {"keep_days": 0}, {"devices": 0}],
)
def test_a_number_that_makes_no_sense_names_its_range(wanted):
    with pytest.raises(MegacamError, match="it must be"):
        Usage(**wanted)


_SITE = {
    "requests_free": 1000, "requests_10000": 2.0, "decisions_free": 400,
    "decisions_1000000": 1000.0, "transfer_free_gb": 0.1, "transfer_gb": 10.0,
}  # fmt: skip


def test_a_site_costs_what_its_visits_cost_beyond_what_is_free():
    """One visit a day: 30 a month, of 80 requests and 20 MB each."""
    usage = Usage(visits_day=1)
    month = cost.estimate(usage, {**PRICES, "site": _SITE}, "moon", TODAY)
    lines = _lines(month)
    assert lines["site, from S3"] == pytest.approx(2400 / 1000 * 0.5)
    assert lines["site, requests"] == pytest.approx((2400 - 1000) / 10_000 * 2)
    assert lines["site, who may look"] == pytest.approx((2400 - 400) / 1e6 * 1000)
    assert lines["site, transfer"] == pytest.approx((0.6 - 0.1) * 10)
    assert not [name for name in _lines(_month()) if "site" in name]


def test_what_a_family_looks_at_is_free_but_for_the_reads_of_s3():
    month = cost.estimate(Usage(visits_day=20), cost.load_prices(), "us-east-1", TODAY)
    paid = {name: usd for name, usd in _lines(month).items() if usd and name.startswith("site")}
    assert paid == {"site, from S3": pytest.approx(0.0192)}


def test_a_table_without_the_prices_of_a_site_says_so():
    with pytest.raises(MegacamError, match="lacks the site's prices"):
        cost.estimate(Usage(visits_day=1), PRICES, "moon", TODAY)


def test_the_digest_costs_by_the_hour_and_on_upload_by_the_photo():
    words = [line.what for line in _month(digest=True).lines if line.what.startswith("digest")]
    assert words == ["digest: Lambda", "digest: requests", "digest: storage"]
    plain, hourly = _month().total_usd, _month(digest=True).total_usd
    motion, every = _month(on_upload="motion").total_usd, _month(on_upload="all").total_usd
    assert plain < hourly < 2 * plain + 1
    assert 0 < motion - plain < every - plain


def test_looks_for_alarms_are_three_requests_each():
    [line] = [one for one in _month(look_s=300, devices=2).lines if one.what == "alarms"]
    assert line.amount == "34,560 GET, 17,280 LIST"
    assert line.usd == pytest.approx(17.28 * (2 * 0.5 + 1.0))
    assert not [one for one in _month(digest=True).lines if one.what == "alarms"]


def test_labels_cost_what_their_budget_allows():
    [line] = [one for one in _month(label_calls=2000).lines if one.what == "digest: labels"]
    assert line.amount == "at most 2,000 calls of Rekognition"
    assert line.usd == pytest.approx(2 * (1 + 0.5 + 1.0))
    assert not [one for one in _month(digest=True).lines if one.what == "digest: labels"]
