"""False status replies."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.double.faults import LIES
from tests.double.handle import ProviderDouble
from tests.test_double.conftest import Ask
from tests.test_double.raw_client import post
from tests.waiting import wait_for

SERVICE = {"service": 1, "rate": "0.90", "min": 50, "max": 10000}
TRUE = {
    "charge": "0.90",
    "start_count": "0",
    "status": "Pending",
    "remains": "1000",
    "currency": "USD",
}
INCORRECT = {"error": "Incorrect order ID"}


def both(**changes: object) -> dict[str, object]:
    """The reply for orders 23501 and 23502, both still pending."""
    return {number: {**TRUE, **changes} for number in ("23501", "23502")}


def both_without(name: str) -> dict[str, object]:
    row = {key: text for key, text in TRUE.items() if key != name}
    return {"23501": row, "23502": row}


SEEN: dict[str, dict[str, object]] = {
    "missing_ids": {"23502": TRUE},
    "foreign_ids": {
        **both(),
        "999999999": {**TRUE, "charge": "0.00", "status": "Canceled"},
        "23503": {**TRUE, "charge": "0.00", "status": "Canceled"},
    },
    "unknown_word": both(status="On review"),
    "backwards": both(status="In progress"),
    "remains_unknown": both(remains="Unknown"),
    "remains_negative": both(remains="-57"),
    "remains_too_large": both(remains="10001"),
    "remains_null": both(remains=None),
    "remains_empty": both(remains=""),
    "remains_missing": both_without("remains"),
    "charge_null": both(charge=None),
    "charge_missing": both_without("charge"),
    "start_count_null": both(start_count=None),
    "all_canceled": both(status="Canceled", charge="0.00"),
    "incorrect_young": {"23501": INCORRECT, "23502": INCORRECT},
    "forgotten": {"23501": INCORRECT, "23502": INCORRECT},
}


def place_three(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    for _ in range(3):
        ask("add", service=1, link="https://example.com/p/1", quantity=1000)


@pytest.mark.parametrize("mode", LIES)
def test_status_lies_once_and_then_tells_the_truth(
    provider: ProviderDouble, ask: Ask, mode: str
) -> None:
    place_three(provider, ask)
    provider.fault("status", mode, times=1)

    assert ask("status", orders="23501,23502").json() == SEEN[mode]

    assert ask("status", orders="23501,23502").json() == {"23501": TRUE, "23502": TRUE}


def test_backwards_from_an_end(provider: ProviderDouble, ask: Ask) -> None:
    place_three(provider, ask)
    provider.set_order(23501, status="Completed")
    provider.fault("status", "backwards")

    row = ask("status", order=23501).json()

    assert (row["status"], row["remains"]) == ("In progress", "1000")


def test_lies_can_be_about_named_ids_only(provider: ProviderDouble, ask: Ask) -> None:
    place_three(provider, ask)
    provider.fault("status", "all_canceled", ids=["23502"])

    replies = ask("status", orders="23501,23502").json()

    assert [row["status"] for row in replies.values()] == ["Pending", "Canceled"]


def test_young_orders_are_unknown_until_they_are_older(provider: ProviderDouble, ask: Ask) -> None:
    place_three(provider, ask)
    provider.fault("status", "incorrect_young", seconds=60)
    assert ask("status", order=23501).json() == INCORRECT

    provider.advance(61)

    assert ask("status", order=23501).json()["status"] == "In progress"


def test_a_single_missing_row_is_an_empty_list(provider: ProviderDouble, ask: Ask) -> None:
    place_three(provider, ask)
    provider.fault("status", "missing_ids")

    assert ask("status", order=23501).content == b"[]"


def test_a_delayed_reply_tells_what_was_true_when_it_was_asked(
    provider: ProviderDouble, ask: Ask
) -> None:
    place_three(provider, ask)
    provider.fault("status", "delayed", times=1, seconds=0.7)

    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(post, provider, "status", order=23501)
        assert wait_for(lambda: provider.journal().asked("status"))
        provider.advance(3600)
        carried = asked.result()

    assert carried.seconds >= 0.7
    assert b'"status":"Completed"' not in carried.body
    assert ask("status", order=23501).json()["status"] == "Completed"
