"""Every spelling of a service that providers send."""

import json
from decimal import Decimal

import pytest

from catalog.upstream import RowProblem, plain_text
from catalog.upstream.service_types import canonical
from tests.catalog.upstream.service_rows import ROW, ask, read, read_one


def test_documented_catalog_is_read_exactly() -> None:
    reply = read([ROW])

    (row,) = reply.rows
    assert (row.service_id, row.name, row.type, row.category) == (
        "1",
        "Followers",
        "Default",
        "First Category",
    )
    assert (row.rate, row.min, row.max) == (Decimal("0.90"), 50, 10_000)
    assert (row.is_refillable, row.is_cancelable, row.is_dripfeed) == (True, True, None)
    assert (row.description, row.average_time) == ("", "")
    assert (reply.unchanged, reply.problems, reply.duplicates, reply.count) == ((), (), (), 1)


@pytest.mark.parametrize(
    ("sent", "service_id"),
    [(7, "7"), ("7", "7"), ("007", "007"), (" a-7 ", "a-7"), (10**30, "1" + "0" * 30)],
)
def test_id_is_text(sent: object, service_id: str) -> None:
    assert read_one(service=sent).service_id == service_id


@pytest.mark.parametrize(
    ("sent", "rate"),
    [
        ("0.90", "0.90"),
        ("8", "8"),
        ("0.00100000", "0.00100000"),
        ("15000", "15000"),
        ("1,234.5", "1234.5"),
        ("1,234,567", "1234567"),
        (" 2.5 ", "2.5"),
        ("1 000", "1000"),
        ("1,234", "1234"),  # another row shows that the point is the decimal point
        ("1.234", "1.234"),
        ("9.0E-5", "0.000090"),
        (".5", "0.5"),
        (0, "0"),
        (12, "12"),
    ],
)
def test_rate_is_exact(sent: object, rate: str) -> None:
    assert read_one(rate=sent).rate == Decimal(rate)


def test_rate_that_comes_as_a_json_number_never_passes_a_float() -> None:
    reply = ask(
        b'[{"service":1,"name":"n","rate":0.1000000000000000055511151231257827,"min":1,"max":2}]'
    )

    assert str(reply.rows[0].rate) == "0.1000000000000000055511151231257827"


@pytest.mark.parametrize("rate", [b"0e9999999", b"0e-9999999"])
def test_nothing_is_nothing_with_however_many_zeros(rate: bytes) -> None:
    reply = ask(b'[{"service":1,"name":"n","rate":' + rate + b',"min":1,"max":2}]')

    assert f"{reply.rows[0].rate:f}" == "0"  # not ten million characters


@pytest.mark.parametrize(
    "sent",
    [
        "",
        None,
        "NaN",
        "Infinity",
        "-1",
        -0.5,
        "0,90",
        "0,900",
        "1,23.4",
        "$1",
        "1e999",
        True,
        [],
        {},
        ...,
    ],
)
def test_row_without_a_usable_rate_is_skipped_and_told(sent: object) -> None:
    bad = {
        name: value
        for name, value in {**ROW, "service": 9, "rate": sent}.items()
        if value is not ...
    }

    reply = read([ROW, bad])

    assert [row.service_id for row in reply.rows] == ["1"]
    assert reply.problems == (RowProblem(1, "9", "the rate is not a price"),)
    assert reply.service_ids == {"1", "9"}
    assert reply.count == 2


@pytest.mark.parametrize(
    "rate",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"1e9999999",
        b"1e-9999999",
        b"1e99999999999999999999",
        b"9" * 5000,
    ],
)
def test_number_that_is_none_spoils_only_its_row(rate: bytes) -> None:
    good = json.dumps(ROW).encode()
    bad = good.replace(b'"service": 1', b'"service": 2').replace(b'"0.90"', rate)

    reply = ask(b"[" + bad + b"," + good + b"]")

    assert [row.service_id for row in reply.rows] == ["1"]
    assert [problem.service_id for problem in reply.problems] == ["2"]


@pytest.mark.parametrize(
    ("sent", "rates"),
    [
        (["0,90", "1.234", "1,234", "1.500.000"], ["0.90", "1234", "1.234", "1500000"]),
        (["0.90", "1.234", "1,234", "1,500,000"], ["0.90", "1.234", "1234", "1500000"]),
        (["1.234,50", "15.000"], ["1234.50", "15000"]),
        (["15.000", "8", "900"], [None, "8", "900"]),  # rupiah, or 15 dollars
        (["1,234", "8"], [None, "8"]),
        (["0.90", "0,80", "1.234"], ["0.90", None, None]),  # a list that writes both
        ([1.234, "8"], ["1.234", "8"]),  # JSON's own point
    ],
)
def test_rates_are_read_as_their_list_shows_or_skipped(
    sent: list[object], rates: list[str | None]
) -> None:
    reply = read([{**ROW, "service": number, "rate": rate} for number, rate in enumerate(sent)])

    found = {row.service_id: row.rate for row in reply.rows}
    assert [found.get(str(number)) for number in range(len(sent))] == [
        None if rate is None else Decimal(rate) for rate in rates
    ]
    assert len(reply.problems) == rates.count(None)


