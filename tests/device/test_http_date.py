"""HTTP dates (RFC 9110, 5.6.7)."""

from https.http_date import parse_http_date


def test_known_dates():
    assert parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert parse_http_date("Fri, 24 May 2013 00:00:00 GMT") == 1369353600
    assert parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == 1709251199
    assert parse_http_date("Fri, 01 Mar 2024 00:00:00 GMT") == 1709251200


def test_what_is_no_date_is_refused():
    for text in (
        "",
        "yesterday",
        "Fri, 24 Foo 2013 00:00:00 GMT",
        "Fri, 24 anF 2013 00:00:00 GMT",
        "Fri, 24 May 2013 00:00:00",
        "Fri, x May 2013 00:00:00 GMT",
        "Fri, 24 May 2013 00:00:00 CET",
    ):
        try:
            parse_http_date(text)
        except ValueError:
            continue
        raise AssertionError(text)
