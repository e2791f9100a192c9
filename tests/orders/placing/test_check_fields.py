"""What a customer may ask of a service: every bad input names its field."""

from typing import Any

import pytest

from catalog.models import Service
from catalog.upstream.service_types import TYPES, find
from orders.placing.check_fields import FieldErrors, Problem, Wanted, check
from tests.factories import NOW

LINK = "https://example.com/page"


def make_unsaved_service(**fields: Any) -> Service:
    return Service(
        **(
            {"type": "Default", "min_quantity": 10, "max_quantity": 1000, "is_dripfeed": True}
            | fields
        )
    )


def ask(type_name: str = "Default", service: Service | None = None, **values: str) -> Wanted:
    kind = find(type_name)
    assert kind is not None
    return check(kind=kind, service=service or make_unsaved_service(), values=values)


def problems_of(
    type_name: str = "Default", service: Service | None = None, **values: str
) -> dict[str, Problem]:
    with pytest.raises(FieldErrors) as caught:
        ask(type_name, service, **values)
    return caught.value.problems


def test_quantity_and_link_are_all_that_default_needs() -> None:
    assert ask(link=f"  {LINK} ", quantity=" 0100 ") == Wanted(
        link=LINK, quantity=100, billed_quantity=100
    )


def test_every_wrong_field_is_named_at_once() -> None:
    assert problems_of(link="", quantity="many", runs="-1", interval="5") == {
        "link": Problem("Fill this in.", "missing"),
        "quantity": Problem("Enter a whole number, digits only."),
        "runs": Problem("Enter a whole number, digits only."),
    }


@pytest.mark.parametrize(
    "link",
    ["@someone", "someone", "t.me/канал", "https://x.example/👨‍👩‍👧", "<script>alert(1)</script>"],
)
def test_link_may_be_any_printable_text(link: str) -> None:
    assert ask(link=link, quantity="10").link == link


@pytest.mark.parametrize(
    "link", ["a\nb", "a\r\nb: c", "a\x00b", "a\x1b[31m", "a\ud800", "a\u2028b"]
)
def test_link_with_control_characters_is_refused(link: str) -> None:
    assert problems_of(link=link, quantity="10") == {
        "link": Problem("Remove line breaks and invisible control characters.")
    }


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JavaScript :alert(1)", "data:text/html,x", "file:///etc"]
)
def test_link_that_a_browser_would_run_is_refused(link: str) -> None:
    assert problems_of(link=link, quantity="10") == {
        "link": Problem("Enter the address of a page or profile.")
    }


def test_link_of_2000_characters_is_taken_and_one_more_refused() -> None:
    assert ask(link="x" * 2000, quantity="10").link == "x" * 2000

    assert problems_of(link="x" * 2001, quantity="10") == {
        "link": Problem("At most 2,000 characters (you have 2,001).", "too_large")
    }


@pytest.mark.parametrize(
    ("quantity", "problem"),
    [
        ("", Problem("Fill this in.", "missing")),
        ("9", Problem("At least 10.", "too_small")),
        ("0", Problem("At least 1.", "too_small")),
        ("1001", Problem("At most 1,000.", "too_large")),
        ("9" * 5000, Problem("At most 1,000,000,000,000.", "too_large")),
        ("-10", Problem("Enter a whole number, digits only.")),
        ("10.5", Problem("Enter a whole number, digits only.")),
        ("1e2", Problem("Enter a whole number, digits only.")),
        ("1.000", Problem("Enter a whole number, digits only.")),
        ("1,00", Problem("Enter a whole number, digits only.")),
        ("10,000", Problem("At most 1,000.", "too_large")),
        ("١٠٠", Problem("Enter a whole number, digits only.")),  # digits, but not ours
        ("²", Problem("Enter a whole number, digits only.")),
        ("NaN", Problem("Enter a whole number, digits only.")),
    ],
)
def test_bad_quantity_is_named(quantity: str, problem: Problem) -> None:
    assert problems_of(link=LINK, quantity=quantity) == {"quantity": problem}


def test_limits_are_taken_themselves() -> None:
    assert ask(link=LINK, quantity="10").billed_quantity == 10
    assert ask(link=LINK, quantity="1000").billed_quantity == 1000


