"""Faults 1–10: the provider fails while an order is sent to it."""

import pytest

from catalog.models import Provider
from orders.models import (
    Attempt,
    AttemptState,
    Event,
    EventKind,
    HoldReason,
    Order,
    ReviewKind,
    Status,
)
from tests.chaos.provider_faults import NOT_PLACED, PLACED
from tests.faults.shop import Shop
from tests.faults.side_by_side import side_by_side

pytestmark = pytest.mark.stack

WITHOUT_ANSWER = tuple(mode for mode in PLACED if mode != "late_commit")
UNANSWERED = tuple(mode for mode in NOT_PLACED if mode != "refuse")


def fault_each(shop: Shop, modes: tuple[str, ...]) -> list[Order]:
    """One order for each mode, which alone meets it, with good orders between as in a shop that
    sells.
    """
    for mode in modes:
        shop.double.fault("add", mode, where={"link": f"/{mode}!"}, times=1)
    struck = []
    for mode in modes:
        struck.append(shop.order(f"{mode}!"))
        shop.order("good")
    return struck


def counts(shop: Shop, orders: list[Order]) -> list[int]:
    """How often each order was placed."""
    links = [row.link for row in shop.double.placed()]
    return [links.count(order.link) for order in orders]


@side_by_side
def test_fault_01_placed_but_not_believably_answered_waits_for_staff_without_proof(
    shop: Shop,
) -> None:
    struck = fault_each(shop, WITHOUT_ANSWER)

    shop.settle()

    assert counts(shop, struck) == [1] * len(struck)
    assert {shop.status(order) for order in struck} == {Status.UNCLEAR}
    assert shop.judge().left_to_staff == len(struck)


@side_by_side
def test_fault_01_placed_but_not_believably_answered_is_found_by_proof(shop: Shop) -> None:
    shop.allow_proof()
    struck = fault_each(shop, WITHOUT_ANSWER)

    shop.go_on_until_clear()

    ids = {row.link: str(row.order) for row in shop.double.placed()}
    assert counts(shop, struck) == [1] * len(struck)
    assert [Order.objects.get(pk=order.pk).upstream_id for order in struck] == [
        ids[order.link] for order in struck
    ]
    assert shop.statuses() == {Status.RUNNING}


@side_by_side
def test_fault_02_not_placed_and_not_answered_waits_for_staff_without_proof(shop: Shop) -> None:
    struck = fault_each(shop, UNANSWERED)

    shop.settle()

    assert counts(shop, struck) == [0] * len(struck)
    assert {shop.status(order) for order in struck} == {Status.UNCLEAR}


@side_by_side
def test_fault_02_not_placed_and_not_answered_is_sent_again_once_by_proof(
    shop: Shop,
) -> None:
    shop.allow_proof()
    struck = fault_each(shop, UNANSWERED)

    shop.go_on_until_clear()

    assert counts(shop, struck) == [1] * len(struck)
    assert shop.statuses() == {Status.RUNNING}


@side_by_side
def test_fault_03_order_that_is_placed_after_our_time_out_is_not_sent_again(
    shop: Shop,
) -> None:
    shop.allow_proof()
    # our time-out is 3 s, the quiet time 7 s
    shop.double.fault("add", "late_commit", seconds=5.0, times=1)
    order = shop.order()

    shop.wait(lambda: shop.status(order) == Status.UNCLEAR)
    shop.go_on_until_clear()

    unclear_at = Event.objects.get(order=order, kind=EventKind.UNCLEAR).at.timestamp()
    [placed] = [row for row in shop.double.placed() if row.link == order.link]
    assert placed.at > unclear_at
    assert shop.statuses() == {Status.RUNNING}


@side_by_side
def test_fault_04_provider_that_cannot_be_reached_gets_the_order_later(shop: Shop) -> None:
    shop.double.refuse_connections()
    order = shop.order()

    shop.wait(lambda: Order.objects.get(pk=order.pk).submit_failures >= 1)
    order.refresh_from_db()
    seen = (order.status, order.customer_status, order.net_charge == order.charge)
    shop.double.accept_connections()
    shop.skip_back_off()
    shop.settle()

    assert seen == (Status.WAITING, "Pending", True)
    assert [row.link for row in shop.double.placed()] == [order.link]
    assert not Attempt.objects.filter(order=order, state=AttemptState.UNKNOWN).exists()


