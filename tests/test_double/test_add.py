"""`add` checks every type like a real panel, and charges what the type is billed by."""

from decimal import Decimal

import pytest
import requests

from tests.double.handle import ProviderDouble
from tests.test_double.conftest import Ask

LINK = {"link": "https://example.com/p/1"}
QUANTITY = {**LINK, "quantity": "200"}
# type: (fields, billed units, charge at a rate of 2.00)
TYPES: dict[str, tuple[dict[str, str], int, str]] = {
    "Default": (QUANTITY, 200, "0.4"),
    "Package": (LINK, 1, "2"),
    "SEO": ({**QUANTITY, "keywords": "a\nb"}, 200, "0.4"),
    "Custom Comments": ({**LINK, "comments": "a\r\nb\n\nc\\nd"}, 4, "0.008"),
    "Custom Comments Package": ({**LINK, "comments": "a\nb"}, 1, "2"),
    "Mentions": ({**QUANTITY, "usernames": "a\nb"}, 200, "0.4"),
    "Mentions with Hashtags": ({**QUANTITY, "usernames": "a", "hashtags": "#b"}, 200, "0.4"),
    "Mentions Custom List": ({**LINK, "usernames": "a\nb\nc"}, 3, "0.006"),
    "Mentions Hashtag": ({**QUANTITY, "hashtag": "a"}, 200, "0.4"),
    "Mentions User Followers": ({**QUANTITY, "username": "a"}, 200, "0.4"),
    "Mentions Media Likers": ({**QUANTITY, "media": "https://example.com/m"}, 200, "0.4"),
    "Comment Likes": ({**QUANTITY, "username": "a"}, 200, "0.4"),
    "Comment Replies": ({**LINK, "username": "a", "comments": "a\nb"}, 2, "0.004"),
    "Poll": ({**QUANTITY, "answer_number": "2"}, 200, "0.4"),
    "Invites from Groups": ({**QUANTITY, "groups": "a\nb"}, 200, "0.4"),
    "Subscriptions": (
        {"username": "a", "min": "10", "max": "20", "delay": "30", "posts": "3"},
        1,
        "0",
    ),
    "Web Traffic": (
        {
            **QUANTITY,
            "country": "WW",
            "device": "1",
            "type_of_traffic": "1",
            "google_keyword": "shoes",
        },
        200,
        "0.4",
    ),
}
OPTIONAL = {"posts"}


def sell(provider: ProviderDouble, type_name: str, **changes: object) -> None:
    provider.set_services(
        [{"service": 5, "type": type_name, "rate": "2.00", "min": 2, "max": 1000, **changes}]
    )


@pytest.mark.parametrize("type_name", TYPES)
def test_each_type_is_placed_with_its_fields_and_billed_by_its_unit(
    provider: ProviderDouble, ask: Ask, type_name: str
) -> None:
    sell(provider, type_name)
    fields, units, charge = TYPES[type_name]

    assert ask("add", service=5, **fields).json() == {"order": 23501}

    (placed,) = provider.placed()
    assert (placed.fields, placed.quantity, placed.charge) == (fields, units, Decimal(charge))


@pytest.mark.parametrize(
    ("type_name", "missing"),
    [
        (type_name, name)
        for type_name, (fields, _, _) in TYPES.items()
        for name in fields
        if name not in OPTIONAL
    ],
)
def test_each_type_refuses_when_a_field_is_missing(
    provider: ProviderDouble, ask: Ask, type_name: str, missing: str
) -> None:
    sell(provider, type_name)
    fields = {**TYPES[type_name][0], missing: "undefined"}

    assert ask("add", service=5, **fields).json() == {"error": f"Incorrect {missing}"}

    assert provider.placed() == ()