@pytest.mark.parametrize("absent", ["", "0", "null", "undefined", "None", " NULL "])
def test_optional_numbers_in_a_clients_words_for_nothing_are_absent(absent: str) -> None:
    wanted = ask(link=LINK, quantity="100", runs=absent, interval=absent)

    assert wanted == Wanted(link=LINK, quantity=100, billed_quantity=100, fields={})


def test_dripfeed_bills_every_run() -> None:
    wanted = ask(link=LINK, quantity="100", runs="5", interval="30")

    assert wanted == Wanted(
        link=LINK, quantity=100, billed_quantity=500, fields={"runs": "5", "interval": "30"}
    )


def test_minimum_and_maximum_are_for_one_run() -> None:
    assert ask(link=LINK, quantity="1000", runs="5", interval="30").billed_quantity == 5000
    assert problems_of(link=LINK, quantity="5", runs="5", interval="30") == {
        "quantity": Problem("At least 10.", "too_small")
    }


@pytest.mark.parametrize(("given", "absent"), [("runs", "interval"), ("interval", "runs")])
def test_half_a_dripfeed_names_the_other_half(given: str, absent: str) -> None:
    half: dict[str, Any] = {given: "5"}

    assert problems_of(link=LINK, quantity="100", **half) == {
        absent: Problem("A drip-feed needs this, too.", "missing")
    }


def test_dripfeed_on_a_service_without_one_is_refused() -> None:
    service = make_unsaved_service(is_dripfeed=False)

    assert problems_of(service=service, link=LINK, quantity="100", runs="5", interval="30") == {
        "interval": Problem("This service has no drip-feed. Leave this empty."),
        "runs": Problem("This service has no drip-feed. Leave this empty."),
    }


def test_all_runs_together_stay_countable() -> None:
    service = make_unsaved_service(max_quantity=10**12)

    assert problems_of(
        service=service, link=LINK, quantity=str(10**12), runs="2", interval="1"
    ) == {"runs": Problem("At most 1,000,000,000,000 units over all runs.", "too_large")}


def test_typed_backslash_and_n_are_text_and_emoji_keep_their_joiners() -> None:
    typed = r"C:\new" + "\n👨\u200d👩\u200d👧 ❤\ufe0f\ufeff\n\u200b\u3164\n\u2800x"

    wanted = ask("Custom Comments", make_unsaved_service(min_quantity=1), link=LINK, comments=typed)

    assert (wanted.billed_quantity, wanted.fields["comments"].split("\n")) == (
        3,
        [r"C:\new", "👨\u200d👩\u200d👧 ❤\ufe0f", "x"],
    )


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("link", "\ufeff https://x.example/\u200ba\u202e\u00a0", "https://x.example/a"),
        ("link", "\u2066@ann\u2069\u3164", "@ann"),
        ("username", "\u200e ann \u00a0 lee\u2060", "ann lee"),
    ],
)
def test_nobody_stores_what_nobody_sees(name: str, typed: str, kept: str) -> None:
    values = {"link": LINK, "username": "x", "quantity": "10"} | {name: typed}
    wanted = ask("Comment Likes", None, **values)

    assert {"link": wanted.link, **wanted.fields}[name] == kept


@pytest.mark.parametrize("name", ["link", "username", "quantity"])
def test_field_in_which_nothing_can_be_seen_is_empty(name: str) -> None:
    typed = {"link": LINK, "username": "x", "quantity": "10"} | {name: "\u3164\u200b\ufeff\u2800"}

    assert problems_of("Comment Likes", None, **typed) == {
        name: Problem("Fill this in.", "missing")
    }


@pytest.mark.parametrize("comments", ["a\r\nb\n\n  c  \n", "a\rb\rc"])
def test_comments_are_billed_by_lines_that_are_not_empty(comments: str) -> None:
    service = make_unsaved_service(min_quantity=1)

    wanted = ask("Custom Comments", service, link=LINK, comments=comments)

    assert wanted == Wanted(
        link=LINK, quantity=None, billed_quantity=3, fields={"comments": "a\nb\nc"}
    )