@side_by_side
def test_fault_04_provider_whose_name_does_not_resolve_gets_the_order_later(shop: Shop) -> None:
    Provider.objects.filter(pk=shop.provider.pk).update(url="http://provider.invalid/api/v2")
    order = shop.order()

    shop.wait(lambda: Order.objects.get(pk=order.pk).submit_failures >= 1)
    states = set(Attempt.objects.filter(order=order).values_list("state", flat=True))
    Provider.objects.filter(pk=shop.provider.pk).update(url=shop.double.url)
    shop.skip_back_off()
    shop.settle()

    assert AttemptState.UNKNOWN not in states
    assert shop.statuses() == {Status.RUNNING}


@side_by_side
def test_fault_05_after_an_outage_every_order_is_forwarded_once_and_not_all_at_once(
    shop: Shop,
) -> None:
    shop.double.refuse_connections()
    orders = [shop.order() for _ in range(12)]
    shop.wait(lambda: shop.provider.paused_at is not None)
    shop.double.fault("add", "delayed", seconds=0.2)
    is_kept = shop.statuses() <= {Status.WAITING, Status.SUBMITTING}

    shop.double.accept_connections()
    shop.wait(lambda: shop.provider.paused_at is None)
    shop.skip_back_off()
    shop.settle()

    requests = shop.double.journal().asked("add")
    assert is_kept
    assert sorted(row.link for row in shop.double.placed()) == sorted(
        order.link for order in orders
    )
    # four at a time, each 0.2 s: twelve cannot have come within less than two rounds
    assert requests[-1].at - requests[0].at >= 0.35
    assert shop.statuses() == {Status.RUNNING}


@side_by_side
def test_fault_06_definite_refusal_is_refunded_in_full_once(shop: Shop) -> None:
    before = shop.balance()
    shop.double.fault("add", "refuse", times=1)

    order = shop.order()
    shop.settle()

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)
    assert shop.balance() == before
    assert (shop.double.placed(), shop.adds()) == ((), 1)


@side_by_side
def test_fault_07_empty_account_at_the_provider_holds_orders_and_lets_them_go_on_by_itself(
    shop: Shop,
) -> None:
    shop.double.set_balance("0")
    order = shop.order()
    shop.wait(lambda: shop.status(order) == Status.HELD)
    order.refresh_from_db()
    seen = (order.hold_reason, order.net_charge == order.charge, shop.provider.is_pause_automatic)

    shop.double.set_balance("10000")
    shop.wait(lambda: shop.status(order) == Status.RUNNING)

    assert seen == (HoldReason.PROVIDER_FUNDS, True, True)
    assert len(shop.double.placed()) == 1


@side_by_side
def test_fault_08_an_id_that_is_already_ours_leaves_the_second_order_unclear(shop: Shop) -> None:
    first = shop.run()
    shop.double.fault("add", "commit_duplicate_id", times=1)

    second = shop.order()
    shop.wait(lambda: shop.status(second) not in {Status.WAITING, Status.SUBMITTING})

    first.refresh_from_db()
    reviews = set(second.reviews.values_list("kind", flat=True))
    assert reviews == {ReviewKind.DUPLICATE_ID}
    assert shop.status(second) == Status.UNCLEAR
    assert first.upstream_id == str(shop.double.placed()[0].order)


@side_by_side
def test_fault_09_order_that_is_canceled_upstream_while_it_is_unclear_is_never_sent_again(
    shop: Shop,
) -> None:
    shop.allow_proof()
    shop.double.fault("add", "commit_reset", times=1)
    order = shop.order()
    shop.wait(lambda: counts(shop, [order]) == [1])

    placed = next(row for row in shop.double.placed() if row.link == order.link)
    shop.double.set_order(placed.order, status="Canceled")
    shop.go_on_until_clear()
    shop.wait(lambda: shop.status(order) == Status.CANCELED)

    order.refresh_from_db()
    assert (order.upstream_id, order.refunded) == (str(placed.order), order.charge)
    assert counts(shop, [order]) == [1]


@side_by_side
def test_fault_10_somebody_else_who_spends_on_our_key_stops_the_verdict_not_placed(
    shop: Shop,
) -> None:
    shop.allow_proof()
    shop.double.fault("add", "nocommit_reset", times=1)
    order = shop.order()
    shop.wait(lambda: shop.status(order) == Status.UNCLEAR)

    shop.double.foreign_order(account="ours", quantity=150)

    def is_noticed() -> bool:
        shop.run()  # a later order closes the range of ids in which the lost one must lie
        return shop.account.verdicts_paused_at is not None

    shop.wait(is_noticed)
    shop.let_job_end("resolve_unclear")
    assert shop.status(order) == Status.UNCLEAR
    assert counts(shop, [order]) == [0]