@pytest.mark.parametrize(
    ("type_name", "changes", "error"),
    [
        ("Default", {"quantity": "1"}, "Quantity less than minimal 2"),
        ("Default", {"quantity": "1001"}, "Quantity more than maximum 1000"),
        ("Default", {"quantity": "1.5"}, "Incorrect quantity"),
        ("Default", {"quantity": "-5"}, "Incorrect quantity"),
        ("Default", {"service": "6"}, "Incorrect service ID"),
        ("Default", {"service": "five"}, "Incorrect service ID"),
        ("Default", {"runs": "2", "interval": "5"}, "Drip-feed is not available for this service"),
        ("Custom Comments", {"comments": "only one"}, "Quantity less than minimal 2"),
        ("Poll", {"answer_number": "two"}, "Incorrect answer_number"),
        ("Web Traffic", {"device": "6"}, "Incorrect device"),
        ("Web Traffic", {"type_of_traffic": "2"}, "Incorrect referring_url"),
        ("Subscriptions", {"delay": "601"}, "Incorrect delay"),
        ("Subscriptions", {"max": "9"}, "Incorrect max"),
        ("Subscriptions", {"expiry": "2026-01-01"}, "Incorrect expiry"),
    ],
)
def test_wrong_values_are_refused(
    provider: ProviderDouble, ask: Ask, type_name: str, changes: dict[str, str], error: str
) -> None:
    sell(provider, type_name)

    assert ask("add", **{"service": 5, **TYPES[type_name][0], **changes}).json() == {"error": error}

    assert provider.placed() == ()
    assert provider.balance() == Decimal(10000)


def test_drip_feed_wants_both_runs_and_interval(provider: ProviderDouble, ask: Ask) -> None:
    sell(provider, "Default", dripfeed=True)

    assert ask("add", service=5, **QUANTITY, runs=2).json() == {"error": "Incorrect interval"}
    assert ask("add", service=5, **QUANTITY, runs="undefined", interval="").json() == {
        "order": 23501
    }


def test_charges_round_up_at_five_decimals(provider: ProviderDouble, ask: Ask) -> None:
    sell(provider, "Default", rate="0.00101")

    ask("add", service=5, **QUANTITY)

    assert provider.placed()[0].charge == Decimal("0.00021")


def test_an_empty_balance_refuses_until_it_is_filled(provider: ProviderDouble, ask: Ask) -> None:
    sell(provider, "Default")
    provider.set_balance("0.39999")
    assert ask("add", service=5, **QUANTITY).json() == {"error": "Not enough funds on balance"}

    provider.set_balance("0.4")

    assert ask("add", service=5, **QUANTITY).json() == {"order": 23501}
    assert ask("balance").json() == {"balance": "0.00", "currency": "USD"}


def test_a_busy_link_is_refused_where_that_is_the_rule(provider: ProviderDouble, ask: Ask) -> None:
    sell(provider, "Default")
    provider.settings(is_one_order_a_link=True)
    ask("add", service=5, **QUANTITY)

    assert "active order with this link" in ask("add", service=5, **QUANTITY).json()["error"]

    provider.advance(3600)
    assert ask("add", service=5, **QUANTITY).json() == {"order": 23502}


def test_idempotency_keys_are_ignored_unless_switched_on(
    provider: ProviderDouble, ask: Ask
) -> None:
    sell(provider, "Default")

    answers = [
        ask("add", service=5, **QUANTITY, idempotency_key="k").json()["order"] for _ in range(2)
    ]

    assert answers == [23501, 23502]


def test_an_idempotency_key_gives_the_same_order_again(provider: ProviderDouble, ask: Ask) -> None:
    sell(provider, "Default")
    provider.settings(is_idempotent=True)

    answers = [
        ask("add", service=5, **QUANTITY, idempotency_key="k").json()["order"] for _ in range(2)
    ]

    assert answers == [23501, 23501]
    assert [placed.idempotency_key for placed in provider.placed()] == ["k"]
    assert ask("add", service=5, **{**QUANTITY, "quantity": "300"}, idempotency_key="k").json() == {
        "error": "Idempotency key was used with other parameters"
    }


def test_an_idempotency_key_may_come_as_a_header(provider: ProviderDouble) -> None:
    sell(provider, "Default")
    provider.settings(is_idempotent=True)
    data = {"key": provider.key, "action": "add", "service": "5", **QUANTITY}

    replies = [
        requests.post(provider.url, data=data, headers={"Idempotency-Key": "h"}, timeout=60)
        for _ in range(2)
    ]

    assert [reply.json() for reply in replies] == [{"order": 23501}] * 2
    assert [placed.idempotency_key for placed in provider.placed()] == ["h"]


def test_wrong_keys_and_actions(ask: Ask) -> None:
    assert ask("balance", key="wrong").json() == {"error": "Invalid API key"}
    assert ask("sell").json() == {"error": "Incorrect request"}
    assert ask("status", orders=",".join(map(str, range(101)))).json() == {
        "error": "Up to 100 IDs per request"
    }


def test_the_key_is_nowhere_in_the_journal(provider: ProviderDouble, ask: Ask) -> None:
    ask("balance")

    assert provider.key not in repr(provider.journal())
