"""Faults 11–13: what the provider reports about orders is broken, false or late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from catalog.provider_client import open_client
from orders.models import Order, ReviewKind, Status, Watch
from orders.tracking.sweep import track_batch
from tests.faults.shop import Shop
from tests.faults.side_by_side import side_by_side
from tests.faults.stopped_processes import idle_and_still
from tests.waiting import PATIENCE

pytestmark = pytest.mark.stack

LOOKS = 3  # more looks than a refund needs


def let_look(shop: Shop, order: Order) -> None:
    """Wait until the provider was asked about the order as often again as LOOKS says."""
    order.refresh_from_db()
    before = count_looks(shop, order)
    shop.wait(lambda: count_looks(shop, order) >= before + LOOKS)


def count_looks(shop: Shop, order: Order) -> int:
    asked = [request.parameters for request in shop.double.journal().asked("status")]
    named = [fields.get("orders") or fields.get("order", "") for fields in asked]
    return sum(order.upstream_id in ids.split(",") for ids in named)


def end_back_off(orders: list[Order]) -> None:
    """Let those be due that wait because the provider was silent, also by a look that ends only
    now.
    """
    later = timezone.now() + timedelta(seconds=3)
    Watch.objects.filter(order__in=orders, due_at__gt=later).update(due_at=orders[0].created_at)


def doubts_of(order: Order) -> set[str]:
    return set(order.reviews.filter(closed_at=None).values_list("kind", flat=True))


@side_by_side
def test_fault_11_false_words_about_single_orders_move_no_money_wrongly(shop: Shop) -> None:
    unknown, negative, missing, word, backwards, honest = (shop.run() for _ in range(6))
    partial = {"status": "Partial", "remains": 400}
    shop.double.set_order(unknown.upstream_id or "", **partial, shown={"remains": "Unknown"})
    shop.double.set_order(negative.upstream_id or "", **partial, shown={"remains": "-57"})
    shop.double.set_order(missing.upstream_id or "", **partial, shown={"remains": None})
    shop.double.set_order(word.upstream_id or "", shown={"status": "On review"})
    shop.double.set_order(backwards.upstream_id or "", status="In progress")
    shop.wait(lambda: Order.objects.get(pk=backwards.pk).upstream_status == "In progress")
    shop.double.set_order(backwards.upstream_id or "", shown={"status": "Pending"})
    shop.double.set_order(honest.upstream_id or "", **partial)

    shop.wait(lambda: shop.status(honest) == Status.PARTIAL)
    shop.wait(lambda: all(map(doubts_of, (unknown, missing, word))))
    let_look(shop, backwards)

    assert [doubts_of(order) for order in (unknown, missing, word)] == [
        {ReviewKind.NO_REMAINS},
        {ReviewKind.NO_REMAINS},
        {ReviewKind.UNKNOWN_STATUS},
    ]
    orders = {order.pk: order for order in shop.orders()}
    assert [
        orders[order.pk].refunded for order in (unknown, negative, missing, word, backwards)
    ] == [Decimal(0)] * 5
    assert orders[backwards.pk].upstream_status == "In progress"
    # the oracle compares refunds with the truth, which staff would now look up
    for order in (unknown, negative, missing):
        shop.double.set_order(order.upstream_id or "", status="Completed", shown={})


@pytest.mark.parametrize(
    "mode", ["html200", "http500", "truncated", "missing_ids", "foreign_ids", "wrong_type"]
)
@side_by_side
def test_fault_11_a_broken_answer_moves_nothing(shop: Shop, mode: str) -> None:
    orders = [shop.run(), shop.run()]
    shop.double.fault("status", mode)

    Watch.objects.filter(order__in=orders).update(due_at=orders[0].created_at)
    shop.wait(lambda: has_struck(shop, 1))
    shop.let_job_end("track_due")

    assert shop.statuses() == {Status.RUNNING}
    shop.double.clear_faults()
    shop.double.set_order(orders[0].upstream_id or "", status="Completed")

    def is_completed() -> bool:
        end_back_off(orders)
        return shop.status(orders[0]) == Status.COMPLETED

    shop.wait(is_completed)


def test_fault_12_a_false_mass_cancellation_refunds_nobody(shop: Shop) -> None:
    orders = [shop.order() for _ in range(25)]
    shop.wait(lambda: shop.statuses() == {Status.RUNNING})
    before = shop.balance()
    # all in one cycle: what is told little by little is no mass, and up to twenty may end
    with idle_and_still(shop.stand, "poll", "poll child"):
        shop.double.fault("status", "all_canceled")
        Watch.objects.filter(order__in=orders).update(due_at=timezone.now())

    shop.wait(lambda: all(doubts_of(order) == {ReviewKind.MASS_CANCEL} for order in orders))
    let_look(shop, orders[0])
    seen = (shop.statuses(), shop.balance())
    shop.double.clear_faults()
    shop.wait(lambda: not any(doubts_of(order) for order in orders))

    assert seen == ({Status.RUNNING}, before)


def test_fault_13_of_answers_in_reverse_order_the_newer_wins(
    shop: Shop, settings: Settings
) -> None:
    # this process is all the pollers: two looks are two looks, however soon, and late is not lost
    settings.REFUND_CONFIRM, settings.PROVIDER_TIMEOUT = 0.001, PATIENCE
    order = shop.run()
    name = order.upstream_id or ""
    with idle_and_still(shop.stand, "poll", "poll child"), ThreadPoolExecutor(2) as threads:
        # shown as canceled for a moment; both answers that say so are held up
        shop.double.set_order(name, shown={"status": "Canceled", "charge": "0"})
        shop.double.fault("status", "held", times=2)
        late = []
        for number in (1, 2):
            late.append(threads.submit(look, shop, order))
            shop.wait(partial(has_struck, shop, number))
        shop.double.set_order(name, status="In progress", shown={})
        look(shop, order)
        newest = known_of(order)

        shop.double.clear_faults()
        for each in late:
            each.result(PATIENCE)

        assert known_of(order) == newest
        assert newest["upstream_status"] == "In progress"
        assert (newest["watch__ending"], newest["refunded"]) == ("", Decimal(0))
    shop.double.set_order(name, status="Completed")
    Watch.objects.filter(order=order).update(due_at=order.created_at)
    shop.wait(lambda: shop.status(order) == Status.COMPLETED)
    assert shop.balance() == Decimal(1_000_000) - order.charge


def look(shop: Shop, order: Order) -> None:
    """Ask about the order and apply the answer, as a poller does."""
    try:
        Watch.objects.filter(order=order).update(due_at=order.created_at)
        with open_client(shop.provider) as client:
            track_batch(provider=shop.provider, client=client)
    finally:
        connection.close()


def has_struck(shop: Shop, times: int) -> bool:
    return sum(int(row["struck"]) for row in shop.double.faults()) >= times


def known_of(order: Order) -> dict[str, object]:
    """What the panel takes the order for."""
    names = ("status", "upstream_status", "refunded", "watch__ending", "watch__observed_at")
    return dict(Order.objects.values(*names).get(pk=order.pk))
