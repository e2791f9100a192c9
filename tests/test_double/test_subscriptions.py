"""Subscriptions at the double: nothing at first, then each post is served and billed by itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.double.handle import ProviderDouble
from tests.test_double.conftest import Ask

FOLLOWED = {"username": "@someone", "min": "10", "max": "20", "delay": "0"}


def subscribe(provider: ProviderDouble, ask: Ask, **fields: object) -> int:
    provider.set_services(
        [{"service": 5, "type": "Subscriptions", "rate": "0.50", "min": 2, "max": 1000}]
    )
    return int(ask("add", service=5, **FOLLOWED, **fields).json()["order"])


def told(ask: Ask, number: int) -> tuple[str, str]:
    row = ask("status", order=number).json()
    return row["status"], row["charge"]


def test_posts_are_billed_as_they_appear_until_all_were_served(
    provider: ProviderDouble, ask: Ask
) -> None:
    number = subscribe(provider, ask, posts=3, old_posts=1)
    seen = [told(ask, number)]

    for seconds in (15, 600, 600, 600):
        provider.advance(seconds)
        seen.append(told(ask, number))

    assert seen == [
        ("Pending", "0.00"),
        ("Active", "1.00"),  # the old post and the first new one
        ("Active", "1.50"),
        ("Completed", "2.00"),
        ("Completed", "2.00"),
    ]
    assert [(post.number, post.charge) for post in provider.journal().posts] == [
        (number, Decimal("0.5")) for number in (1, 2, 3, 4)
    ]
    assert provider.balance() == Decimal(9998)


def test_a_cancel_ends_it_and_keeps_what_was_served(provider: ProviderDouble, ask: Ask) -> None:
    number = subscribe(provider, ask)
    provider.serve_posts(number, count=2)
    ask("cancel", orders=number)

    provider.advance(3600)

    # one more appeared before the cancel took effect
    assert told(ask, number) == ("Canceled", "1.50")


def test_it_expires_at_the_end_of_its_day(provider: ProviderDouble, ask: Ask) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    number = subscribe(provider, ask, expiry=f"{tomorrow:%d/%m/%Y}")
    provider.settings(post_every=10**9)

    provider.advance(3 * 86400)

    assert told(ask, number)[0] == "Expired"


def test_without_money_for_a_post_it_pauses_until_there_is_some(
    provider: ProviderDouble, ask: Ask
) -> None:
    number = subscribe(provider, ask)
    provider.set_balance("0.50")
    provider.serve_posts(number, count=2)
    before = told(ask, number)

    provider.set_balance("10")

    assert (before, told(ask, number)) == (("Paused", "0.50"), ("Active", "1.00"))


def test_a_new_rate_counts_from_the_next_post_on(provider: ProviderDouble, ask: Ask) -> None:
    number = subscribe(provider, ask)
    provider.serve_posts(number)
    provider.patch_service(5, rate="0.70")

    provider.serve_posts(number)

    assert told(ask, number) == ("Active", "1.20")