def test_too_few_and_too_many_comments_name_the_comments() -> None:
    service = make_unsaved_service(min_quantity=2, max_quantity=3)

    assert problems_of("Custom Comments", service, link=LINK, comments="one") == {
        "comments": Problem("At least 2 lines (you have 1).", "too_small")
    }
    assert problems_of("Custom Comments", service, link=LINK, comments="1\n2\n3\n4") == {
        "comments": Problem("At most 3 lines (you have 4).", "too_large")
    }


def test_bad_line_is_named_by_its_number() -> None:
    assert problems_of("Custom Comments", link=LINK, comments="fine\nb\x07d") == {
        "comments": Problem("Line 2: Remove line breaks and invisible control characters.")
    }


def test_comments_package_is_one_order_however_many_lines() -> None:
    wanted = ask("Custom Comments Package", link=LINK, comments="a\nb")

    assert (wanted.quantity, wanted.billed_quantity) == (None, 1)


def test_package_takes_a_link_alone_and_leaves_other_fields_out() -> None:
    wanted = ask("Package", link=LINK, quantity="undefined", runs="7")

    assert wanted == Wanted(link=LINK, quantity=None, billed_quantity=1, fields={})


def test_web_traffic_asks_for_what_its_kind_of_visitors_needs() -> None:
    visit: dict[str, Any] = {"link": LINK, "quantity": "100", "country": "WW", "device": "1"}

    assert problems_of("Web Traffic", **visit, type_of_traffic="1") == {
        "google_keyword": Problem("Fill this in.", "missing")
    }
    assert problems_of("Web Traffic", **visit, type_of_traffic="2", referring_url="example") == {
        "referring_url": Problem("Enter a web address that begins with https://.")
    }
    assert problems_of("Web Traffic", **visit, type_of_traffic="4") == {
        "type_of_traffic": Problem("Choose one from the list.")
    }
    assert ask("Web Traffic", **visit, type_of_traffic="3", google_keyword="shoes").fields == {
        "country": "WW",
        "device": "1",
        "type_of_traffic": "3",
    }


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_required_field_of_every_type_is_missed(kind: Any) -> None:
    required = {field.name for field in kind.fields if field.is_required}

    problems = problems_of(kind.name)

    assert problems == {name: Problem("Fill this in.", "missing") for name in required}


FOLLOWED: dict[str, Any] = {"username": "@someone", "min": "10", "max": "1000", "delay": "0"}


def test_subscription_takes_a_delay_of_0_and_no_link() -> None:
    assert ask(
        "Subscriptions", **FOLLOWED, link=LINK, posts="0", old_posts="", expiry="null"
    ) == Wanted(link="", quantity=None, billed_quantity=1, fields=FOLLOWED)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"min": "9"}, {"min": Problem("At least 10.", "too_small")}),
        ({"max": "1001"}, {"max": Problem("At most 1,000.", "too_large")}),
        (
            {"min": "30", "max": "20"},
            {"max": Problem("At least 30, the minimum per post.", "too_small")},
        ),
        ({"delay": "601"}, {"delay": Problem("At most 600.", "too_large")}),
        ({"delay": ""}, {"delay": Problem("Fill this in.", "missing")}),
        ({"posts": "10001"}, {"posts": Problem("At most 10,000.", "too_large")}),
        ({"expiry": "31/02/2027"}, {"expiry": Problem("Enter a date as day/month/year.")}),
        ({"expiry": "soon"}, {"expiry": Problem("Enter a date as day/month/year.")}),
        ({"expiry": "13/03/2026"}, {"expiry": Problem("This date is in the past.", "too_small")}),
    ],
    ids=str,
)
def test_bad_subscription_is_named(changes: dict[str, str], problems: dict[str, Problem]) -> None:
    kind = find("Subscriptions")
    assert kind is not None

    with pytest.raises(FieldErrors) as caught:
        check(kind=kind, service=make_unsaved_service(), values={**FOLLOWED, **changes}, now=NOW)

    assert caught.value.problems == problems


@pytest.mark.parametrize("text", ["14/3/2026", "14/03/2026", "2026-03-14"])
def test_a_day_is_taken_as_the_protocol_or_a_browser_writes_it(text: str) -> None:
    kind = find("Subscriptions")
    assert kind is not None

    wanted = check(
        kind=kind, service=make_unsaved_service(), values={**FOLLOWED, "expiry": text}, now=NOW
    )

    assert wanted.fields["expiry"] == "14/03/2026"