def test_rows_that_are_not_parsed_again_still_show_the_notation() -> None:
    first = {**ROW, "service": 1, "rate": "0,90"}
    known = {row.digest: row.service_id for row in read([first]).rows}

    reply = ask(json.dumps([first, {**ROW, "service": 2, "rate": "15.000"}]).encode(), known=known)

    assert [row.rate for row in reply.rows] == [Decimal(15000)]
    assert reply.unchanged == ("1",)


def test_rate_with_two_readings_is_told_as_sent() -> None:
    reply = read([{**ROW, "rate": "15.000"}, {**ROW, "service": 2, "rate": "8"}])

    assert reply.problems == (RowProblem(0, "1", "the rate 15.000 can be read in two ways"),)


@pytest.mark.parametrize(
    ("least", "most", "limits"),
    [
        ("50", "10000", (50, 10_000)),
        (1, 10_000_000_000, (1, 10_000_000_000)),
        ("1,000", "2,000", (1000, 2000)),
        ("1 000", "1.000.000", (1000, 1_000_000)),
        ("10'000", "1,00,000", (10_000, 100_000)),
        ("1000.0", "10\u202f000", (1000, 10_000)),
    ],
)
def test_limits_are_numbers(least: object, most: object, limits: tuple[int, int]) -> None:
    row = read_one(min=least, max=most)

    assert (row.min, row.max) == limits


@pytest.mark.parametrize(
    ("least", "most"),
    [
        ("", 5),
        ("1.000", 5000),
        (1, "1.000"),
        (5, None),
        (1.5, 5),
        ("x", 5),
        (10, 5),
        (-1, 5),
        (1, 10**13),
    ],
)
def test_row_without_usable_limits_is_skipped(least: object, most: object) -> None:
    reply = read([ROW, {**ROW, "service": 9, "min": least, "max": most}])

    assert [problem.service_id for problem in reply.problems] == ["9"]


def test_package_needs_no_limits() -> None:
    row = read_one(type="Package", min="", max=...)

    assert (row.min, row.max) == (1, 1)


@pytest.mark.parametrize("sent", [True, 1, "1", "true", "TRUE", "yes", "Yes", "on"])
def test_yes_is_yes(sent: object) -> None:
    assert read_one(refill=sent).is_refillable is True


@pytest.mark.parametrize(
    "sent", [False, 0, "0", "false", "False", "no", "", None, ..., "null", 2, [], {}]
)
def test_no_is_no(sent: object) -> None:
    assert read_one(refill=sent).is_refillable is False


@pytest.mark.parametrize(
    ("fields", "is_dripfeed"),
    [
        ({}, None),
        ({"dripfeed": None}, None),
        ({"dripfeed": ""}, None),
        ({"dripfeed": False}, False),
        ({"dripfeed": 0}, False),
        ({"dripfeed": "no"}, False),
        ({"dripfeed": "1"}, True),
        ({"drip_feed": True}, True),
        ({"dripfeed": None, "drip_feed": "true"}, True),
    ],
)
def test_a_list_that_does_not_say_dripfeed_says_no_no(
    fields: dict[str, object], is_dripfeed: bool | None
) -> None:
    assert read_one(**fields).is_dripfeed is is_dripfeed


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("Default", "Default"),
        ("default", "Default"),
        ("custom_comments_package", "Custom Comments Package"),
        ("CUSTOM COMMENTS", "Custom Comments"),
        ("mentions-user-followers", "Mentions User Followers"),
        ("seo", "SEO"),
        ("Something Else", "Something Else"),
    ],
)
def test_type_is_told_whatever_its_spelling(sent: str, kind: str) -> None:
    assert canonical(sent) == kind
    assert read_one(type=sent).type == kind


def test_other_fields_are_read_where_they_occur() -> None:
    row = read_one(
        category=None, dripfeed=1, desc="What it is", average_time="2 hours", unknown={"x": 1}
    )

    assert (row.category, row.is_dripfeed, row.description, row.average_time) == (
        "",
        True,
        "What it is",
        "2 hours",
    )
    assert read_one(description="Better", desc="Worse").description == "Better"


def test_hostile_text_fits_the_database() -> None:
    body = b'[{"service":1,"name":"a\\u0000b\\ud800c\xff \xf0\x9f\x94\xa5","rate":"1",'
    body += b'"min":1,"max":2,"category":"'
    body += b"x" * 1_000_000 + b'"}]'

    (row,) = ask(body).rows

    assert row.name == "abc\ufffd 🔥"
    assert row.category == "x" * 255
    row.name.encode()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("&lt;b&gt;", "<b>"),
        ("5 & 6", "5 & 6"),
        ("&copy;", "©"),
    ],
)
def test_entities_are_decoded_as_often_as_they_were_escaped(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    "row",
    [1, "x", None, [], {}, {"service": None}, {"service": True}, {"service": "", "name": "n"}],
)
def test_row_that_is_no_service_spoils_only_itself(row: object) -> None:
    reply = read([row, ROW])

    assert [found.service_id for found in reply.rows] == ["1"]
    assert [(problem.position, problem.service_id) for problem in reply.problems] == [(0, None)]
