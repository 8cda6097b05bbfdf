"""Time zones of a digest's days: every POSIX string of the time zone database, and names."""

import importlib.resources
import io
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from megacam.digest import zones
from megacam.errors import MegacamError

UTC = timezone.utc
SECOND = timedelta(seconds=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def _footers():
    """Return the distinct last lines of the zones' files (RFC 8536, 3.3)."""
    folder = importlib.resources.files("tzdata")
    names = folder.joinpath("zones").read_text().split()
    files = [folder.joinpath("zoneinfo", *name.split("/")) for name in names]
    return sorted({file.read_bytes().rsplit(b"\n", 2)[1].decode() for file in files})


def _database(posix):
    # Two empty TZif headers (RFC 8536, 3.1) with one local time type each, and the footer.
    header = b"TZif2" + bytes(15) + b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 1))
    return ZoneInfo.from_file(io.BytesIO((header + bytes(7)) * 2 + f"\n{posix}\n".encode()))


def _edges(zone):
    """Return the moments of two years at which the offset changes, or else the first moment."""
    found = []
    for number in range(2 * 365):
        before = BEGIN + timedelta(days=number)
        after = before + timedelta(days=1)
        if _offset(zone, before) != _offset(zone, after):
            while after - before > SECOND:
                middle = before + (after - before) // 2
                is_new = _offset(zone, middle) == _offset(zone, after)
                before, after = (before, middle) if is_new else (middle, after)
            found.append(after.replace(microsecond=0))
    return found or [BEGIN]


def _offset(zone, moment):
    return moment.astimezone(zone).utcoffset()


def _local(moment, zone):
    local = moment.astimezone(zone)
    return local.replace(tzinfo=None), local.fold, local.utcoffset()


POSIX = _footers()


def test_the_database_has_the_zones_that_are_hard():
    hard = {"IST-2IDT,M3.4.4/26,M10.5.0", "IST-1GMT0,M10.5.0,M3.5.0/1"}
    assert {*hard, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"} <= set(POSIX)
    assert len(POSIX) > 90


@pytest.mark.parametrize("posix", POSIX)
def test_a_posix_zone_is_that_of_the_time_zone_database(posix):
    ours, theirs = zones.zone_of(posix), _database(posix)
    for edge in _edges(theirs):
        for away in (-86400, -7200, -3601, -3600, -1, 0, 1, 3599, 3600, 7200, 86400):
            moment = edge + away * SECOND
            assert _local(moment, ours) == _local(moment, theirs), moment
            # From the wall clock to UTC too, also for times that are skipped or come twice.
            for wall in (moment, moment + _offset(theirs, edge)):
                for fold in (0, 1):
                    wall = wall.replace(tzinfo=None, fold=fold)
                    wanted = wall.replace(tzinfo=theirs).utcoffset()
                    assert wall.replace(tzinfo=ours).utcoffset() == wanted, (wall, fold)


@pytest.mark.parametrize("name", ["Europe/Berlin", "EST5EDT", "Etc/GMT+3", "Asia/Kathmandu"])
def test_a_name_is_a_zone_too(name):
    assert _local(BEGIN, zones.zone_of(name)) == _local(BEGIN, ZoneInfo(name))


@pytest.mark.parametrize("words", ["", "UTC", "UTC0"])
def test_without_a_zone_it_is_utc(words):
    assert zones.zone_of(words) is UTC


@pytest.mark.parametrize(
    "words",
    ["Mars/Base", "/etc/passwd", "../x", "Europe", "Europe/", "UTC\0", "\0", " ", "Ä" * 300,
     "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "tzdata.zi", "x" * 5000, "\udc80"],
)  # fmt: skip
def test_what_is_no_zone_is_one_clear_sentence(words):
    with pytest.raises(
        MegacamError, match=r"^no time zone .*: write it as Europe/Berlin or CET-1"
    ):
        zones.zone_of(words)
