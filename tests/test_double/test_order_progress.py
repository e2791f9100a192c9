"""Orders and refills in the course of time, and the money that follows them."""

from decimal import Decimal

import pytest

from tests.double.handle import ControlError, ProviderDouble
from tests.test_double.conftest import Ask
from tests.waiting import wait_for

SERVICE = {"service": 1, "rate": "0.90", "min": 50, "max": 10000, "dripfeed": True}
LINK = "https://example.com/p/1"


def test_an_order_goes_through_every_status_while_its_remains_fall(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=900)

    seen = []
    for seconds in (0, 20, 10, 30, 30, 30):
        provider.advance(seconds)
        row = ask("status", order=23501).json()
        seen.append((row["status"], row["remains"], row["start_count"] == "0"))

    assert seen == [
        ("Pending", "900", True),
        ("Processing", "900", False),
        ("In progress", "850", False),
        ("In progress", "550", False),
        ("In progress", "250", False),
        ("Completed", "0", False),
    ]


def test_partial_leaves_its_share_and_refunds_it(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=f"{LINK}#fate=partial:40", quantity=1000)

    provider.advance(3600)

    row = ask("status", order=23501).json()
    assert (row["status"], row["remains"], row["charge"]) == ("Partial", "400", "0.54")
    assert provider.balance() == Decimal("9999.46")


def test_canceled_costs_nothing(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=f"{LINK}#fate=canceled", quantity=1000)

    provider.advance(3600)

    row = ask("status", order=23501).json()
    assert (row["status"], row["remains"], row["charge"]) == ("Canceled", "1000", "0.00")
    assert provider.balance() == Decimal(10000)


def test_slow_stuck_and_refused_links(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=f"{LINK}#fate=slow", quantity=1000)
    ask("add", service=1, link=f"{LINK}#fate=stuck", quantity=1000)

    assert ask("add", service=1, link=f"{LINK}#fate=refuse", quantity=1000).json() == {
        "error": "Incorrect link"
    }

    provider.advance(3400)
    assert [placed.status for placed in provider.placed()] == ["In progress", "Pending"]


def test_unsteered_ends_are_drawn_in_the_shares_set(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    provider.settings(partial_share=0.3, canceled_share=0.2)
    for _ in range(100):
        ask("add", service=1, link=LINK, quantity=1000)

    provider.advance(3600)

    ends = [placed.status for placed in provider.placed()]
    assert 15 <= ends.count("Partial") <= 45
    assert 8 <= ends.count("Canceled") <= 35


def test_drip_feed_bills_all_runs_and_waits_between_them(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])

    ask("add", service=1, link=LINK, quantity=100, runs=10, interval=60)

    (placed,) = provider.placed()
    assert (placed.quantity, placed.charge) == (1000, Decimal("0.90000"))
    provider.advance(9 * 3600)
    assert provider.order(23501).status == "In progress"
    provider.advance(3600)
    assert provider.order(23501).status == "Completed"


def test_a_cancel_before_the_start_refunds_all(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    provider.settings(cancel_delay=5)
    ask("add", service=1, link=LINK, quantity=1000)

    ask("cancel", orders=23501)

    assert provider.balance() == Decimal("9999.1")
    provider.advance(10)
    assert ask("status", order=23501).json()["status"] == "Canceled"
    assert provider.balance() == Decimal(10000)


def test_a_cancel_on_the_way_ends_partial(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=900)
    provider.advance(35)

    ask("cancel", orders=23501)

    provider.advance(3600)
    placed = provider.order(23501)
    assert (placed.status, placed.remains, placed.net_charge) == (
        "Partial",
        600,
        Decimal("0.27000"),
    )


def test_a_second_cancel_and_one_of_an_ended_order_are_refused(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=900)
    ask("cancel", orders=23501)

    assert ask("cancel", orders=23501).json() == [
        {"order": 23501, "cancel": {"error": "The order can not be canceled"}}
    ]


def test_services_without_refill_or_cancel_refuse_both(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([{**SERVICE, "refill": False, "cancel": False}])
    ask("add", service=1, link=LINK, quantity=900)

    assert ask("cancel", order=23501).json()[0]["cancel"] == {
        "error": "Cancel is disabled for this service"
    }
    assert ask("refill", order=23501).json() == {"error": "Refill is disabled for this service"}


def test_a_refill_ends_completed_or_rejected(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    for link in (LINK, f"{LINK}#refill=rejected", f"{LINK}#fate=completed&refill=rejected"):
        ask("add", service=1, link=link, quantity=900)
    provider.advance(3600)
    ask("refill", orders="23501,23502,23503")

    seen = []
    for seconds in (0, 30, 60):
        provider.advance(seconds)
        seen.append([row["status"] for row in ask("refill_status", refills="1,2,3").json()])

    assert seen == [["Pending"] * 3, ["In progress"] * 3, ["Completed", "Rejected", "Rejected"]]
    provider.set_refill(1, "Canceled")
    assert ask("refill_status", refill=1).json() == {"status": "Canceled"}


def test_a_forced_state_carries_its_money(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)

    provider.set_order(23501, status="Partial", remains=250)
    assert provider.balance() == Decimal("9999.325")
    provider.set_order(23501, status="Canceled")
    assert provider.balance() == Decimal(10000)
    provider.set_order(23501, release=True)
    assert provider.balance() == Decimal("9999.1")
    assert provider.order(23501).status == "Pending"


def test_anything_can_be_laid_over_a_status(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)

    provider.set_order(23501, shown={"status": "Weird", "remains": None})

    row = ask("status", order=23501).json()
    assert (row["status"], row["remains"], row["charge"]) == ("Weird", None, "0.90")


def test_the_clock_runs_at_its_speed_and_never_back(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)

    provider.set_speed(100_000)

    assert wait_for(lambda: ask("status", order=23501).json()["status"] == "Completed")
    with pytest.raises(ControlError, match="backwards"):
        provider.advance(-1)


def test_the_books_always_add_up(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([{**SERVICE, "rate": "0.8765"}])
    provider.settings(partial_share=0.4, canceled_share=0.2, gap_share=0.5)
    for quantity in range(51, 91):
        ask("add", service=1, link=LINK, quantity=quantity)
        provider.advance(7)

    assert provider.balance() + sum(placed.net_charge for placed in provider.placed()) == Decimal(
        10000
    )
    numbers = [placed.order for placed in provider.placed()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 40 < numbers[-1] - numbers[0]
